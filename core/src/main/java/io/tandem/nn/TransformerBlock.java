package io.tandem.nn;

import io.tandem.graph.Tensor;
import java.util.Optional;

/**
 * A Transformer encoder block (Vaswani et al., 2017) on [N, T, width]: self-attention, then two dense layers at each
 * position, both around shortcuts. Norms stand before each part (pre-norm; Xiong et al., 2020) or after each sum. With
 * a causal mask it is the block of GPT.
 *
 * @param attention self-attention
 * @param attentionNorm norm of the first part
 * @param feedForward the dense layers
 * @param feedForwardNorm norm of the second part
 * @param dropout of each part's result, in training
 * @param preNorm whether norms stand before the parts
 */
public record TransformerBlock(
        MultiHeadAttention attention,
        LayerNorm attentionNorm,
        FeedForward feedForward,
        LayerNorm feedForwardNorm,
        Dropout dropout,
        boolean preNorm)
        implements Layer {

    /** A pre-norm block with exact GELU, four times the width inside, no mask and no dropout. */
    public static TransformerBlock of(int width, int heads) {
        return new TransformerBlock(
                MultiHeadAttention.of(width, heads),
                LayerNorm.of(),
                FeedForward.of(width, 4 * width),
                LayerNorm.of(),
                Dropout.of(0),
                true);
    }

    /** This block with other attention, and the other parts' parameters its own. */
    public TransformerBlock withAttention(MultiHeadAttention other) {
        return copy(other, feedForward.fresh(), dropout, preNorm);
    }

    /** This block seeing no later positions, with parameters of its own. */
    public TransformerBlock withCausalMask() {
        return copy(attention.withCausalMask(), feedForward.fresh(), dropout, preNorm);
    }

    /** This block with other dense layers, and the other parts' parameters its own. */
    public TransformerBlock withFeedForward(FeedForward other) {
        return copy(fresh(attention), other, dropout, preNorm);
    }

    /** This block with dropout of attention weights and of each part's result, and parameters of its own. */
    public TransformerBlock withDropout(double rate) {
        return copy(attention.withDropout(rate), feedForward.withDropout(rate), Dropout.of(rate), preNorm);
    }

    /** This block with norms after each sum, as in the original, and parameters of its own. */
    public TransformerBlock withPostNorm() {
        return copy(fresh(attention), feedForward.fresh(), dropout, false);
    }

    private TransformerBlock copy(
            MultiHeadAttention newAttention, FeedForward newFeedForward, Dropout newDropout, boolean newPreNorm) {
        return new TransformerBlock(
                newAttention,
                attentionNorm.withEpsilon(attentionNorm.epsilon()),
                newFeedForward,
                feedForwardNorm.withEpsilon(feedForwardNorm.epsilon()),
                newDropout,
                newPreNorm);
    }

    private static MultiHeadAttention fresh(MultiHeadAttention attention) {
        return attention.withDropout(attention.dropout().rate());
    }

    @Override
    public Tensor forward(Tensor x) {
        return run(x, Optional.empty());
    }

    /**
     * Applies the block with a mask.
     *
     * @param x [N, T, width]
     * @param mask of truth values, true where attention is allowed; see {@link MultiHeadAttention}
     */
    public Tensor apply(Tensor x, Tensor mask) {
        return Trace.of(x).enter(this, () -> run(x, Optional.of(mask)));
    }

    private Tensor run(Tensor x, Optional<Tensor> mask) {
        if (preNorm) {
            Tensor attended = x.add(dropout.apply(attend(attentionNorm.apply(x), mask)));
            return attended.add(dropout.apply(feedForward.apply(feedForwardNorm.apply(attended))));
        }
        Tensor attended = attentionNorm.apply(x.add(dropout.apply(attend(x, mask))));
        return feedForwardNorm.apply(attended.add(dropout.apply(feedForward.apply(attended))));
    }

    private Tensor attend(Tensor x, Optional<Tensor> mask) {
        return mask.map(m -> attention.apply(x, x, x, m)).orElseGet(() -> attention.apply(x));
    }
}
