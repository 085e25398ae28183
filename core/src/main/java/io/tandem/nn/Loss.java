package io.tandem.nn;

import io.tandem.graph.Tensor;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.TensorType;

/**
 * How far a prediction is from its target. See {@link Losses} for the usual ones; any function of this form will do.
 */
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

    /**
     * Refuses targets that the loss has no meaning for, before they go to the device.
     *
     * @param prediction type of one sample's prediction, without batch axis
     * @param target a batch of targets
     * @throws IllegalArgumentException that names the first such value and where it stands
     */
    default void check(TensorType prediction, NDArray target) {}
}
