package io.tandem.optim;

import io.tandem.graph.Tensor;
import io.tandem.tensor.DType;
import java.util.List;

/** Limits gradients between their computation and the optimizer. */
public sealed interface Clipping {
    /** No limit. */
    record None() implements Clipping {}

    /** Each element to [-limit, limit]. */
    record ByValue(double limit) implements Clipping {
        /** Checks the limit. */
        public ByValue {
            requirePositive(limit);
        }
    }

    /** Each parameter's gradient to an L2 norm of at most the limit. */
    record ByNorm(double limit) implements Clipping {
        /** Checks the limit. */
        public ByNorm {
            requirePositive(limit);
        }
    }

    /** All gradients together to an L2 norm of at most the limit (Pascanu et al., 2013). */
    record ByGlobalNorm(double limit) implements Clipping {
        /** Checks the limit. */
        public ByGlobalNorm {
            requirePositive(limit);
        }
    }

    /** No limit. */
    static Clipping none() {
        return new None();
    }

    /** Each element to [-limit, limit]. */
    static Clipping byValue(double limit) {
        return new ByValue(limit);
    }

    /** Each parameter's gradient to an L2 norm of at most the limit. */
    static Clipping byNorm(double limit) {
        return new ByNorm(limit);
    }

    /** All gradients together to an L2 norm of at most the limit. */
    static Clipping byGlobalNorm(double limit) {
        return new ByGlobalNorm(limit);
    }

    /** The limited gradients. */
    default List<Tensor> apply(List<Tensor> gradients) {
        return switch (this) {
            case None none -> gradients;
            case ByValue(double limit) ->
                gradients.stream().map(g -> g.clamp(-limit, limit)).toList();
            case ByNorm(double limit) ->
                gradients.stream().map(g -> scale(g, factor(sumOfSquares(g), limit))).toList();
            case ByGlobalNorm(double limit) -> {
                Tensor total = gradients.stream()
                        .map(Clipping::sumOfSquares)
                        .reduce(Tensor::add)
                        .orElseThrow();
                Tensor factor = factor(total, limit);
                yield gradients.stream().map(g -> scale(g, factor)).toList();
            }
        };
    }

    private static void requirePositive(double limit) {
        if (!(limit > 0)) {
            throw new IllegalArgumentException("clipping: the limit must be positive, got " + limit);
        }
    }

    private static Tensor sumOfSquares(Tensor gradient) {
        return gradient.square().sum().cast(DType.F64);
    }

    private static Tensor factor(Tensor sumOfSquares, double limit) {
        Tensor norm = sumOfSquares.sqrt();
        // As PyTorch: a small number keeps a norm of zero from dividing by zero.
        return norm.add(1e-6).reciprocal().mul(limit).minimum(1);
    }

    private static Tensor scale(Tensor gradient, Tensor factor) {
        return gradient.mul(factor.cast(gradient.dtype()));
    }
}
