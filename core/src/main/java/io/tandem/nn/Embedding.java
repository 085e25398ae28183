package io.tandem.nn;

import io.tandem.graph.Tensor;
import io.tandem.tensor.Shape;
import java.util.Optional;

/**
 * A table of vectors that is looked up by index, from [...] of int32 or int64 to [..., width].
 *
 * @param count number of vectors; indices are from 0 to below it
 * @param width size of a vector
 * @param paddingIndex an index whose vector is not trained, if there is one
 * @param weight [count, width]
 */
public record Embedding(int count, int width, Optional<Integer> paddingIndex, Param weight) implements Layer {
    /** Checks the sizes. */
    public Embedding {
        if (count < 1 || width < 1) {
            throw new IllegalArgumentException(
                    "embedding: count and width must be at least 1, got " + count + " and " + width);
        }
        paddingIndex.ifPresent(i -> {
            if (i < 0 || i >= count) {
                throw new IllegalArgumentException(
                        "embedding: padding index " + i + " is not from 0 to below " + count);
            }
        });
    }

    /** A table whose values start as standard normal numbers. */
    public static Embedding of(int count, int width) {
        return new Embedding(count, width, Optional.empty(), Param.of(Initializers.normal(0, 1)));
    }

    /** This layer with other initial values, and a parameter of its own. */
    public Embedding withWeights(Initializer initializer) {
        return new Embedding(count, width, paddingIndex, Param.of(initializer));
    }

    /** This layer with an index whose vector is not trained, and a parameter of its own. */
    public Embedding withPaddingIndex(int index) {
        return new Embedding(count, width, Optional.of(index), weight.fresh());
    }

    @Override
    public Tensor forward(Tensor x) {
        if (!x.dtype().isInteger()) {
            throw Layers.error(
                    x,
                    "embedding: the input must be indices (int32 or int64), it is %s; declare the model's input as such"
                            .formatted(x.type()));
        }
        Tensor table = Trace.of(x).param(weight, Shape.of(count, width));
        Tensor y = table.gather(0, x);
        return paddingIndex
                .map(i -> x.eq(i).expandDims(-1).select(y.stopGradient(), y))
                .orElse(y);
    }

    /**
     * The scores of each vector, x weightᵀ: the output layer of a language model whose table is shared with its input.
     *
     * @param x [..., width]
     * @return [..., count]
     */
    public Tensor scores(Tensor x) {
        return x.matmul(Trace.of(x).param(weight, Shape.of(count, width)), false, true);
    }
}
