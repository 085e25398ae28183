package io.tandem.nn;

import io.tandem.graph.Distribution;
import io.tandem.graph.Graph;
import io.tandem.graph.Tensor;
import io.tandem.tensor.DType;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;

/**
 * Moves each sample of [N, C, spatial...] by whole places in training, as cropping a padded image at random does
 * (Krizhevsky, Sutskever and Hinton, 2012; the padded form as in He et al., 2016); does nothing in inference. An augmentation
 * inside the graph, with the model's own random numbers; {@link io.tandem.data.ImageAugmentation#crop} does the same while
 * data are read.
 *
 * @param reach largest move along each spatial axis to either side, at least 0
 * @param fill what comes in from outside
 */
public record RandomShift(int reach, double fill) implements Layer {
    /** Checks the reach. */
    public RandomShift {
        if (reach < 0) {
            throw new IllegalArgumentException("random shift: the reach must not be negative, got " + reach);
        }
    }

    /** Moves by up to so many places; zeros come in. */
    public static RandomShift of(int reach) {
        return new RandomShift(reach, 0);
    }

    /** This layer with another value that comes in: for normalised images with a black background -mean / deviation. */
    public RandomShift withFill(double value) {
        return new RandomShift(reach, value);
    }

    @Override
    public Tensor forward(Tensor x) {
        Layers.requireRank("random shift", x, 3, Integer.MAX_VALUE);
        Trace trace = Trace.of(x);
        if (trace.mode() != Mode.TRAINING || reach == 0) {
            return x;
        }
        Graph graph = x.graph();
        Shape shape = x.shape();
        DType index = shape.size() <= Integer.MAX_VALUE ? DType.I32 : DType.I64;
        TensorType places = new TensorType(index, shape);
        // The place in the flat input that each place of the result takes its value from, and whether there is one.
        Tensor source = graph.zeros(places);
        Tensor inside = source.eq(0);
        for (int axis = 0; axis < x.rank(); axis++) {
            Tensor at = graph.iota(places, axis);
            if (axis >= 2) {
                at = at.add(offset(trace, x).cast(index));
                inside = inside.and(at.ge(0)).and(at.lt(x.dim(axis)));
                at = at.clamp(0, x.dim(axis) - 1.0);
            }
            source = source.mul(x.dim(axis)).add(at);
        }
        return inside.select(x.reshape(-1).gather(0, source), x.like(fill));
    }

    /** Whole numbers from -reach to reach, one per sample. */
    private Tensor offset(Trace trace, Tensor x) {
        int count = 2 * reach + 1;
        return trace.random(Distribution.UNIFORM, RandomFlip.perSample(x))
                .mul(count)
                .floor()
                .minimum(count - 1.0)
                .sub(reach);
    }
}
