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

    /** A rate that does not change. */
    static Schedule constant(double rate) {
        return step -> step.like(rate);
    }
}
