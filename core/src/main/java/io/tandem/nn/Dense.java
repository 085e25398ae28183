package io.tandem.nn;

import io.tandem.graph.Tensor;
import io.tandem.tensor.Shape;
import java.util.Optional;

/**
 * A fully connected layer: {@code x Wᵀ + b} over the last axis, from [..., inputs] to [..., units].
 *
 * @param units number of outputs
 * @param weight [units, inputs]
 * @param bias [units], if there is one
 */
public record Dense(int units, Param weight, Optional<Param> bias) implements Layer {
    /** Checks the number of units. */
    public Dense {
        if (units < 1) {
            throw new IllegalArgumentException("dense: units must be at least 1, got " + units);
        }
    }

    /** A layer with Glorot-uniform weights and a bias that starts at zero. */
    public static Dense of(int units) {
        return new Dense(units, Param.of(Initializers.glorotUniform()), Optional.of(Param.of(Initializers.zeros())));
    }

    /** This layer with other initial weights, and parameters of its own. */
    public Dense withWeights(Initializer initializer) {
        return new Dense(units, Param.of(initializer), bias.map(Param::fresh));
    }

    /** This layer without bias, and with parameters of its own. */
    public Dense withoutBias() {
        return new Dense(units, weight.fresh(), Optional.empty());
    }

    /** This layer with another initial bias, and parameters of its own. */
    public Dense withBias(Initializer initializer) {
        return new Dense(units, weight.fresh(), Optional.of(Param.of(initializer)));
    }

    @Override
    public Tensor forward(Tensor x) {
        Layers.requireRank("dense", x, 1, Integer.MAX_VALUE);
        Trace trace = Trace.of(x);
        Tensor w = trace.param(weight, Shape.of(units, x.dim(-1)));
        Tensor rows = x.rank() == 1 ? x.expandDims(0) : x;
        Tensor product = rows.matmul(w, false, true);
        Tensor y = bias.map(b -> product.add(trace.param(b, Shape.of(units)))).orElse(product);
        return x.rank() == 1 ? y.squeeze(0) : y;
    }
}
