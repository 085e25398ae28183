package io.tandem.models.playground;

import io.tandem.backend.Device;
import io.tandem.nn.Activation;
import io.tandem.nn.EnsembleDense;
import io.tandem.nn.Initializers;
import io.tandem.nn.Layer;
import io.tandem.nn.Model;
import io.tandem.nn.Sequential;
import io.tandem.optim.Optimizer;
import io.tandem.optim.Regularizer;
import io.tandem.optim.Sgd;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What is to be learned by what: a data set of points, the features that a network sees, the network and its training. As in
 * TensorFlow's playground the output is one tanh unit for labels -1 and 1, the loss is the mean of ½ (y - f)², weights start
 * uniformly from -0.5 to 0.5 and biases at 0.1, and batches come in the order in which the points were drawn.
 *
 * @param data the set that points are drawn from
 * @param noise of the points, 0 to 1
 * @param samples number of points
 * @param trainingShare share of the points that are trained on; the others are the test data
 * @param features what the network sees
 * @param hidden units of the hidden layers; empty for none
 * @param activation of the hidden layers
 * @param optimizer how weights follow their gradients; it must work element by element
 * @param regularizer a penalty on the weights, if there is one
 * @param batch points per step
 * @param epochs passes over the training points
 */
public record Experiment(
        PointSet data,
        double noise,
        int samples,
        double trainingShare,
        List<Feature> features,
        List<Integer> hidden,
        Activation activation,
        Optimizer optimizer,
        Optional<Regularizer> regularizer,
        int batch,
        int epochs) {
    /** Epochs of an experiment that says nothing else. */
    public static final int EPOCHS = 500;

    /** Checks and copies. */
    public Experiment {
        features = List.copyOf(features);
        hidden = List.copyOf(hidden);
        require(!features.isEmpty(), "an experiment needs at least one feature");
        require(noise >= 0 && noise <= 1, "noise must be from 0 to 1, got " + noise);
        require(trainingShare > 0 && trainingShare < 1,
                "the share of the training points must be between 0 and 1, got " + trainingShare);
        int training = (int) Math.round(samples * trainingShare);
        require(training >= 1 && training < samples,
                "%d points do not leave training and test points with a share of %s"
                        .formatted(samples, trainingShare));
        require(hidden.stream().allMatch(units -> units >= 1), "hidden layers need at least 1 unit, got " + hidden);
        require(batch >= 1, "a batch needs at least 1 point, got " + batch);
        require(epochs >= 0, "the number of epochs must not be negative, got " + epochs);
    }

    /**
     * The playground's defaults: 500 points without noise, half of them for training, features x1 and x2, hidden layers of 4
     * and 2 tanh units, gradient descent with rate 0.03 and batches of 10, {@value #EPOCHS} epochs.
     */
    public static Experiment on(PointSet data) {
        return new Experiment(
                data,
                0,
                500,
                0.5,
                List.of(Feature.X1, Feature.X2),
                List.of(4, 2),
                Activation.tanh(),
                Sgd.of(0.03),
                Optional.empty(),
                10,
                EPOCHS);
    }

    /** With noise. */
    public Experiment withNoise(double amount) {
        return new Experiment(data, amount, samples, trainingShare, features, hidden, activation, optimizer,
                regularizer,
                batch, epochs);
    }

    /** With another number of points, and another share of them for training. */
    public Experiment withSamples(int count, double share) {
        return new Experiment(data, noise, count, share, features, hidden, activation, optimizer, regularizer, batch,
                epochs);
    }

    /** With other features. */
    public Experiment withFeatures(Feature... others) {
        return new Experiment(data, noise, samples, trainingShare, List.of(others), hidden, activation, optimizer,
                regularizer, batch, epochs);
    }

    /** With other hidden layers; without any if no number of units is given. */
    public Experiment withHidden(Integer... units) {
        return new Experiment(data, noise, samples, trainingShare, features, List.of(units), activation, optimizer,
                regularizer, batch, epochs);
    }

    /** With another activation of the hidden layers. */
    public Experiment withActivation(Activation other) {
        return new Experiment(data, noise, samples, trainingShare, features, hidden, other, optimizer, regularizer,
                batch,
                epochs);
    }

    /** With another optimizer, one that works element by element. */
    public Experiment withOptimizer(Optimizer other) {
        return new Experiment(data, noise, samples, trainingShare, features, hidden, activation, other, regularizer,
                batch,
                epochs);
    }

    /** With a penalty on the weights. */
    public Experiment withRegularizer(Regularizer penalty) {
        return new Experiment(data, noise, samples, trainingShare, features, hidden, activation, optimizer,
                Optional.of(penalty), batch, epochs);
    }

    /** With batches of another size. */
    public Experiment withBatch(int points) {
        return new Experiment(data, noise, samples, trainingShare, features, hidden, activation, optimizer, regularizer,
                points, epochs);
    }

    /** With another number of epochs. */
    public Experiment withEpochs(int count) {
        return new Experiment(data, noise, samples, trainingShare, features, hidden, activation, optimizer, regularizer,
                batch, count);
    }

    /**
     * Trains as many networks as wanted in one graph, each on points and from weights of its own.
     *
     * @param device where
     * @param members number of networks
     * @param seed the first network's seed; the others have the following ones
     */
    public Outcome run(Device device, int members, long seed) {
        try (PlaygroundRun run = new PlaygroundRun(this, device, members, seed)) {
            run.train(epochs);
            return run.outcome();
        }
    }

    /** A model of several networks side by side: from [N, members, features] to [N, members]. */
    Model model(int members) {
        List<Layer> layers = new ArrayList<>();
        for (int units : hidden) {
            layers.add(dense(members, units));
            layers.add(activation);
        }
        layers.add(dense(members, 1));
        layers.add(Activation.tanh());
        layers.add(x -> x.squeeze(2));
        return Model.of(new Sequential(layers), members, features.size());
    }

    private static EnsembleDense dense(int members, int units) {
        return EnsembleDense.of(members, units)
                .withWeights(Initializers.uniform(-0.5, 0.5))
                .withBias(Initializers.constant(0.1));
    }

    private static void require(boolean holds, String message) {
        if (!holds) {
            throw new IllegalArgumentException("playground: " + message);
        }
    }
}
