package io.tandem.nn;

import io.tandem.graph.Tensor;
import java.util.Optional;

/**
 * A Transformer decoder block (Vaswani et al., 2017): causal self-attention on [N, T, width], attention to an encoder's
 * result, then two dense layers at each position, all around shortcuts. It has two inputs: use {@link #apply}.
 *
 * @param selfAttention causal attention to earlier positions
 * @param selfNorm norm of the first part
 * @param crossAttention attention to the encoder's result
 * @param crossNorm norm of the second part
 * @param feedForward the dense layers
 * @param feedForwardNorm norm of the third part
 * @param dropout of each part's result, in training
 * @param preNorm whether norms stand before the parts instead of after each sum
 */
public record TransformerDecoderBlock(
        MultiHeadAttention selfAttention,
        LayerNorm selfNorm,
        MultiHeadAttention crossAttention,
        LayerNorm crossNorm,
        FeedForward feedForward,
        LayerNorm feedForwardNorm,
        Dropout dropout,
        boolean preNorm) {

    /** A pre-norm block with exact GELU, four times the width inside, and no dropout. */
    public static TransformerDecoderBlock of(int width, int heads) {
        return new TransformerDecoderBlock(
                MultiHeadAttention.of(width, heads).withCausalMask(),
                LayerNorm.of(),
                MultiHeadAttention.of(width, heads),
                LayerNorm.of(),
                FeedForward.of(width, 4 * width),
                LayerNorm.of(),
                Dropout.of(0),
                true);
    }

    /** This block with dropout of attention weights and of each part's result, and parameters of its own. */
    public TransformerDecoderBlock withDropout(double rate) {
        return new TransformerDecoderBlock(
                selfAttention.withDropout(rate),
                selfNorm.withEpsilon(selfNorm.epsilon()),
                crossAttention.withDropout(rate),
                crossNorm.withEpsilon(crossNorm.epsilon()),
                feedForward.withDropout(rate),
                feedForwardNorm.withEpsilon(feedForwardNorm.epsilon()),
                Dropout.of(rate),
                preNorm);
    }

    /** This block with norms after each sum, as in the original, and parameters of its own. */
    public TransformerDecoderBlock withPostNorm() {
        return new TransformerDecoderBlock(
                selfAttention.withDropout(selfAttention.dropout().rate()),
                selfNorm.withEpsilon(selfNorm.epsilon()),
                crossAttention.withDropout(crossAttention.dropout().rate()),
                crossNorm.withEpsilon(crossNorm.epsilon()),
                feedForward.fresh(),
                feedForwardNorm.withEpsilon(feedForwardNorm.epsilon()),
                dropout,
                false);
    }

    /**
     * Applies the block.
     *
     * @param x [N, T, width]
     * @param memory the encoder's result [N, S, width]
     * @return [N, T, width]
     */
    public Tensor apply(Tensor x, Tensor memory) {
        return Trace.of(x).enter(this, () -> run(x, memory, Optional.empty()));
    }

    /**
     * Applies the block to an encoder's result of which not all counts.
     *
     * @param x [N, T, width]
     * @param memory the encoder's result [N, S, width]
     * @param mask [N, S] of truth values, true where attention is allowed
     * @return [N, T, width]
     */
    public Tensor apply(Tensor x, Tensor memory, Tensor mask) {
        return Trace.of(x).enter(this, () -> run(x, memory, Optional.of(mask)));
    }

    private Tensor run(Tensor x, Tensor memory, Optional<Tensor> mask) {
        if (preNorm) {
            Tensor first = x.add(dropout.apply(selfAttention.apply(selfNorm.apply(x))));
            Tensor second = first.add(dropout.apply(cross(crossNorm.apply(first), memory, mask)));
            return second.add(dropout.apply(feedForward.apply(feedForwardNorm.apply(second))));
        }
        Tensor first = selfNorm.apply(x.add(dropout.apply(selfAttention.apply(x))));
        Tensor second = crossNorm.apply(first.add(dropout.apply(cross(first, memory, mask))));
        return feedForwardNorm.apply(second.add(dropout.apply(feedForward.apply(second))));
    }

    private Tensor cross(Tensor x, Tensor memory, Optional<Tensor> mask) {
        return mask.map(m -> crossAttention.apply(x, memory, memory, m))
                .orElseGet(() -> crossAttention.apply(x, memory, memory));
    }
}
