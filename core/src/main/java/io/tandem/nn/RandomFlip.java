package io.tandem.nn;

import io.tandem.graph.Distribution;
import io.tandem.graph.Tensor;
import io.tandem.tensor.Shape;
import java.util.Arrays;

/**
 * Mirrors some of the samples along an axis in training; does nothing in inference. An augmentation inside the graph: on the
 * device, with the model's own random numbers, which a checkpoint keeps. {@link
 * io.tandem.data.ImageAugmentation#flipHorizontal} does the same while data are read.
 *
 * @param axis what is mirrored: 1 or more, or negative from the end
 * @param probability share of the samples that are mirrored, from 0 to 1
 */
public record RandomFlip(int axis, double probability) implements Layer {
    /** Checks the numbers. */
    public RandomFlip {
        if (!(probability >= 0 && probability <= 1)) {
            throw new IllegalArgumentException("random flip: the probability must be from 0 to 1, got " + probability);
        }
        if (axis == 0) {
            throw new IllegalArgumentException("random flip: axis 0 counts the samples and cannot be mirrored");
        }
    }

    /** Exchanges left and right, the ends of the last axis, in half of the samples. */
    public static RandomFlip horizontal() {
        return new RandomFlip(-1, 0.5);
    }

    /** Exchanges top and bottom, the ends of the last axis but one, in half of the samples. */
    public static RandomFlip vertical() {
        return new RandomFlip(-2, 0.5);
    }

    /** This layer for another share of the samples. */
    public RandomFlip withProbability(double share) {
        return new RandomFlip(axis, share);
    }

    @Override
    public Tensor forward(Tensor x) {
        int along = axis < 0 ? axis + x.rank() : axis;
        if (along < 1 || along >= x.rank()) {
            throw Layers.error(
                    x, "random flip: the input %s has no axis %d beside that of the samples".formatted(x.type(), axis));
        }
        Trace trace = Trace.of(x);
        if (trace.mode() != Mode.TRAINING || probability == 0) {
            return x;
        }
        Tensor mirrored = trace.random(Distribution.UNIFORM, perSample(x)).lt(probability);
        return mirrored.select(x.flip(along), x);
    }

    /** A shape with one element per sample that broadcasts to that of {@code x}. */
    static Shape perSample(Tensor x) {
        int[] dims = new int[x.rank()];
        Arrays.fill(dims, 1);
        dims[0] = x.dim(0);
        return Shape.of(dims);
    }
}
