package io.tandem.nn;

import io.tandem.graph.Tensor;
import java.util.Optional;

/**
 * Instance normalization (Ulyanov et al., 2016) of [N, C, spatial...]: each channel of each sample has mean 0 and
 * variance 1, and is scaled and shifted if asked for.
 *
 * @param epsilon added to the variance
 * @param weight scale [C], if there is one
 * @param bias shift [C], if there is one
 */
public record InstanceNorm(double epsilon, Optional<Param> weight, Optional<Param> bias) implements Layer {
    /** Checks epsilon. */
    public InstanceNorm {
        if (!(epsilon >= 0)) {
            throw new IllegalArgumentException("instance-norm: epsilon must not be negative, got " + epsilon);
        }
    }

    /** Epsilon 1e-5, without scale and shift. */
    public static InstanceNorm of() {
        return new InstanceNorm(1e-5, Optional.empty(), Optional.empty());
    }

    /** This layer with another epsilon, and parameters of its own. */
    public InstanceNorm withEpsilon(double value) {
        return new InstanceNorm(value, weight.map(Param::fresh), bias.map(Param::fresh));
    }

    /** This layer with a scale and a shift per channel, which start at 1 and 0. */
    public InstanceNorm withScaleAndShift() {
        return new InstanceNorm(
                epsilon, Optional.of(Param.of(Initializers.ones())), Optional.of(Param.of(Initializers.zeros())));
    }

    @Override
    public Tensor forward(Tensor x) {
        Layers.requireRank("instance-norm", x, 3, Integer.MAX_VALUE);
        return GroupNorm.normalize(x, x.dim(1), epsilon, weight, bias);
    }
}
