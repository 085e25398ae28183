package io.tandem.nn;

import io.tandem.graph.Tensor;
import io.tandem.tensor.Shape;

/**
 * ReLU with a learned slope of the negative part (He et al., 2015): x where positive, slope x elsewhere. Input and
 * output are [N, C, ...].
 *
 * @param perChannel whether each channel (axis 1) has a slope of its own
 * @param weight the slope, [1] or [C]
 */
public record PRelu(boolean perChannel, Param weight) implements Layer {
    /** One slope for all channels, which starts at 0.25. */
    public static PRelu of() {
        return new PRelu(false, Param.of(Initializers.constant(0.25)));
    }

    /** This layer with one slope per channel, and a parameter of its own. */
    public PRelu withSlopePerChannel() {
        return new PRelu(true, weight.fresh());
    }

    /** This layer with another initial slope, and a parameter of its own. */
    public PRelu withWeights(Initializer initializer) {
        return new PRelu(perChannel, Param.of(initializer));
    }

    @Override
    public Tensor forward(Tensor x) {
        Trace trace = Trace.of(x);
        if (!perChannel) {
            return x.gt(0).select(x, x.mul(trace.param(weight, Shape.of(1))));
        }
        Layers.requireRank("PReLU", x, 2, Integer.MAX_VALUE);
        Tensor slope = Layers.perChannel(trace.param(weight, Shape.of(x.dim(1))), x.rank());
        return x.gt(0).select(x, x.mul(slope));
    }
}
