package io.tandem.samples;

import io.tandem.backend.Device;
import io.tandem.data.DataLoader;
import io.tandem.data.Dataset;
import io.tandem.models.Autoencoder;
import io.tandem.nn.Dense;
import io.tandem.nn.Losses;
import io.tandem.nn.Model;
import io.tandem.optim.Adam;
import io.tandem.samples.bench.Precision;
import io.tandem.samples.data.Digits;
import io.tandem.samples.data.Mnist;
import io.tandem.train.Evaluation;
import io.tandem.train.Metrics;
import io.tandem.train.State;
import io.tandem.train.Trainer;
import io.tandem.train.Training;
import java.util.List;
import java.util.Optional;

/**
 * A classifier with few labels on an autoencoder's encoder, which has seen all images without labels. The head learns first,
 * on the frozen encoder: otherwise its random start would spoil the encoder. Then all layers learn a little. From scratch all
 * layers learn for as many epochs.
 *
 * @param network the autoencoder
 * @param digits images and labels
 * @param precision the arithmetic
 * @param seed of the head and of the order
 */
record Pretraining(Autoencoder network, Mnist digits, Precision precision, long seed) {
    private static final int CLASSES = 10;
    private static final int BATCH = 20;
    private static final int EPOCHS = 60;
    /** A single classifier's accuracy is off its mean by a percent or two. */
    private static final int CLASSIFIERS = 5;

    /**
     * The labelled images.
     *
     * @param each labels per digit
     * @throws IllegalArgumentException if there are not so many
     */
    Dataset examples(int each) {
        return Digits.firstOfEach(digits.train(), CLASSES, each);
    }

    /**
     * Trains encoder and head on some labels, several times with other heads and orders.
     *
     * @param trained the values of the trained autoencoder; without, the encoder starts at random
     * @param examples what {@link #examples} gives
     * @return the mean accuracy on all test images
     */
    double accuracy(Optional<State> trained, Device device, Dataset examples) {
        Model model = precision.of(Model.of(network.under(Dense.of(CLASSES)), 1, 28, 28));
        double sum = 0;
        for (int i = 0; i < CLASSIFIERS; i++) {
            DataLoader batches = DataLoader.of(examples, BATCH).shuffled(seed + i);
            try (State state = State.of(model, device, seed + 1 + i)) {
                trained.ifPresentOrElse(
                        values -> {
                            model.variables().keySet().stream()
                                    .filter(path -> path.startsWith("encoder."))
                                    .forEach(path -> state.set(path, values.get(path)));
                            learn(model.freeze("encoder"), state, batches, 1e-2, EPOCHS);
                            learn(model, state, batches, 3e-4, EPOCHS);
                        },
                        () -> learn(model, state, batches, 1e-3, 2 * EPOCHS));
                try (Evaluation evaluation = new Evaluation(model, state)) {
                    sum += evaluation
                            .evaluate(digits.test(), 250, Losses.crossEntropy(), List.of(Metrics.accuracy()))
                            .get("accuracy");
                }
            }
        }
        return sum / CLASSIFIERS;
    }

    private static void learn(Model model, State state, DataLoader batches, double rate, int epochs) {
        Trainer.of(Training.of(model, Losses.crossEntropy(), Adam.of(rate))).fit(state, batches, epochs);
    }
}
