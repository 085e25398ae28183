package io.tandem.samples.tutorial;

import io.tandem.backend.Device;
import io.tandem.data.DataLoader;
import io.tandem.nn.Activation;
import io.tandem.nn.Conv;
import io.tandem.nn.Dense;
import io.tandem.nn.Flatten;
import io.tandem.nn.Losses;
import io.tandem.nn.MaxPool;
import io.tandem.nn.Model;
import io.tandem.nn.Sequential;
import io.tandem.optim.Adam;
import io.tandem.samples.data.Mnist;
import io.tandem.tensor.NDArray;
import io.tandem.train.Evaluation;
import io.tandem.train.Metrics;
import io.tandem.train.State;
import io.tandem.train.Trainer;
import io.tandem.train.Training;

/** A small convolutional network that reads digits. */
final class Chapter07Digits {
    private Chapter07Digits() {}

    static void main() {
        // tag: model
        Model model = Model.of(
                Sequential.of(
                        Conv.conv2d(8, 3), Activation.relu(), MaxPool.pool2d(2),
                        Conv.conv2d(16, 3), Activation.relu(), MaxPool.pool2d(2),
                        Flatten.of(), Dense.of(10)),
                1, 28, 28);
        // end
        // tag: train
        Mnist digits = Mnist.drawn(1_000, 300, 1);
        Training training = Training.of(model, Losses.crossEntropy(), Adam.of(5e-3)).withMetrics(Metrics.accuracy());
        try (Device device = Device.best(); State state = State.of(model, device, 1)) {
            DataLoader batches = DataLoader.of(digits.train(), 50).shuffled(1);
            System.out.println(
                    "test: " + Trainer.of(training).fit(state, batches, digits.test(), 4).last().validation());
            try (Evaluation evaluation = new Evaluation(model, state)) {
                NDArray logits = evaluation.predict(digits.test().rows(0, 1).column(0));
                System.out.println("the first digit is read as: " + logits.argMax(1).getLong(0));
            }
        }
        // end
    }
}
