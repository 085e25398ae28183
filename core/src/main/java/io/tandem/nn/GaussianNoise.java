package io.tandem.nn;

import io.tandem.graph.Distribution;
import io.tandem.graph.Tensor;

/**
 * Adds normally distributed noise to each value in training (Bishop, 1995); does nothing in inference. An augmentation
 * inside the graph, with the model's own random numbers; {@link io.tandem.data.ImageAugmentation#noise} does the same while
 * data are read.
 *
 * @param deviation standard deviation of the noise, at least 0
 */
public record GaussianNoise(double deviation) implements Layer {
    /** Checks the deviation. */
    public GaussianNoise {
        if (!(deviation >= 0) || Double.isInfinite(deviation)) {
            throw new IllegalArgumentException(
                    "gaussian noise: the standard deviation must be at least 0 and finite, got " + deviation);
        }
    }

    /** Noise of the given standard deviation. */
    public static GaussianNoise of(double deviation) {
        return new GaussianNoise(deviation);
    }

    @Override
    public Tensor forward(Tensor x) {
        Trace trace = Trace.of(x);
        if (trace.mode() != Mode.TRAINING || deviation == 0) {
            return x;
        }
        if (!x.dtype().isFloating()) {
            throw Layers.error(x, "gaussian noise: the input %s must be floating".formatted(x.type()));
        }
        return x.add(trace.random(Distribution.NORMAL, x.shape()).cast(x.dtype()).mul(deviation));
    }
}
