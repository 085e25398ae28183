package io.tandem.models;

import io.tandem.graph.Tensor;
import io.tandem.nn.Conv;
import io.tandem.nn.Dense;
import io.tandem.nn.Layer;
import io.tandem.nn.LayerNorm;
import io.tandem.nn.PositionalEncoding;
import io.tandem.nn.Sequential;
import io.tandem.nn.TransformerBlock;

/**
 * A vision transformer (Dosovitskiy et al., "An image is worth 16x16 words", 2021): cuts images [N, channels, height,
 * width] into square patches, which become the positions of a Transformer encoder, and classifies the mean over them (as
 * Zhai et al., 2022, do, in place of a position of its own for the class).
 *
 * @param patches from patches to vectors, a convolution whose stride is its size
 * @param positions where each patch was
 * @param blocks the encoder
 * @param norm after the last block
 * @param head from the mean vector to logits
 */
public record VisionTransformer(
        Conv patches, PositionalEncoding positions, Sequential blocks, LayerNorm norm, Dense head) implements Layer {
    /** For images of 28 x 28: 16 patches of 7 x 7, 4 blocks of width 64 with 4 heads. */
    public static VisionTransformer small(int classes) {
        return of(7, 16, 64, 4, 4, classes);
    }

    /**
     * A vision transformer.
     *
     * @param patch height and width of a patch; what is left of an image at its right and lower border is not seen
     * @param most the largest number of patches
     * @param width size of the vector at each position
     * @param depth number of blocks
     * @param heads attention heads per block
     * @param classes number of classes
     */
    public static VisionTransformer of(int patch, int most, int width, int depth, int heads, int classes) {
        return new VisionTransformer(
                Conv.conv2d(width, patch).withStride(patch),
                PositionalEncoding.learned(most),
                Sequential.repeat(depth, () -> TransformerBlock.of(width, heads)),
                LayerNorm.of(),
                Dense.of(classes));
    }

    @Override
    public Tensor forward(Tensor x) {
        ImageClassifier.requireImages("vision transformer", patches.kernel().getFirst(), x);
        Tensor tokens = patches.apply(x).flatten(2).permute(0, 2, 1);
        return head.apply(norm.apply(blocks.apply(positions.apply(tokens))).mean(1));
    }
}
