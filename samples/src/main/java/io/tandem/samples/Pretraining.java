package io.tandem.samples;

import io.tandem.backend.Device;
import io.tandem.data.DataLoader;
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
 * A classifier with few labels on an autoencoder's encoder, which has seen all images without labels.
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

    /**
     * Trains all layers of encoder and head on some labels.
     *
     * @param trained the values of the trained autoencoder; without, the encoder starts at random
     * @param each labels per digit
     * @return the accuracy on all test images
     */
    double accuracy(Optional<State> trained, Device device, int each) {
        Model model = precision.of(Model.of(network.under(Dense.of(CLASSES)), 1, 28, 28));
        try (State state = State.of(model, device, seed + 1)) {
            trained.ifPresent(values -> model.variables().keySet().stream()
                    .filter(path -> path.startsWith("encoder."))
                    .forEach(path -> state.set(path, values.get(path))));
            DataLoader batches = DataLoader.of(Digits.firstOfEach(digits.train(), CLASSES, each), BATCH)
                    .shuffled(seed);
            Training training = Training.of(model, Losses.crossEntropy(), Adam.of(1e-3));
            Trainer.of(training).fit(state, batches, EPOCHS);
            try (Evaluation evaluation = new Evaluation(model, state)) {
                return evaluation
                        .evaluate(digits.test(), 250, Losses.crossEntropy(), List.of(Metrics.accuracy()))
                        .get("accuracy");
            }
        }
    }
}
