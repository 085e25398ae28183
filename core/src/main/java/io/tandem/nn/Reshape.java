package io.tandem.nn;

import io.tandem.graph.Tensor;
import java.util.List;

/**
 * The same values in another shape: from [N, ...] to [N, sizes...].
 *
 * @param sizes sizes of one sample's axes; one of them may be -1 and is computed
 */
public record Reshape(List<Integer> sizes) implements Layer {
    /** Copies the list. */
    public Reshape {
        sizes = List.copyOf(sizes);
    }

    /** Another shape of each sample; one size may be -1. */
    public static Reshape of(int... sizes) {
        return new Reshape(PoolWindows.list(sizes));
    }

    @Override
    public Tensor forward(Tensor x) {
        Layers.requireRank("reshape", x, 1, Integer.MAX_VALUE);
        int[] dims = new int[sizes.size() + 1];
        dims[0] = x.dim(0);
        for (int i = 0; i < sizes.size(); i++) {
            dims[i + 1] = sizes.get(i);
        }
        return x.reshape(dims);
    }
}
