package io.tandem.nn;

import io.tandem.graph.Tensor;
import java.util.stream.IntStream;

/** The maximum over all spatial axes, from [N, C, spatial...] to [N, C]; equal elements share the gradient. */
public record GlobalMaxPool() implements Layer {
    /** The layer. */
    public static GlobalMaxPool of() {
        return new GlobalMaxPool();
    }

    @Override
    public Tensor forward(Tensor x) {
        Layers.requireRank("global max-pool", x, 3, Integer.MAX_VALUE);
        return x.max(IntStream.range(2, x.rank()).toArray());
    }
}
