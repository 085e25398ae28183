package io.tandem.samples;

import io.tandem.backend.Device;
import io.tandem.data.DataLoader;
import io.tandem.data.Dataset;
import io.tandem.models.LeNet5;
import io.tandem.nn.Activation;
import io.tandem.nn.Dense;
import io.tandem.nn.Initializers;
import io.tandem.nn.Losses;
import io.tandem.nn.Model;
import io.tandem.nn.Sequential;
import io.tandem.optim.Adam;
import io.tandem.optim.Schedules;
import io.tandem.samples.bench.Precision;
import io.tandem.samples.data.Digits;
import io.tandem.samples.data.Mnist;
import io.tandem.train.Callback;
import io.tandem.train.Evaluation;
import io.tandem.train.Loading;
import io.tandem.train.Metrics;
import io.tandem.train.State;
import io.tandem.train.Trainer;
import io.tandem.train.Training;
import io.tandem.train.WeightFile;
import java.nio.file.Path;
import java.util.List;

/**
 * Transfer learning: what a network has learned of the digits 0 to 4 helps it with few examples of 5 to 9.
 *
 * @param digits all of them
 * @param device where to train
 * @param precision the arithmetic
 * @param seed of all random numbers
 */
record Transfer(Mnist digits, Device device, Precision precision, long seed) {
    private static final int CLASSES = 5;
    private static final int PRETRAIN_BATCH = 128;
    private static final int ADAPT_BATCH = 10;

    /** LeNet-5's features under a new head. */
    private static LeNet5 network() {
        return new LeNet5(
                LeNet5.of().features(),
                Sequential.of(
                        Dense.of(84).withWeights(Initializers.heUniform()), Activation.relu(), Dense.of(CLASSES)));
    }

    /** The digits 0 to 4 of the training images. */
    Dataset source() {
        return Digits.between(digits.train(), 0, CLASSES - 1);
    }

    /**
     * Trains on the digits 0 to 4 and writes all weights to a file.
     *
     * @param file its ending, .npz or .safetensors, chooses the format
     * @return the accuracy on the test images of these digits
     */
    double pretrain(Dataset source, int epochs, Path file, Callback progress) {
        Model model = precision.of(Model.of(network(), 1, 28, 28));
        DataLoader batches = DataLoader.of(source, PRETRAIN_BATCH).shuffled(seed);
        long steps = (long) epochs * batches.batchesPerEpoch();
        Training training = Training.of(
                model, Losses.crossEntropy(), Adam.of(Schedules.oneCycle(4e-3, Math.max(4, steps))))
                .withMetrics(Metrics.accuracy());
        try (State state = State.of(model, device, seed)) {
            Trainer.of(training).with(progress).fit(state, batches, epochs);
            WeightFile.save(state, file);
            return accuracy(model, state, Digits.between(digits.test(), 0, CLASSES - 1));
        }
    }

    /** The digits 5 to 9, so many of each. */
    Dataset target(int each) {
        return Digits.firstOfEach(Digits.between(digits.train(), CLASSES, 2 * CLASSES - 1), CLASSES, each);
    }

    /**
     * Takes the features from a file, freezes them, and trains a new head.
     *
     * @return the accuracy on the test images of the digits 5 to 9
     */
    double adapt(Dataset target, int epochs, Path file) {
        Model model = precision.of(Model.of(network(), 1, 28, 28)).freeze("features");
        try (State state = State.of(model, device, seed + 1)) {
            WeightFile.load(state, file, Loading.strict().only("features"));
            return learn(model, state, target, epochs);
        }
    }

    /** Trains the whole network on the same samples, from random weights. */
    double fromScratch(Dataset target, int epochs) {
        Model model = precision.of(Model.of(network(), 1, 28, 28));
        try (State state = State.of(model, device, seed + 1)) {
            return learn(model, state, target, epochs);
        }
    }

    private double learn(Model model, State state, Dataset target, int epochs) {
        DataLoader batches = DataLoader.of(target, ADAPT_BATCH).shuffled(seed);
        Training training = Training.of(model, Losses.crossEntropy(), Adam.of(1e-3));
        Trainer.of(training).fit(state, batches, epochs);
        return accuracy(model, state, Digits.between(digits.test(), CLASSES, 2 * CLASSES - 1));
    }

    private static double accuracy(Model model, State state, Dataset test) {
        try (Evaluation evaluation = new Evaluation(model, state)) {
            return evaluation
                    .evaluate(test, 256, Losses.crossEntropy(), List.of(Metrics.accuracy()))
                    .get("accuracy");
        }
    }
}
