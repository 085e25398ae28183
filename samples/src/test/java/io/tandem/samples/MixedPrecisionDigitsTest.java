package io.tandem.samples;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.backend.Device;
import io.tandem.data.DataLoader;
import io.tandem.nn.Losses;
import io.tandem.nn.Model;
import io.tandem.optim.Adam;
import io.tandem.optim.Schedules;
import io.tandem.samples.bench.Precision;
import io.tandem.samples.data.Mnist;
import io.tandem.train.Metrics;
import io.tandem.train.State;
import io.tandem.train.Trainer;
import io.tandem.train.Training;
import java.util.EnumMap;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Mixed precision reaches on MNIST what float32 reaches. */
@Tag("slow")
class MixedPrecisionDigitsTest {
    private static final int EPOCHS = 4;

    private static double accuracy(Precision precision, Mnist digits) {
        Model model = precision.of(NamedModel.MLP.model());
        DataLoader batches = DataLoader.of(digits.train(), 128).shuffled(1);
        Training training = Training.of(
                model,
                Losses.crossEntropy(),
                Adam.of(Schedules.oneCycle(4e-3, (long) EPOCHS * batches.batchesPerEpoch())))
                .withMetrics(Metrics.accuracy());
        try (Device device = Device.of("cpu"); State state = State.of(model, device, 1)) {
            return Trainer.of(training)
                    .fit(state, batches, digits.test(), EPOCHS)
                    .last()
                    .validation()
                    .get("accuracy");
        }
    }

    @Test
    void withinAFifthOfAPointOfFloat32() {
        Mnist digits = RealDigits.load();
        Map<Precision, Double> reached = new EnumMap<>(Precision.class);
        for (Precision precision : new Precision[] {Precision.F32, Precision.BF16, Precision.F16}) {
            reached.put(precision, accuracy(precision, digits));
        }
        double exact = reached.get(Precision.F32);
        assertTrue(exact > 0.975, reached.toString());
        assertTrue(reached.get(Precision.BF16) >= exact - 0.002, reached.toString());
        assertTrue(reached.get(Precision.F16) >= exact - 0.002, reached.toString());
    }
}
