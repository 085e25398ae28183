package io.tandem.models;

import io.tandem.nn.AveragePool;
import io.tandem.nn.Branches;
import io.tandem.nn.Dense;
import io.tandem.nn.Dropout;
import io.tandem.nn.GlobalAveragePool;
import io.tandem.nn.Layer;
import io.tandem.nn.MaxPool;
import io.tandem.nn.Sequential;
import java.util.ArrayList;
import java.util.List;

/**
 * Inception-v4 (Szegedy et al., "Inception-v4, Inception-ResNet and the impact of residual connections on learning",
 * 2017): a stem, then 4, 7 and 3 modules at three sizes, with reductions between them. For images of 299 x 299, or others
 * from 75 x 75 on; 42,679,816 parameters with 1000 classes.
 */
public final class InceptionV4 {
    private static final int SMALLEST = 75;

    private InceptionV4() {}

    /** The network. */
    public static ImageClassifier of(int classes) {
        List<Layer> features = new ArrayList<>(stem());
        for (int i = 0; i < 4; i++) {
            features.add(inceptionA());
        }
        features.add(reductionA());
        for (int i = 0; i < 7; i++) {
            features.add(inceptionB());
        }
        features.add(reductionB());
        for (int i = 0; i < 3; i++) {
            features.add(inceptionC());
        }
        features.add(GlobalAveragePool.of());
        return new ImageClassifier(
                "Inception-v4",
                SMALLEST,
                new Sequential(features),
                Sequential.of(Dropout.of(0.2), Dense.of(classes)));
    }

    private static List<Layer> stem() {
        return List.of(
                halving(32),
                ConvNorm.of(32, 3).withoutPadding(),
                ConvNorm.of(64, 3),
                Branches.of(pool(), halving(96)),
                Branches.of(
                        Sequential.of(ConvNorm.of(64, 1), ConvNorm.of(96, 3).withoutPadding()),
                        Sequential.of(
                                ConvNorm.of(64, 1),
                                ConvNorm.of(64, 1, 7),
                                ConvNorm.of(64, 7, 1),
                                ConvNorm.of(96, 3).withoutPadding())),
                Branches.of(halving(192), pool()));
    }

    /** The module for maps of 35 x 35: 384 channels. */
    public static Branches inceptionA() {
        return Branches.of(
                ConvNorm.of(96, 1),
                Sequential.of(ConvNorm.of(64, 1), ConvNorm.of(96, 3)),
                Sequential.of(ConvNorm.of(64, 1), ConvNorm.of(96, 3), ConvNorm.of(96, 3)),
                averaged(96));
    }

    /** From 35 x 35 to 17 x 17: 640 channels beside those of the input. */
    public static Branches reductionA() {
        return Branches.of(
                halving(384), Sequential.of(ConvNorm.of(192, 1), ConvNorm.of(224, 3), halving(256)), pool());
    }

    /** The module for maps of 17 x 17, with filters of 1x7 and 7x1: 1024 channels. */
    public static Branches inceptionB() {
        return Branches.of(
                ConvNorm.of(384, 1),
                Sequential.of(ConvNorm.of(192, 1), ConvNorm.of(224, 1, 7), ConvNorm.of(256, 7, 1)),
                Sequential.of(
                        ConvNorm.of(192, 1),
                        ConvNorm.of(192, 7, 1),
                        ConvNorm.of(224, 1, 7),
                        ConvNorm.of(224, 7, 1),
                        ConvNorm.of(256, 1, 7)),
                averaged(128));
    }

    /** From 17 x 17 to 8 x 8: 512 channels beside those of the input. */
    public static Branches reductionB() {
        return Branches.of(
                Sequential.of(ConvNorm.of(192, 1), halving(192)),
                Sequential.of(
                        ConvNorm.of(256, 1), ConvNorm.of(256, 1, 7), ConvNorm.of(320, 7, 1), halving(320)),
                pool());
    }

    /** The module for maps of 8 x 8, which parts once more inside: 1536 channels. */
    public static Branches inceptionC() {
        return Branches.of(
                ConvNorm.of(256, 1),
                Sequential.of(ConvNorm.of(384, 1), crossed()),
                Sequential.of(ConvNorm.of(384, 1), ConvNorm.of(448, 3, 1), ConvNorm.of(512, 1, 3), crossed()),
                averaged(256));
    }

    private static Branches crossed() {
        return Branches.of(ConvNorm.of(256, 1, 3), ConvNorm.of(256, 3, 1));
    }

    private static Sequential averaged(int filters) {
        return Sequential.of(AveragePool.pool2d(3).withStride(1).withPadding(1), ConvNorm.of(filters, 1));
    }

    private static ConvNorm halving(int filters) {
        return ConvNorm.of(filters, 3).withStride(2).withoutPadding();
    }

    private static MaxPool pool() {
        return MaxPool.pool2d(3).withStride(2);
    }
}
