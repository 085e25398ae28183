package io.tandem.nn;

import io.tandem.graph.Tensor;
import io.tandem.tensor.Shape;

/**
 * Repeats each element along all spatial axes, from [N, C, spatial...] to [N, C, factor spatial...]: enlargement by the
 * nearest neighbour.
 *
 * @param factor how often each element is repeated along each axis
 */
public record Upsample(int factor) implements Layer {
    /** Checks the factor. */
    public Upsample {
        if (factor < 1) {
            throw new IllegalArgumentException("upsample: the factor must be at least 1, got " + factor);
        }
    }

    /** Enlarges all spatial axes by a factor. */
    public static Upsample of(int factor) {
        return new Upsample(factor);
    }

    @Override
    public Tensor forward(Tensor x) {
        Layers.requireRank("upsample", x, 3, Integer.MAX_VALUE);
        Shape apart = x.shape().subShape(0, 2);
        Shape repeated = apart;
        Shape joined = apart;
        for (int size : x.shape().subShape(2, x.rank()).dims()) {
            apart = apart.concat(Shape.of(size, 1));
            repeated = repeated.concat(Shape.of(size, factor));
            joined = joined.concat(Shape.of(Math.multiplyExact(size, factor)));
        }
        return x.reshape(apart).broadcastTo(repeated).reshape(joined);
    }
}
