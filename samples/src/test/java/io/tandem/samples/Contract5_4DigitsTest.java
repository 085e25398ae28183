package io.tandem.samples;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.backend.Device;
import io.tandem.data.DataLoader;
import io.tandem.nn.Losses;
import io.tandem.nn.Model;
import io.tandem.optim.Adam;
import io.tandem.optim.Schedules;
import io.tandem.samples.data.Mnist;
import io.tandem.train.Metrics;
import io.tandem.train.State;
import io.tandem.train.Trainer;
import io.tandem.train.Training;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Short forms of the training runs on MNIST, whose full figures stand in docs/contract.md. */
@Tag("contract")
class Contract5_4DigitsTest {
    /** The accuracy on the test images after training on the first images. */
    static double train(NamedModel named, int images, int epochs, double rate) {
        Mnist digits = RealDigits.load(images, 10_000);
        Model model = named.model();
        DataLoader batches = DataLoader.of(digits.train(), 64).shuffled(1);
        long steps = (long) epochs * batches.batchesPerEpoch();
        Training training = Training.of(model, Losses.crossEntropy(), Adam.of(Schedules.oneCycle(rate, steps)))
                .withMetrics(Metrics.accuracy());
        try (Device device = Device.of("cpu"); State state = State.of(model, device, 1)) {
            return Trainer.of(training)
                    .fit(state, batches, digits.test(), epochs)
                    .last()
                    .validation()
                    .get("accuracy");
        }
    }

    @Tag("slow")
    @Test
    void leNet5LearnsFromAFifthOfTheImages() {
        double accuracy = train(NamedModel.LENET5, 12_000, 2, 4e-3);
        assertTrue(accuracy >= 0.96, () -> "accuracy " + accuracy);
    }
}
