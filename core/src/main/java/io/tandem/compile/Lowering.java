package io.tandem.compile;

import io.tandem.graph.CompositeKind;
import io.tandem.graph.Op;
import io.tandem.graph.UnaryFunction;
import io.tandem.tensor.TensorType;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** What the compiler asks a backend about: which computations it has kernels of its own for. */
public interface Lowering {

    /** How far a composite is supported. */
    enum Support {
        /** Not at all: its body is used. */
        NONE,
        /** Forward, while gradients use their bodies. */
        FORWARD,
        /** Forward and gradient, as a pair. */
        PAIR
    }

    /**
     * Whether a forward composite is supported.
     *
     * @param kind the composite
     * @param operands its operands' types
     */
    default Support composite(CompositeKind kind, List<TensorType> operands) {
        return Support.NONE;
    }

    /**
     * Whether a gradient is supported: asked only when {@link #composite} answered {@link Support#PAIR} for its forward.
     */
    default boolean gradient(CompositeKind.Gradient kind, List<TensorType> operands) {
        return true;
    }

    /**
     * The size in bytes of what a forward step keeps for its gradient step: native composites that come as a pair, and
     * max pooling. 0: nothing.
     */
    default long residualBytes(Op op, List<TensorType> operands) {
        return 0;
    }

    /**
     * Whether the result of a product or convolution can get a bias and an activation on the way.
     *
     * @param op the product or convolution
     * @param operands its operands' types
     * @param bias whether there is a bias along the channel axis (convolution) or the last axis (product)
     * @param activation what follows
     */
    default boolean epilogue(
            Op op, List<TensorType> operands, boolean bias, Optional<UnaryFunction> activation) {
        return false;
    }

    /**
     * The size in bytes from which on values may be computed again in the backward pass instead of being kept for it,
     * where arithmetic costs less than memory. Empty: all are kept.
     */
    default OptionalLong recomputedFrom() {
        return OptionalLong.empty();
    }
}
