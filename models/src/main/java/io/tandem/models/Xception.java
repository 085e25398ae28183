package io.tandem.models;

import io.tandem.nn.Activation;
import io.tandem.nn.BatchNorm;
import io.tandem.nn.Dense;
import io.tandem.nn.GlobalAveragePool;
import io.tandem.nn.Layer;
import io.tandem.nn.MaxPool;
import io.tandem.nn.Residual;
import io.tandem.nn.Sequential;
import java.util.ArrayList;
import java.util.List;

/**
 * Xception (Chollet, "Xception: deep learning with depthwise separable convolutions", 2017): 36 convolutions, nearly all
 * separable, in 14 blocks with shortcuts. For images of 299 x 299, or others from 71 x 71 on; 22,855,952 parameters with
 * 1000 classes, 22,910,480 with statistics.
 */
public final class Xception {
    private static final int SMALLEST = 71;

    private Xception() {}

    /** The network. */
    public static ImageClassifier of(int classes) {
        List<Layer> features = new ArrayList<>();
        features.add(ConvNorm.of(32, 3).withStride(2).withoutPadding());
        features.add(ConvNorm.of(64, 3).withoutPadding());
        // The first activation stands before the block already.
        features.add(reduction(Activation.linear(), 64, 128, 128));
        features.add(reduction(Activation.relu(), 128, 256, 256));
        features.add(reduction(Activation.relu(), 256, 728, 728));
        for (int i = 0; i < 8; i++) {
            features.add(middle());
        }
        features.add(reduction(Activation.relu(), 728, 728, 1024));
        features.addAll(List.of(
                SeparableConv.of(1024, 1536, 3),
                BatchNorm.of(),
                Activation.relu(),
                SeparableConv.of(1536, 2048, 3),
                BatchNorm.of(),
                Activation.relu(),
                GlobalAveragePool.of()));
        return new ImageClassifier("Xception", SMALLEST, new Sequential(features), Dense.of(classes));
    }

    /** A block that halves height and width: two separable convolutions and max pooling, around them a projection. */
    private static Residual reduction(Activation first, int inputs, int inner, int filters) {
        return Residual.of(
                Sequential.of(
                        first,
                        SeparableConv.of(inputs, inner, 3),
                        BatchNorm.of(),
                        Activation.relu(),
                        SeparableConv.of(inner, filters, 3),
                        BatchNorm.of(),
                        MaxPool.pool2d(3).withStride(2).withPadding(1)),
                ConvNorm.of(filters, 1).withStride(2).withoutActivation());
    }

    /** A block that keeps its size: three separable convolutions of 728 filters. */
    private static Residual middle() {
        List<Layer> body = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            body.addAll(List.of(Activation.relu(), SeparableConv.of(728, 728, 3), BatchNorm.of()));
        }
        return Residual.of(new Sequential(body));
    }
}
