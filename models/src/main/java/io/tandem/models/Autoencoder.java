package io.tandem.models;

import io.tandem.graph.Tensor;
import io.tandem.nn.Activation;
import io.tandem.nn.Conv;
import io.tandem.nn.ConvTranspose;
import io.tandem.nn.Dense;
import io.tandem.nn.Flatten;
import io.tandem.nn.Initializers;
import io.tandem.nn.Layer;
import io.tandem.nn.Reshape;
import io.tandem.nn.Sequential;
import java.util.Optional;

/**
 * An autoencoder (Hinton and Salakhutdinov, "Reducing the dimensionality of data with neural networks", 2006) for images
 * [N, channels, height, width]: an encoder to a code of a few numbers, and a decoder that makes the image of it. It is
 * trained with the image as its own target.
 *
 * @param encoder from images to codes [N, code]
 * @param decoder from codes to images
 */
public record Autoencoder(Sequential encoder, Sequential decoder) implements Layer {
    /**
     * Dense layers of 512, 128 and {@code code} units, and the same back.
     *
     * @param code size of the code
     * @param channels channels of the images
     * @param height their height
     * @param width their width
     */
    public static Autoencoder dense(int code, int channels, int height, int width) {
        return new Autoencoder(
                Sequential.of(
                        Flatten.of(), hidden(512), Activation.relu(), hidden(128), Activation.relu(), Dense.of(code)),
                Sequential.of(
                        hidden(128),
                        Activation.relu(),
                        hidden(512),
                        Activation.relu(),
                        Dense.of(channels * height * width),
                        Reshape.of(channels, height, width)));
    }

    /**
     * Two convolutions with 16 and 32 filters that halve height and width, then dense layers to the code; the decoder has
     * transposed convolutions.
     *
     * @param code size of the code
     * @param channels channels of the images
     * @param height their height, divisible by 4
     * @param width their width, divisible by 4
     */
    public static Autoencoder convolutional(int code, int channels, int height, int width) {
        if (height % 4 != 0 || width % 4 != 0) {
            throw new IllegalArgumentException(
                    "the convolutional autoencoder halves height and width twice: both must be divisible by 4, got "
                            + height + " x " + width);
        }
        return new Autoencoder(
                Sequential.of(
                        Conv.conv2d(16, 3).withStride(2).withPadding(1),
                        Activation.relu(),
                        Conv.conv2d(32, 3).withStride(2).withPadding(1),
                        Activation.relu(),
                        Flatten.of(),
                        hidden(128),
                        Activation.relu(),
                        Dense.of(code)),
                Sequential.of(
                        hidden(128),
                        Activation.relu(),
                        hidden(32 * (height / 4) * (width / 4)),
                        Activation.relu(),
                        Reshape.of(32, height / 4, width / 4),
                        ConvTranspose.conv2d(16, 4).withStride(2).withPadding(1),
                        Activation.relu(),
                        ConvTranspose.conv2d(channels, 4).withStride(2).withPadding(1)));
    }

    private static Dense hidden(int units) {
        return Dense.of(units).withWeights(Initializers.heUniform());
    }

    /**
     * The encoder of an autoencoder, alone or under a head. Its parameters have the same paths as in the autoencoder, so
     * that a state, or a file, of the one serves the other.
     *
     * @param encoder from images to codes
     * @param head from codes to what is wanted, if there is one
     */
    public record Encoder(Sequential encoder, Optional<Layer> head) implements Layer {
        @Override
        public Tensor forward(Tensor x) {
            Tensor code = encoder.apply(x);
            return head.map(h -> h.apply(code)).orElse(code);
        }
    }

    /** The encoder alone: for reducing dimensions. */
    public Encoder encoding() {
        return new Encoder(encoder, Optional.empty());
    }

    /** The encoder under a head: for training with few labels what was trained without any. */
    public Encoder under(Layer head) {
        return new Encoder(encoder, Optional.of(head));
    }

    @Override
    public Tensor forward(Tensor x) {
        return decoder.apply(encoder.apply(x));
    }
}
