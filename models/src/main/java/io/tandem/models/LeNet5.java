package io.tandem.models;

import io.tandem.graph.Tensor;
import io.tandem.nn.Activation;
import io.tandem.nn.AveragePool;
import io.tandem.nn.Conv;
import io.tandem.nn.Dense;
import io.tandem.nn.Flatten;
import io.tandem.nn.Initializers;
import io.tandem.nn.Layer;
import io.tandem.nn.MaxPool;
import io.tandem.nn.Sequential;
import java.util.function.Supplier;

/**
 * LeNet-5 (LeCun et al., 1998) for images [N, 1, 28, 28]: two rounds of convolution and pooling, then layers of 120, 84
 * and 10 units. As usual today all maps are connected, and the last layer gives logits: 61,706 parameters.
 *
 * @param features convolutions and pooling
 * @param classifier dense layers
 */
public record LeNet5(Sequential features, Sequential classifier) implements Layer {
    private static final int SMALLEST = 12;

    /** The form with ReLU and max pooling, which learns fastest. */
    public static LeNet5 of() {
        return make(Activation::relu, MaxPool.pool2d(2), MaxPool.pool2d(2));
    }

    /** The form with tanh and average pooling, nearer to the original. */
    public static LeNet5 classic() {
        return make(Activation::tanh, AveragePool.pool2d(2), AveragePool.pool2d(2));
    }

    private static LeNet5 make(Supplier<Activation> activation, Layer firstPool, Layer secondPool) {
        return new LeNet5(
                Sequential.of(
                        // The original saw 28 x 28 digits on a field of 32 x 32.
                        Conv.conv2d(6, 5).withPadding(2).withWeights(Initializers.glorotUniform()),
                        activation.get(),
                        firstPool,
                        Conv.conv2d(16, 5).withWeights(Initializers.glorotUniform()),
                        activation.get(),
                        secondPool,
                        Flatten.of()),
                Sequential.of(Dense.of(120), activation.get(), Dense.of(84), activation.get(), Dense.of(10)));
    }

    @Override
    public Tensor forward(Tensor x) {
        ImageClassifier.requireImages("LeNet-5", SMALLEST, x);
        return classifier.apply(features.apply(x));
    }
}
