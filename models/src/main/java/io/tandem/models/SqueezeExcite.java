package io.tandem.models;

import io.tandem.graph.Tensor;
import io.tandem.nn.Activation;
import io.tandem.nn.Dense;
import io.tandem.nn.GlobalAveragePool;
import io.tandem.nn.Initializers;
import io.tandem.nn.Layer;
import io.tandem.nn.Sequential;

/**
 * Squeeze and excitation (Hu et al., 2018): weights the channels of [N, C, height, width] by factors from 0 to 1, which
 * two dense layers compute from the channels' means.
 *
 * @param gate from [N, C, height, width] to the factors [N, C]
 */
public record SqueezeExcite(Sequential gate) implements Layer {
    /**
     * A gate with ReLU inside and the logistic function at its end.
     *
     * @param channels number of channels
     * @param reduction how many times fewer the units inside are, 16 as a rule
     */
    public static SqueezeExcite of(int channels, int reduction) {
        if (reduction < 1 || channels < reduction) {
            throw new IllegalArgumentException("squeeze-and-excite: the reduction must be from 1 to the " + channels
                    + " channels, got " + reduction);
        }
        return new SqueezeExcite(Sequential.of(
                GlobalAveragePool.of(),
                Dense.of(channels / reduction).withWeights(Initializers.heUniform()),
                Activation.relu(),
                Dense.of(channels),
                Activation.sigmoid()));
    }

    @Override
    public Tensor forward(Tensor x) {
        Tensor factors = gate.apply(x);
        return x.mul(factors.reshape(x.dim(0), x.dim(1), 1, 1));
    }
}
