package io.tandem.nn;

import io.tandem.tensor.NDArray;
import io.tandem.tensor.TensorType;

/** How a parameter starts. See {@link Initializers} for the usual ones; any function of this form will do. */
@FunctionalInterface
public interface Initializer {
    /**
     * The initial value.
     *
     * @param type element type and shape; weights are [outputs, inputs, kernel...]
     * @param seed a number that depends on the model's seed and the parameter's path: equal seeds give equal values
     */
    NDArray initialize(TensorType type, long seed);
}
