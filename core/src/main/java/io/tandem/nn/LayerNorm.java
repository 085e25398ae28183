package io.tandem.nn;

import io.tandem.graph.Composites;
import io.tandem.graph.Graph;
import io.tandem.graph.Tensor;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.util.Optional;

/**
 * Layer normalization (Ba et al., 2016) over the last axes: mean 0 and variance 1, then scale and shift per element.
 *
 * @param axes number of axes that are normalized together
 * @param epsilon added to the variance
 * @param weight scale, of the normalized axes' shape, if there is one
 * @param bias shift, of the normalized axes' shape, if there is one
 */
public record LayerNorm(int axes, double epsilon, Optional<Param> weight, Optional<Param> bias) implements Layer {
    /** Checks the numbers. */
    public LayerNorm {
        if (axes < 1 || !(epsilon >= 0)) {
            throw new IllegalArgumentException(
                    "layer-norm: axes must be at least 1 and epsilon not negative, got " + axes + " and " + epsilon);
        }
    }

    /** Over the last axis, with epsilon 1e-5, scale and shift that start at 1 and 0. */
    public static LayerNorm of() {
        return over(1);
    }

    /** Over the given number of last axes. */
    public static LayerNorm over(int axes) {
        return new LayerNorm(
                axes, 1e-5, Optional.of(Param.of(Initializers.ones())), Optional.of(Param.of(Initializers.zeros())));
    }

    /** This layer with another epsilon, and parameters of its own. */
    public LayerNorm withEpsilon(double value) {
        return new LayerNorm(axes, value, weight.map(Param::fresh), bias.map(Param::fresh));
    }

    /** This layer without shift, and with parameters of its own. */
    public LayerNorm withoutBias() {
        return new LayerNorm(axes, epsilon, weight.map(Param::fresh), Optional.empty());
    }

    /** This layer without scale and shift. */
    public LayerNorm withoutScaleAndShift() {
        return new LayerNorm(axes, epsilon, Optional.empty(), Optional.empty());
    }

    @Override
    public Tensor forward(Tensor x) {
        Layers.requireRank("layer-norm", x, axes, Integer.MAX_VALUE);
        Trace trace = Trace.of(x);
        Graph graph = x.graph();
        Shape shape = x.shape().subShape(x.rank() - axes, x.rank());
        TensorType type = new TensorType(x.dtype(), shape);
        Tensor scale = weight.map(w -> trace.param(w, shape)).orElseGet(() -> graph.full(type, 1));
        Tensor shift = bias.map(b -> trace.param(b, shape)).orElseGet(() -> graph.zeros(type));
        return Composites.layerNorm(x, scale, shift, epsilon).getFirst();
    }
}
