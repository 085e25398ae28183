package io.tandem.nn;

import io.tandem.graph.Tensor;
import java.util.stream.IntStream;

/** The mean over all spatial axes, from [N, C, spatial...] to [N, C] (Lin et al., 2014). */
public record GlobalAveragePool() implements Layer {
    /** The layer. */
    public static GlobalAveragePool of() {
        return new GlobalAveragePool();
    }

    @Override
    public Tensor forward(Tensor x) {
        Layers.requireRank("global average-pool", x, 3, Integer.MAX_VALUE);
        return x.mean(IntStream.range(2, x.rank()).toArray());
    }
}
