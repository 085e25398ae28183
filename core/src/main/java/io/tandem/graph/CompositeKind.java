package io.tandem.graph;

import java.util.function.BiFunction;
import java.util.List;
import java.util.Optional;

/**
 * The computations that have a name, so that backends with a kernel for them can use it. Their bodies, and what the
 * operands and results are, stand in {@link Composites}.
 */
public sealed interface CompositeKind {

    /** Softmax along an axis. Operand: logits. */
    record Softmax(int axis) implements CompositeKind {}

    /** Logarithm of the softmax along an axis. Operand: logits. */
    record LogSoftmax(int axis) implements CompositeKind {}

    /**
     * Cross-entropy of class indices per row. Operands: logits [rows, classes], labels [rows] (int32 or int64). Results:
     * losses [rows], log-probabilities [rows, classes]. A label outside the classes gives an infinite loss.
     */
    record CrossEntropy() implements CompositeKind {}

    /**
     * Layer normalization over the trailing axes (Ba et al., 2016). Operands: x, scale, shift, the latter two of the
     * shape of the normalized axes. Results: y, mean and 1 / sqrt(variance + epsilon) of the leading axes' shape.
     */
    record LayerNorm(int axes, double epsilon) implements CompositeKind {}

    /**
     * Batch normalization with the statistics of the batch (Ioffe and Szegedy, 2015), over all axes but axis 1. Operands:
     * x [N, C, ...], scale [C], shift [C]. Results: y, mean [C], biased variance [C].
     */
    record BatchNormTraining(double epsilon) implements CompositeKind {}

    /** Batch normalization with given statistics. Operands: x [N, C, ...], scale, shift, mean, variance, all [C]. */
    record BatchNormInference(double epsilon) implements CompositeKind {}

    /** GELU (Hendrycks and Gimpel, 2016), exact or in the tanh form. Operand: x. */
    record Gelu(boolean tanhForm) implements CompositeKind {}

    /**
     * Scaled dot-product attention (Vaswani et al., 2017). Operands: query [..., T, D], key [..., S, D], value [..., S, E],
     * and if masked a mask [..., T, S] of truth values, true where attention is allowed. Result: [..., T, E].
     *
     * @param scale factor of the scores
     * @param causal whether position t sees positions up to t alone
     * @param masked whether there is a mask operand
     */
    record Attention(double scale, boolean causal, boolean masked) implements CompositeKind {}

    /**
     * One LSTM layer over a sequence (Hochreiter and Schmidhuber, 1997; forget gate: Gers et al., 2000). Operands: x [T, N,
     * I], h0 [N, H], c0 [N, H], input weights [4H, I], recurrent weights [4H, H], bias [4H]; gates in the order input,
     * forget, cell, output. Results: all h [T, N, H], last h, last c.
     */
    record Lstm(boolean reverse) implements CompositeKind {}

    /**
     * One GRU layer over a sequence with the reset gate applied after the recurrent product (the form of cuDNN and
     * PyTorch). Operands: x [T, N, I], h0 [N, H], input weights [3H, I], recurrent weights [3H, H], input bias [3H],
     * recurrent bias [3H]; gates in the order reset, update, new. Results: all h [T, N, H], last h.
     */
    record Gru(boolean reverse) implements CompositeKind {}

    /**
     * A function with a gradient of its own. Two custom functions are equal only if they are the same object.
     *
     * @param name for printing
     * @param gradient from (operands, results) and the results' cotangents to the operands' cotangents; an empty one is
     *     zero
     */
    record Custom(String name, BiFunction<Values, List<Tensor>, List<Optional<Tensor>>> gradient)
            implements CompositeKind {
        /** The operands and results of a call. */
        public record Values(List<Tensor> operands, List<Tensor> results) {}
    }

    /**
     * The gradient of another composite. Operands: the forward's operands, its results, then the cotangents of those
     * results that are listed. Results: cotangents of the operands that are listed.
     *
     * @param of the forward composite
     * @param given the results that have a cotangent
     * @param wanted the operands whose cotangent is computed
     */
    record Gradient(CompositeKind of, List<Integer> given, List<Integer> wanted) implements CompositeKind {}

    /** A lower-case name for printing. */
    default String label() {
        return switch (this) {
            case Custom custom -> custom.name();
            case Gradient gradient -> gradient.of().label() + "-gradient";
            case Softmax s -> "softmax";
            case LogSoftmax s -> "log-softmax";
            case CrossEntropy c -> "cross-entropy";
            case LayerNorm n -> "layer-norm";
            case BatchNormTraining n -> "batch-norm-training";
            case BatchNormInference n -> "batch-norm-inference";
            case Gelu g -> "gelu";
            case Attention a -> "attention";
            case Lstm l -> "lstm";
            case Gru g -> "gru";
        };
    }
}
