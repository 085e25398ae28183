package io.tandem.models;

import io.tandem.nn.Activation;
import io.tandem.nn.Dense;
import io.tandem.nn.Dropout;
import io.tandem.nn.Flatten;
import io.tandem.nn.Initializer;
import io.tandem.nn.Initializers;
import io.tandem.nn.Layer;
import io.tandem.nn.Loss;
import io.tandem.nn.Model;
import io.tandem.nn.Sequential;
import io.tandem.optim.Adam;
import io.tandem.optim.Optimizer;
import io.tandem.optim.Regularizer;
import io.tandem.optim.RmsProp;
import io.tandem.optim.Sgd;
import io.tandem.search.Candidate;
import io.tandem.search.Parameter;
import io.tandem.search.SearchSpace;
import io.tandem.tensor.TensorType;
import io.tandem.train.Training;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The usual hyperparameters of dense networks: a search space, and the models and trainings of its candidates. */
public final class DenseSearch {
    /** The number of hidden layers. */
    public static final Parameter<Integer> LAYERS = Parameter.integers("layers", 1, 3);

    /** Units of each hidden layer. */
    public static final Parameter<Integer> UNITS = Parameter.choice("units", 16, 32, 64, 128);

    /** The activation of the hidden layers. */
    public static final Parameter<Activation> ACTIVATION = Parameter.choice(
            "activation",
            ordered(
                    "relu", Activation.relu(), "elu", Activation.elu(), "tanh", Activation.tanh(), "sigmoid",
                    Activation.sigmoid()));

    /** The initial weights of the hidden layers. */
    public static final Parameter<Initializer> INITIALIZER = Parameter.choice(
            "initializer",
            ordered(
                    "glorot", Initializers.glorotUniform(), "he", Initializers.heNormal(), "lecun",
                    Initializers.lecunNormal(), "orthogonal", Initializers.orthogonal(1)));

    /** How parameters follow their gradients. */
    public static final Parameter<Method> OPTIMIZER =
            Parameter.choice("optimizer", ordered("sgd", Method.SGD, "adam", Method.ADAM, "rmsprop", Method.RMSPROP));

    /** The learning rate. */
    public static final Parameter<Double> RATE = Parameter.logUniform("rate", 1e-4, 1e-1);

    /** What keeps weights small. */
    public static final Parameter<Penalty> REGULARIZER = Parameter.choice(
            "regularizer",
            ordered("none", Penalty.NONE, "l1", Penalty.L1, "l2", Penalty.L2, "dropout", Penalty.DROPOUT));

    /** Optimizers to choose from. */
    public enum Method {
        /** Gradient descent with momentum 0.9. */
        SGD,
        /** Adam. */
        ADAM,
        /** RMSProp. */
        RMSPROP
    }

    /** Regularizers to choose from. */
    public enum Penalty {
        /** None. */
        NONE,
        /** 1e-5 times the sum of absolute weights. */
        L1,
        /** 1e-4 times the sum of squared weights. */
        L2,
        /** A fifth of the hidden units is dropped. */
        DROPOUT
    }

    private DenseSearch() {}

    /** All of these hyperparameters. */
    public static SearchSpace space() {
        return SearchSpace.of(LAYERS, UNITS, ACTIVATION, INITIALIZER, OPTIMIZER, RATE, REGULARIZER);
    }

    /**
     * The model of a candidate.
     *
     * @param input type of one sample; inputs of several axes are flattened
     * @param outputs number of outputs
     */
    public static Model model(Candidate candidate, TensorType input, int outputs) {
        List<Layer> layers = new ArrayList<>(List.of(Flatten.of()));
        for (int i = 0; i < candidate.get(LAYERS); i++) {
            layers.add(Dense.of(candidate.get(UNITS)).withWeights(candidate.get(INITIALIZER)));
            layers.add(candidate.get(ACTIVATION));
            if (candidate.get(REGULARIZER) == Penalty.DROPOUT) {
                layers.add(Dropout.of(0.2));
            }
        }
        layers.add(Dense.of(outputs));
        return Model.of(new Sequential(layers), input);
    }

    /** The training of a candidate's model. */
    public static Training training(Candidate candidate, Model model, Loss loss) {
        double rate = candidate.get(RATE);
        Optimizer optimizer = switch (candidate.get(OPTIMIZER)) {
            case SGD -> Sgd.of(rate).withMomentum(0.9);
            case ADAM -> Adam.of(rate);
            case RMSPROP -> RmsProp.of(rate);
        };
        Training training = Training.of(model, loss, optimizer);
        return switch (candidate.get(REGULARIZER)) {
            case NONE, DROPOUT -> training;
            case L1 -> training.withRegularizers(Regularizer.l1(1e-5));
            case L2 -> training.withRegularizers(Regularizer.l2(1e-4));
        };
    }

    /** A map in the order of the arguments. */
    private static <T> Map<String, T> ordered(String a, T first, String b, T second, String c, T third) {
        Map<String, T> map = new LinkedHashMap<>();
        map.put(a, first);
        map.put(b, second);
        map.put(c, third);
        return map;
    }

    private static <T> Map<String, T> ordered(
            String a, T first, String b, T second, String c, T third, String d, T fourth) {
        Map<String, T> map = ordered(a, first, b, second, c, third);
        map.put(d, fourth);
        return map;
    }
}
