package io.tandem.nn;

import io.tandem.graph.Tensor;
import io.tandem.tensor.Shape;
import java.util.Optional;

/**
 * Group normalization (Wu and He, 2018) of [N, C, ...]: each sample's channels are divided into groups, each group has
 * mean 0 and variance 1, then each channel is scaled and shifted.
 *
 * @param groups number of groups
 * @param epsilon added to the variance
 * @param weight scale [C], if there is one
 * @param bias shift [C], if there is one
 */
public record GroupNorm(int groups, double epsilon, Optional<Param> weight, Optional<Param> bias) implements Layer {
    /** Checks the numbers. */
    public GroupNorm {
        if (groups < 1 || !(epsilon >= 0)) {
            throw new IllegalArgumentException("group-norm: groups must be at least 1 and epsilon not negative, got "
                    + groups + " and " + epsilon);
        }
    }

    /** Epsilon 1e-5, scale and shift that start at 1 and 0. */
    public static GroupNorm of(int groups) {
        return new GroupNorm(
                groups, 1e-5, Optional.of(Param.of(Initializers.ones())), Optional.of(Param.of(Initializers.zeros())));
    }

    /** This layer with another epsilon, and parameters of its own. */
    public GroupNorm withEpsilon(double value) {
        return new GroupNorm(groups, value, weight.map(Param::fresh), bias.map(Param::fresh));
    }

    /** This layer without scale and shift. */
    public GroupNorm withoutScaleAndShift() {
        return new GroupNorm(groups, epsilon, Optional.empty(), Optional.empty());
    }

    @Override
    public Tensor forward(Tensor x) {
        Layers.requireRank("group-norm", x, 2, Integer.MAX_VALUE);
        Layers.requireDivisible("group-norm", x, groups);
        return normalize(x, groups, epsilon, weight, bias);
    }

    /** What group and instance normalization have in common. */
    static Tensor normalize(Tensor x, int groups, double epsilon, Optional<Param> weight, Optional<Param> bias) {
        Trace trace = Trace.of(x);
        int members = Math.toIntExact(x.shape().size() / Math.max(1, (long) x.dim(0) * groups));
        Tensor grouped = x.reshape(Shape.of(x.dim(0), groups, members));
        Tensor centered = grouped.sub(grouped.mean(2).expandDims(2));
        Tensor inverse = centered.square().mean(2).add(epsilon).rsqrt();
        Tensor y = centered.mul(inverse.expandDims(2)).reshape(x.shape());
        Shape channels = Shape.of(x.dim(1));
        Tensor scaled = weight.map(w -> y.mul(Layers.perChannel(trace.param(w, channels), x.rank())))
                .orElse(y);
        return bias.map(b -> scaled.add(Layers.perChannel(trace.param(b, channels), x.rank())))
                .orElse(scaled);
    }
}
