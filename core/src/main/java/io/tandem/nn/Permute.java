package io.tandem.nn;

import io.tandem.graph.Tensor;
import java.util.List;

/**
 * Axes in another order.
 *
 * @param axes axis i of the output is axis {@code axes[i]} of the input; 0 is the axis of the batch
 */
public record Permute(List<Integer> axes) implements Layer {
    /** Copies the list. */
    public Permute {
        axes = List.copyOf(axes);
    }

    /** All axes in their new order, that of the batch among them: {@code of(0, 2, 3, 1)} from NCHW to NHWC. */
    public static Permute of(int... axes) {
        return new Permute(PoolWindows.list(axes));
    }

    @Override
    public Tensor forward(Tensor x) {
        return x.permute(axes.stream().mapToInt(Integer::intValue).toArray());
    }
}
