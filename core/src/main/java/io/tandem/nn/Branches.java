package io.tandem.nn;

import io.tandem.graph.Tensor;
import java.util.List;

/**
 * Layers side by side on one input, their outputs one after the other along an axis.
 *
 * @param branches the layers
 * @param axis axis along which outputs are joined
 */
public record Branches(List<Layer> branches, int axis) implements Layer {
    /** Copies the list, which must not be empty. */
    public Branches {
        branches = List.copyOf(branches);
        if (branches.isEmpty()) {
            throw new IllegalArgumentException("branches: there must be at least one");
        }
    }

    /** Layers whose outputs are joined along axis 1, that of channels. */
    public static Branches of(Layer... branches) {
        return new Branches(List.of(branches), 1);
    }

    /** The same layers, joined along another axis. */
    public Branches withAxis(int other) {
        return new Branches(branches, other);
    }

    @Override
    public Tensor forward(Tensor x) {
        List<Tensor> outputs = branches.stream().map(b -> b.apply(x)).toList();
        Tensor first = outputs.getFirst();
        int at = axis < 0 ? axis + first.rank() : axis;
        for (int i = 1; i < outputs.size(); i++) {
            Tensor y = outputs.get(i);
            boolean fits = y.rank() == first.rank()
                    && at >= 0
                    && at < y.rank()
                    && y.dtype() == first.dtype()
                    && y.shape().without(at).equals(first.shape().without(at));
            if (!fits) {
                throw Layers.error(
                        x,
                        "branches: branch 0 gives %s, branch %d gives %s; they may differ along axis %d alone"
                                .formatted(first.type(), i, y.type(), axis));
            }
        }
        return Tensor.concat(axis, outputs);
    }
}
