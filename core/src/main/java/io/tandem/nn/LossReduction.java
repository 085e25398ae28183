package io.tandem.nn;

import io.tandem.graph.Tensor;

/** How the losses of single elements become one number. */
public enum LossReduction {
    /** Their mean. */
    MEAN,
    /** Their sum. */
    SUM,
    /** Not at all: the result has one entry per element. */
    NONE;

    /** Applies the reduction to losses of any shape. */
    Tensor apply(Tensor losses) {
        return switch (this) {
            case MEAN -> losses.mean();
            case SUM -> losses.sum();
            case NONE -> losses;
        };
    }
}
