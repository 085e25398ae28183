package io.tandem.models;

import io.tandem.nn.Activation;
import io.tandem.nn.Dense;
import io.tandem.nn.Dropout;
import io.tandem.nn.GlobalAveragePool;
import io.tandem.nn.Layer;
import io.tandem.nn.Residual;
import io.tandem.nn.Sequential;
import java.util.ArrayList;
import java.util.List;

/**
 * MobileNetV2 (Sandler et al., "MobileNetV2: inverted residuals and linear bottlenecks", 2018): blocks that widen, filter
 * each channel by itself and narrow again. For images from 32 x 32 on, 224 x 224 as a rule; 3,504,872 parameters with 1000
 * classes.
 */
public final class MobileNetV2 {
    private static final int SMALLEST = 32;

    /** Per stage: expansion, channels, blocks, stride of the first block. */
    private static final int[][] STAGES = {
        {1, 16, 1, 1}, {6, 24, 2, 2}, {6, 32, 3, 2}, {6, 64, 4, 2}, {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}
    };

    private MobileNetV2() {}

    /** The network. */
    public static ImageClassifier of(int classes) {
        List<Layer> features = new ArrayList<>();
        int channels = 32;
        features.add(ConvNorm.of(channels, 3).withStride(2).withActivation(Activation.relu6()));
        for (int[] stage : STAGES) {
            for (int i = 0; i < stage[2]; i++) {
                features.add(invertedResidual(channels, stage[1], i == 0 ? stage[3] : 1, stage[0]));
                channels = stage[1];
            }
        }
        features.add(ConvNorm.of(1280, 1).withActivation(Activation.relu6()));
        features.add(GlobalAveragePool.of());
        return new ImageClassifier(
                "MobileNetV2",
                SMALLEST,
                new Sequential(features),
                Sequential.of(Dropout.of(0.2), Dense.of(classes)));
    }

    /**
     * A block: a convolution 1x1 that widens, one 3x3 per channel, one 1x1 that narrows and has no activation; with a
     * shortcut where the shape stays.
     *
     * @param inputs channels of the input
     * @param filters channels of the result
     * @param stride of the convolution 3x3
     * @param expansion how many times wider it is inside; 1 leaves out the first convolution
     */
    public static Layer invertedResidual(int inputs, int filters, int stride, int expansion) {
        int inner = inputs * expansion;
        List<Layer> body = new ArrayList<>();
        if (expansion > 1) {
            body.add(ConvNorm.of(inner, 1).withActivation(Activation.relu6()));
        }
        body.add(ConvNorm.of(inner, 3).withGroups(inner).withStride(stride).withActivation(Activation.relu6()));
        body.add(ConvNorm.of(filters, 1).withoutActivation());
        Sequential layers = new Sequential(body);
        return stride == 1 && inputs == filters ? Residual.of(layers) : layers;
    }
}
