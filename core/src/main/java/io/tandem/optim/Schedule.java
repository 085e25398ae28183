package io.tandem.optim;

import io.tandem.graph.Tensor;

/** A learning rate that may change with the steps, as a function in the graph. See {@link Schedules}. */
@FunctionalInterface
public interface Schedule {
    /**
     * The rate.
     *
     * @param step the number of updates done before, as a float64 scalar
     * @return a float64 scalar
     */
    Tensor at(Tensor step);

    /**
     * A rate that does not change.
     *
     * @throws IllegalArgumentException if it is negative or not finite
     */
    static Schedule constant(double rate) {
        if (!(rate >= 0 && rate < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("the learning rate must be finite and not negative, got " + rate);
        }
        return step -> step.like(rate);
    }
}
