package io.tandem.models;

import io.tandem.nn.Dense;
import io.tandem.nn.GlobalAveragePool;
import io.tandem.nn.Layer;
import io.tandem.nn.MaxPool;
import io.tandem.nn.Sequential;
import java.util.ArrayList;
import java.util.List;

/**
 * Residual networks (He et al., "Deep residual learning for image recognition", 2016) and their form with squeeze and
 * excitation (Hu et al., 2018). Four stages of blocks with 64, 128, 256 and 512 filters; each but the first halves height
 * and width.
 *
 * <table>
 * <caption>Blocks per stage, and parameters with 1000 classes</caption>
 * <tr><td>ResNet-18</td><td>2, 2, 2, 2 of two convolutions</td><td>11,689,512</td></tr>
 * <tr><td>ResNet-34</td><td>3, 4, 6, 3 of two convolutions</td><td>21,797,672</td></tr>
 * <tr><td>ResNet-50</td><td>3, 4, 6, 3 bottlenecks</td><td>25,557,032</td></tr>
 * <tr><td>ResNet-101</td><td>3, 4, 23, 3 bottlenecks</td><td>44,549,160</td></tr>
 * <tr><td>SE-ResNet-50</td><td>3, 4, 6, 3 bottlenecks</td><td>28,088,024</td></tr>
 * </table>
 */
public final class ResNet {
    private static final int SMALLEST = 32;

    private ResNet() {}

    /** A kind of block. */
    @FunctionalInterface
    private interface Block {
        Layer make(int filters, int stride, boolean projected);
    }

    /** 18 layers. */
    public static ImageClassifier resNet18(int classes) {
        return make("ResNet-18", imageNetStem(), ResidualBlock::basic, false, classes, 2, 2, 2, 2);
    }

    /** 34 layers. */
    public static ImageClassifier resNet34(int classes) {
        return make("ResNet-34", imageNetStem(), ResidualBlock::basic, false, classes, 3, 4, 6, 3);
    }

    /** 50 layers. */
    public static ImageClassifier resNet50(int classes) {
        return make("ResNet-50", imageNetStem(), ResidualBlock::bottleneck, true, classes, 3, 4, 6, 3);
    }

    /** 101 layers. */
    public static ImageClassifier resNet101(int classes) {
        return make("ResNet-101", imageNetStem(), ResidualBlock::bottleneck, true, classes, 3, 4, 23, 3);
    }

    /** 50 layers, with squeeze and excitation in each block. */
    public static ImageClassifier seResNet50(int classes) {
        return make("SE-ResNet-50", imageNetStem(), ResidualBlock::squeezeExcite, true, classes, 3, 4, 6, 3);
    }

    /**
     * 18 layers for small images such as CIFAR's of 32 x 32: the stem is one convolution 3x3 that keeps their size. With
     * 10 classes it has 11,173,962 parameters.
     */
    public static ImageClassifier resNet18Cifar(int classes) {
        return make("ResNet-18 for CIFAR", List.of(ConvNorm.of(64, 3)), ResidualBlock::basic, false, classes, 2, 2, 2,
                2);
    }

    private static List<Layer> imageNetStem() {
        return List.of(
                ConvNorm.of(64, 7).withStride(2),
                MaxPool.pool2d(3).withStride(2).withPadding(1));
    }

    private static ImageClassifier make(
            String name, List<Layer> stem, Block block, boolean widening, int classes, int... blocks) {
        List<Layer> features = new ArrayList<>(stem);
        int filters = 64;
        for (int stage = 0; stage < blocks.length; stage++) {
            int stride = stage == 0 ? 1 : 2;
            for (int i = 0; i < blocks[stage]; i++) {
                boolean projected = i == 0 && (stride > 1 || widening);
                features.add(block.make(filters, i == 0 ? stride : 1, projected));
            }
            filters *= 2;
        }
        features.add(GlobalAveragePool.of());
        return new ImageClassifier(name, SMALLEST, new Sequential(features), Dense.of(classes));
    }
}
