package io.tandem.models;

import io.tandem.nn.Activation;
import io.tandem.nn.AdaptiveAveragePool;
import io.tandem.nn.Conv;
import io.tandem.nn.Dense;
import io.tandem.nn.Dropout;
import io.tandem.nn.Flatten;
import io.tandem.nn.Initializers;
import io.tandem.nn.Layer;
import io.tandem.nn.MaxPool;
import io.tandem.nn.Sequential;
import java.util.ArrayList;
import java.util.List;

/**
 * VGG networks (Simonyan and Zisserman, "Very deep convolutional networks for large-scale image recognition", 2015):
 * convolutions 3x3 in five stages with 64, 128, 256, 512 and 512 filters, each followed by max pooling, then dense layers
 * of 4096, 4096 and {@code classes} units.
 *
 * <table>
 * <caption>Convolutions per stage, and parameters with 1000 classes</caption>
 * <tr><td>VGG-11 (A)</td><td>1, 1, 2, 2, 2</td><td>132,863,336</td></tr>
 * <tr><td>VGG-13 (B)</td><td>2, 2, 2, 2, 2</td><td>133,047,848</td></tr>
 * <tr><td>VGG-16 (D)</td><td>2, 2, 3, 3, 3</td><td>138,357,544</td></tr>
 * <tr><td>VGG-19 (E)</td><td>2, 2, 4, 4, 4</td><td>143,667,240</td></tr>
 * </table>
 */
public final class Vgg {
    private static final int SMALLEST = 32;
    private static final int[] FILTERS = {64, 128, 256, 512, 512};

    private Vgg() {}

    /** 11 layers with weights. */
    public static ImageClassifier vgg11(int classes) {
        return make("VGG-11", classes, 1, 1, 2, 2, 2);
    }

    /** 13 layers with weights. */
    public static ImageClassifier vgg13(int classes) {
        return make("VGG-13", classes, 2, 2, 2, 2, 2);
    }

    /** 16 layers with weights. */
    public static ImageClassifier vgg16(int classes) {
        return make("VGG-16", classes, 2, 2, 3, 3, 3);
    }

    /** 19 layers with weights. */
    public static ImageClassifier vgg19(int classes) {
        return make("VGG-19", classes, 2, 2, 4, 4, 4);
    }

    private static ImageClassifier make(String name, int classes, int... convolutions) {
        List<Layer> features = new ArrayList<>();
        for (int stage = 0; stage < convolutions.length; stage++) {
            for (int i = 0; i < convolutions[stage]; i++) {
                features.add(Conv.conv2d(FILTERS[stage], 3).withPadding(1));
                features.add(Activation.relu());
            }
            features.add(MaxPool.pool2d(2));
        }
        features.add(AdaptiveAveragePool.of(7, 7));
        features.add(Flatten.of());
        Sequential classifier = Sequential.of(
                Dense.of(4096).withWeights(Initializers.heUniform()),
                Activation.relu(),
                Dropout.of(0.5),
                Dense.of(4096).withWeights(Initializers.heUniform()),
                Activation.relu(),
                Dropout.of(0.5),
                Dense.of(classes));
        return new ImageClassifier(name, SMALLEST, new Sequential(features), classifier);
    }
}
