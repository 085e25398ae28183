package io.tandem.nn;

import io.tandem.graph.Tensor;

/** How far a prediction is from its target. See {@link Losses} for the usual ones; any function of this form will do. */
@FunctionalInterface
public interface Loss {
    /**
     * Adds the loss to the graph of the prediction.
     *
     * @param prediction what the model yields, [N, ...]
     * @param target what it should have yielded; which type and shape depends on the loss
     * @return a scalar, unless the loss was asked for without a reduction
     */
    Tensor of(Tensor prediction, Tensor target);
}
