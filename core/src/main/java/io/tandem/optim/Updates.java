package io.tandem.optim;

import io.tandem.graph.Tensor;

/** What updates share. */
final class Updates {
    /** The smallest normal float32: what is smaller counts as zero. */
    private static final double SMALLEST_NORMAL = 0x1p-126;

    private Updates() {}

    /** Checks the factor of a weight decay. */
    static void requireDecay(String optimizer, double factor) {
        if (!(factor >= 0)) {
            throw new IllegalArgumentException(optimizer + ": weight decay must not be negative, got " + factor);
        }
    }

    /** A float64 scalar as a value of a parameter's type. */
    static Tensor as(Tensor scalar, Tensor param) {
        return scalar.cast(param.dtype());
    }

    /**
     * Running averages tend to subnormal numbers, on which many processors are a hundred times slower: they become zero,
     * equally on every device.
     */
    static Tensor flush(Tensor average) {
        return average.abs().lt(SMALLEST_NORMAL).select(average.like(0), average);
    }
}
