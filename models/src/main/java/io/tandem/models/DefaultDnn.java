package io.tandem.models;

import io.tandem.graph.Tensor;
import io.tandem.nn.Activation;
import io.tandem.nn.BatchNorm;
import io.tandem.nn.Dense;
import io.tandem.nn.Dropout;
import io.tandem.nn.Flatten;
import io.tandem.nn.Initializers;
import io.tandem.nn.Layer;
import io.tandem.nn.Loss;
import io.tandem.nn.Model;
import io.tandem.nn.Sequential;
import io.tandem.optim.Adam;
import io.tandem.train.Training;
import java.util.ArrayList;
import java.util.List;

/**
 * The preset for deep dense networks to begin with: He-normal weights, batch normalization, ELU and dropout in each hidden
 * layer; {@link #training} adds Adam with a constant rate. From [N, ...] to [N, outputs]; inputs of several axes are
 * flattened.
 *
 * @param layers the layers
 */
public record DefaultDnn(Sequential layers) implements Layer {
    /** Share of the hidden units that are dropped unless told otherwise. */
    public static final double DROPOUT = 0.2;

    /** Adam's learning rate unless told otherwise. */
    public static final double RATE = 1e-3;

    /**
     * A network with dropout {@value #DROPOUT}.
     *
     * @param units sizes of the hidden layers, then of the output; the input's size follows from the input
     */
    public static DefaultDnn of(int... units) {
        return withDropout(DROPOUT, units);
    }

    /**
     * A network.
     *
     * @param rate share of the hidden units that are dropped, 0 to below 1
     * @param units sizes of the hidden layers, then of the output
     */
    public static DefaultDnn withDropout(double rate, int... units) {
        if (units.length == 0) {
            throw new IllegalArgumentException("a network needs at least the number of its outputs");
        }
        List<Layer> layers = new ArrayList<>(List.of(Flatten.of()));
        for (int i = 0; i < units.length - 1; i++) {
            // The normalization's shift takes the place of a bias.
            layers.add(Dense.of(units[i]).withWeights(Initializers.heNormal()).withoutBias());
            layers.add(BatchNorm.of());
            layers.add(Activation.elu());
            layers.add(Dropout.of(rate));
        }
        layers.add(Dense.of(units[units.length - 1]).withWeights(Initializers.heNormal()));
        return new DefaultDnn(new Sequential(layers));
    }

    /** Training by Adam with rate {@value #RATE} and no schedule. */
    public static Training training(Model model, Loss loss) {
        return Training.of(model, loss, Adam.of(RATE));
    }

    @Override
    public Tensor forward(Tensor x) {
        return layers.apply(x);
    }
}
