package io.tandem.models;

import io.tandem.graph.Tensor;
import io.tandem.nn.Activation;
import io.tandem.nn.AdaptiveAveragePool;
import io.tandem.nn.Branches;
import io.tandem.nn.Dense;
import io.tandem.nn.Dropout;
import io.tandem.nn.Flatten;
import io.tandem.nn.GlobalAveragePool;
import io.tandem.nn.Initializers;
import io.tandem.nn.Layer;
import io.tandem.nn.MaxPool;
import io.tandem.nn.Mode;
import io.tandem.nn.Model;
import io.tandem.nn.Network;
import io.tandem.nn.Sequential;
import io.tandem.nn.Trace;
import io.tandem.tensor.TensorType;
import java.util.List;

/**
 * GoogLeNet (Szegedy et al., "Going deeper with convolutions", 2015) in its batch-normalized form, with two convolutions'
 * reach of 3x3 where the paper has 5x5, as usual today: 6,624,904 parameters with 1000 classes.
 *
 * <p>This record is the form with two auxiliary heads in the middle, which help gradients to get down: in training it
 * yields the logits of the head and of both auxiliary ones, in inference the first alone. Together they have 13,004,888
 * parameters. Train it with a weight for each:
 *
 * <pre>{@code
 * Model model = GoogLeNet.withAuxiliaryHeads(1000).model(3, 224, 224);
 * Training.of(model, Losses.weighted(Losses.crossEntropy(), 1, 0.3, 0.3), Momentum.of(0.01, 0.9));
 * }</pre>
 *
 * @param lower the layers before the first auxiliary head
 * @param middle those between both
 * @param upper those after the second one
 * @param classifier from features to logits
 * @param firstHead auxiliary head after {@code lower}
 * @param secondHead auxiliary head after {@code middle}
 */
public record GoogLeNet(
        Sequential lower, Sequential middle, Sequential upper, Layer classifier, Layer firstHead, Layer secondHead)
        implements Network {
    private static final String NAME = "GoogLeNet";
    private static final int SMALLEST = 32;

    /** The network without auxiliary heads. */
    public static ImageClassifier of(int classes) {
        Sequential features = Sequential.of(lowerLayers(), middleLayers(), upperLayers());
        return new ImageClassifier(NAME, SMALLEST, features, classifier(classes));
    }

    /** The network with auxiliary heads. */
    public static GoogLeNet withAuxiliaryHeads(int classes) {
        return new GoogLeNet(lowerLayers(), middleLayers(), upperLayers(), classifier(classes), head(classes),
                head(classes));
    }

    /**
     * An inception module: convolutions of three sizes and max pooling side by side, the costly ones behind a convolution
     * 1x1 that leaves fewer channels.
     *
     * @param one filters of the convolution 1x1
     * @param reduceThree filters before the convolution 3x3
     * @param three filters of the convolution 3x3
     * @param reduceFive filters before the convolution that is 5x5 in the paper
     * @param five filters of that convolution
     * @param pool filters after the pooling
     */
    public static Branches inception(int one, int reduceThree, int three, int reduceFive, int five, int pool) {
        return Branches.of(
                ConvNorm.of(one, 1),
                Sequential.of(ConvNorm.of(reduceThree, 1), ConvNorm.of(three, 3)),
                Sequential.of(ConvNorm.of(reduceFive, 1), ConvNorm.of(five, 3)),
                Sequential.of(MaxPool.pool2d(3).withStride(1).withPadding(1), ConvNorm.of(pool, 1)));
    }

    private static Sequential lowerLayers() {
        return Sequential.of(
                ConvNorm.of(64, 7).withStride(2),
                pool(3),
                ConvNorm.of(64, 1),
                ConvNorm.of(192, 3),
                pool(3),
                inception(64, 96, 128, 16, 32, 32),
                inception(128, 128, 192, 32, 96, 64),
                pool(3),
                inception(192, 96, 208, 16, 48, 64));
    }

    private static Sequential middleLayers() {
        return Sequential.of(
                inception(160, 112, 224, 24, 64, 64),
                inception(128, 128, 256, 24, 64, 64),
                inception(112, 144, 288, 32, 64, 64));
    }

    private static Sequential upperLayers() {
        return Sequential.of(
                inception(256, 160, 320, 32, 128, 128),
                pool(2),
                inception(256, 160, 320, 32, 128, 128),
                inception(384, 192, 384, 48, 128, 128),
                GlobalAveragePool.of());
    }

    private static MaxPool pool(int size) {
        return MaxPool.pool2d(size).withStride(2).withCeilMode();
    }

    private static Sequential classifier(int classes) {
        return Sequential.of(Dropout.of(0.2), Dense.of(classes));
    }

    private static Sequential head(int classes) {
        return Sequential.of(
                AdaptiveAveragePool.of(4, 4),
                ConvNorm.of(128, 1),
                Flatten.of(),
                Dense.of(1024).withWeights(Initializers.heUniform()),
                Activation.relu(),
                Dropout.of(0.7),
                Dense.of(classes));
    }

    /** A model for images of one size. */
    public Model model(int channels, int height, int width) {
        return Model.of(this, List.of(TensorType.f32(channels, height, width)));
    }

    @Override
    public List<Tensor> forward(List<Tensor> inputs) {
        Tensor x = inputs.getFirst();
        ImageClassifier.requireImages(NAME, SMALLEST, x);
        Tensor low = lower.apply(x);
        Tensor mid = middle.apply(low);
        Tensor logits = classifier.apply(upper.apply(mid));
        return Trace.of(x).mode() == Mode.TRAINING
                ? List.of(logits, firstHead.apply(low), secondHead.apply(mid))
                : List.of(logits);
    }
}
