package io.tandem.models;

import io.tandem.graph.Tensor;
import io.tandem.nn.Activation;
import io.tandem.nn.Dense;
import io.tandem.nn.Flatten;
import io.tandem.nn.Initializers;
import io.tandem.nn.Layer;
import io.tandem.nn.Sequential;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * A multi-layer perceptron: dense layers with an activation between them, from [N, ...] to [N, outputs]. Inputs of
 * several axes, such as images, are flattened.
 *
 * @param layers the layers
 */
public record Mlp(Sequential layers) implements Layer {
    /**
     * A perceptron with ReLU and He-uniform weights in the hidden layers.
     *
     * @param units sizes of the hidden layers, then of the output; the input's size follows from the input
     */
    public static Mlp of(int... units) {
        return of(Activation::relu, units);
    }

    /**
     * A perceptron with another activation.
     *
     * @param activation makes the activation after each hidden layer
     * @param units sizes of the hidden layers, then of the output
     */
    public static Mlp of(Supplier<? extends Layer> activation, int... units) {
        if (units.length == 0) {
            throw new IllegalArgumentException("an MLP needs at least the number of its outputs");
        }
        List<Layer> layers = new ArrayList<>(List.of(Flatten.of()));
        for (int i = 0; i < units.length - 1; i++) {
            layers.add(Dense.of(units[i]).withWeights(Initializers.heUniform()));
            layers.add(activation.get());
        }
        layers.add(Dense.of(units[units.length - 1]));
        return new Mlp(new Sequential(layers));
    }

    @Override
    public Tensor forward(Tensor x) {
        return layers.apply(x);
    }
}
