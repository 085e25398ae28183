package io.tandem.nn;

import io.tandem.graph.Tensor;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;

/** Adds to each position of [N, T, width] a vector that tells where it is. */
public sealed interface PositionalEncoding extends Layer {

    /**
     * Sines and cosines of falling frequencies (Vaswani et al., 2017): feature 2i of position t is sin(t / 10000^(2i /
     * width)), feature 2i + 1 the cosine.
     */
    record Sinusoidal() implements PositionalEncoding {}

    /**
     * A learned vector per position.
     *
     * @param length the largest number of positions
     * @param weight [length, width]
     */
    record Learned(int length, Param weight) implements PositionalEncoding {}

    /** Sines and cosines of falling frequencies. */
    static PositionalEncoding sinusoidal() {
        return new Sinusoidal();
    }

    /** Learned vectors for up to {@code length} positions, which start as normal numbers of deviation 0.02. */
    static PositionalEncoding learned(int length) {
        return learned(length, Initializers.normal(0, 0.02));
    }

    /** Learned vectors for up to {@code length} positions. */
    static PositionalEncoding learned(int length, Initializer initializer) {
        if (length < 1) {
            throw new IllegalArgumentException("positional encoding: length must be at least 1, got " + length);
        }
        return new Learned(length, Param.of(initializer));
    }

    @Override
    default Tensor forward(Tensor x) {
        Layers.requireRank("positional encoding", x, 3, 3);
        int steps = x.dim(1);
        int width = x.dim(2);
        return switch (this) {
            case Sinusoidal s -> x.add(x.graph().constant(table(x.type().with(Shape.of(steps, width)))));
            case Learned(int length, Param weight) -> {
                if (steps > length) {
                    throw Layers.error(
                            x,
                            "positional encoding: the input %s has %d positions, there are vectors for %d"
                                    .formatted(x.type(), steps, length));
                }
                Tensor all = Trace.of(x).param(weight, Shape.of(length, width));
                yield x.add(all.slice(0, 0, steps));
            }
        };
    }

    private static NDArray table(TensorType type) {
        int width = type.shape().dim(1);
        return NDArray.generate(type, flat -> {
            int position = flat / width;
            int feature = flat % width;
            double angle = position * Math.pow(10_000, -(double) (feature - feature % 2) / width);
            return feature % 2 == 0 ? Math.sin(angle) : Math.cos(angle);
        });
    }
}
