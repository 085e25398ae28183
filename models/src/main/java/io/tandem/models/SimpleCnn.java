package io.tandem.models;

import io.tandem.graph.Tensor;
import io.tandem.nn.Activation;
import io.tandem.nn.Conv;
import io.tandem.nn.Dense;
import io.tandem.nn.Flatten;
import io.tandem.nn.Initializers;
import io.tandem.nn.Layer;
import io.tandem.nn.MaxPool;
import io.tandem.nn.Sequential;

/**
 * A small convolutional network for images [N, channels, height, width]: convolutions 3x3 with 32 and 64 filters, max
 * pooling, a hidden layer of 128 units, all with ReLU, and the classes' logits. On MNIST it has 1,199,882 parameters.
 *
 * @param features convolutions and pooling
 * @param classifier dense layers
 */
public record SimpleCnn(Sequential features, Sequential classifier) implements Layer {
    private static final int SMALLEST = 6;

    /** A network for a number of classes. */
    public static SimpleCnn of(int classes) {
        return new SimpleCnn(
                Sequential.of(
                        Conv.conv2d(32, 3),
                        Activation.relu(),
                        Conv.conv2d(64, 3),
                        Activation.relu(),
                        MaxPool.pool2d(2),
                        Flatten.of()),
                Sequential.of(
                        Dense.of(128).withWeights(Initializers.heUniform()), Activation.relu(), Dense.of(classes)));
    }

    @Override
    public Tensor forward(Tensor x) {
        ImageClassifier.requireImages("small CNN", SMALLEST, x);
        return classifier.apply(features.apply(x));
    }
}
