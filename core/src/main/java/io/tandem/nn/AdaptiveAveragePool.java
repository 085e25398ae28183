package io.tandem.nn;

import io.tandem.graph.Pooling;
import io.tandem.graph.Tensor;
import java.util.List;

/**
 * The mean over as many windows as asked for, from [N, C, spatial...] to [N, C, sizes...]. Window i of n covers the
 * elements from floor(i size / n) to below ceil((i + 1) size / n), so that sizes that do not divide overlap by one.
 *
 * @param sizes number of windows, one per spatial axis
 */
public record AdaptiveAveragePool(List<Integer> sizes) implements Layer {
    /** Checks the sizes. */
    public AdaptiveAveragePool {
        sizes = List.copyOf(sizes);
        AdaptiveWindows.check("adaptive average-pool", sizes);
    }

    /** As many windows as asked for, one number per spatial axis. */
    public static AdaptiveAveragePool of(int... sizes) {
        return new AdaptiveAveragePool(PoolWindows.list(sizes));
    }

    @Override
    public Tensor forward(Tensor x) {
        return AdaptiveWindows.pool("adaptive average-pool", Pooling.AVERAGE, x, sizes);
    }
}
