package io.tandem.nn;

import io.tandem.graph.Tensor;

/** From a prediction and a target, both with a batch axis, to a scalar. See {@link Losses}. */
@FunctionalInterface
public interface Loss {
    /** Adds the loss to the graph of the prediction. */
    Tensor of(Tensor prediction, Tensor target);
}
