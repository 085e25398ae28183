package io.tandem.models;

import io.tandem.nn.Activation;
import io.tandem.nn.AdaptiveAveragePool;
import io.tandem.nn.Conv;
import io.tandem.nn.Dense;
import io.tandem.nn.Dropout;
import io.tandem.nn.Flatten;
import io.tandem.nn.Initializers;
import io.tandem.nn.MaxPool;
import io.tandem.nn.Sequential;

/**
 * AlexNet (Krizhevsky, Sutskever and Hinton, "ImageNet classification with deep convolutional neural networks", 2012) in
 * the form of one tower (Krizhevsky, 2014): five convolutions and three dense layers, 61,100,840 parameters with 1000
 * classes.
 */
public final class AlexNet {
    private static final int SMALLEST = 63;

    private AlexNet() {}

    /** The network for images of 224 x 224, or others from 63 x 63 on. */
    public static ImageClassifier of(int classes) {
        return new ImageClassifier(
                "AlexNet",
                SMALLEST,
                Sequential.of(
                        Conv.conv2d(64, 11).withStride(4).withPadding(2),
                        Activation.relu(),
                        MaxPool.pool2d(3).withStride(2),
                        Conv.conv2d(192, 5).withPadding(2),
                        Activation.relu(),
                        MaxPool.pool2d(3).withStride(2),
                        Conv.conv2d(384, 3).withPadding(1),
                        Activation.relu(),
                        Conv.conv2d(256, 3).withPadding(1),
                        Activation.relu(),
                        Conv.conv2d(256, 3).withPadding(1),
                        Activation.relu(),
                        MaxPool.pool2d(3).withStride(2),
                        AdaptiveAveragePool.of(6, 6),
                        Flatten.of()),
                Sequential.of(
                        Dropout.of(0.5),
                        Dense.of(4096).withWeights(Initializers.heUniform()),
                        Activation.relu(),
                        Dropout.of(0.5),
                        Dense.of(4096).withWeights(Initializers.heUniform()),
                        Activation.relu(),
                        Dense.of(classes)));
    }
}
