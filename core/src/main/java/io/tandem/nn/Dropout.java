package io.tandem.nn;

import io.tandem.graph.Distribution;
import io.tandem.graph.Tensor;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;

/**
 * Sets elements to zero at random in training and enlarges the others by 1 / (1 - rate), so that the expected value
 * stays (Srivastava et al., 2014); does nothing in inference. An element is kept where 32 random bits, as an integer,
 * reach a threshold, so that masks are equal on every device.
 *
 * @param rate probability of zero, from 0 to below 1
 * @param spatial whether whole channels of [N, C, spatial...] are dropped
 */
public record Dropout(double rate, boolean spatial) implements Layer {
    /** Checks the rate. */
    public Dropout {
        if (!(rate >= 0 && rate < 1)) {
            throw new IllegalArgumentException("dropout: the rate must be from 0 to below 1, got " + rate);
        }
    }

    /** Drops single elements with probability {@code rate}. */
    public static Dropout of(double rate) {
        return new Dropout(rate, false);
    }

    /** Drops whole channels with probability {@code rate} (Tompson et al., 2015). */
    public static Dropout spatial(double rate) {
        return new Dropout(rate, true);
    }

    @Override
    public Tensor forward(Tensor x) {
        if (rate == 0) {
            return x;
        }
        Trace trace = Trace.of(x);
        if (trace.mode() != Mode.TRAINING) {
            return x;
        }
        Shape shape = x.shape();
        if (spatial) {
            Layers.requireRank("spatial dropout", x, 3, Integer.MAX_VALUE);
            for (int i = 2; i < x.rank(); i++) {
                shape = shape.with(i, 1);
            }
        }
        long threshold = Math.round(rate * 0x1p32) + Integer.MIN_VALUE;
        Tensor least = x.graph().constant(NDArray.scalar(DType.I32, threshold));
        Tensor kept = trace.random(Distribution.BITS, shape).ge(least);
        return kept.select(x.mul(1 / (1 - rate)), x.like(0));
    }
}
