package io.tandem.samples;

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
import io.tandem.train.Metrics;
import io.tandem.train.State;
import io.tandem.train.Trainer;
import io.tandem.train.Training;

/** The example of the README: a convolutional network that reads digits. */
public final class HelloDigits {
    private HelloDigits() {}

    /** Trains for one epoch on digits that the program draws. */
    public static void main(String[] arguments) {
        Mnist digits = Mnist.drawn(6_000, 1_000, 1);
        Model model = Model.of(
                Sequential.of(
                        Conv.conv2d(32, 3), Activation.relu(),
                        Conv.conv2d(64, 3), Activation.relu(),
                        MaxPool.pool2d(2), Flatten.of(),
                        Dense.of(128), Activation.relu(),
                        Dense.of(10)),
                1, 28, 28);
        Training training = Training.of(model, Losses.crossEntropy(), Adam.of(1e-3)).withMetrics(Metrics.accuracy());
        try (Device device = Device.best(); State state = State.of(model, device, 1)) {
            DataLoader batches = DataLoader.of(digits.train(), 128).shuffled(1);
            System.out.println(Trainer.of(training).fit(state, batches, digits.test(), 1).last().validation());
        }
    }
}
