package io.tandem.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.backend.Device;
import io.tandem.data.DataLoader;
import io.tandem.data.Dataset;
import io.tandem.models.Autoencoder;
import io.tandem.nn.Losses;
import io.tandem.nn.Model;
import io.tandem.optim.Adam;
import io.tandem.optim.Schedules;
import io.tandem.samples.bench.Precision;
import io.tandem.samples.data.Mnist;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import io.tandem.train.State;
import io.tandem.train.Trainer;
import io.tandem.train.Training;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Autoencoders: reconstruction, reduction to two dimensions, use as pretraining. */
@Tag("contract")
class Contract5_7AutoencoderTest {
    private static List<Double> fit(Autoencoder network, State state, Dataset images, int batch, int epochs) {
        DataLoader batches = DataLoader.of(images.columns(0, 0), batch).shuffled(1);
        Training training = Training.of(
                Model.of(network, 1, 28, 28),
                Losses.meanSquaredError(),
                Adam.of(Schedules.oneCycle(2e-3, (long) epochs * batches.batchesPerEpoch())));
        return Trainer.of(training).fit(state, batches, epochs).epochs().stream()
                .map(e -> e.training().get("loss"))
                .toList();
    }

    @Tag("slow")
    @Test
    void denseCodesOfTwoNumbersBeatPrincipalComponents() {
        Mnist digits = RealDigits.load(20_000, 2_000);
        Autoencoder network = Autoencoder.dense(2, 1, 28, 28);
        try (Device device = Device.of("cpu"); State state = State.of(Model.of(network, 1, 28, 28), device, 1)) {
            fit(network, state, digits.train(), 64, 6);
            AutoencoderFigures figures = AutoencoderFigures.of(network, state, digits, 2);
            assertTrue(figures.error() < 0.85 * figures.principalError(), figures::toString);
            assertTrue(figures.principalError() < 0.9 * figures.meanError(), figures::toString);
            assertTrue(figures.nearestAccuracy() > 0.5, figures::toString);
        }
    }

    @Tag("slow")
    @Test
    void pretrainingHelpsWithFewLabels() {
        Mnist digits = RealDigits.load(20_000, 2_000);
        Autoencoder network = Autoencoder.dense(32, 1, 28, 28);
        try (Device device = Device.of("cpu"); State state = State.of(Model.of(network, 1, 28, 28), device, 1)) {
            fit(network, state, digits.train(), 64, 5);
            Pretraining pretraining = new Pretraining(network, digits, Precision.F32, 1);
            Dataset examples = pretraining.examples(5);
            double pretrained = pretraining.accuracy(Optional.of(state), device, examples);
            double scratch = pretraining.accuracy(Optional.empty(), device, examples);
            assertTrue(pretrained > scratch,
                    () -> pretrained + " on the encoder, " + scratch + " from scratch");
            assertThrows(IllegalArgumentException.class, () -> pretraining.examples(20_000));
        }
    }

    @Tag("slow")
    @Test
    void convolutionalOnesLearnToo() {
        Mnist digits = Mnist.drawn(96, 1, 1);
        Autoencoder network = Autoencoder.convolutional(8, 1, 28, 28);
        Model model = Model.of(network, 1, 28, 28);
        assertEquals(List.of(TensorType.f32(1, 28, 28)), model.outputs());
        assertEquals(List.of(TensorType.f32(8)), Model.of(network.encoding(), 1, 28, 28).outputs());
        try (Device device = Device.of("cpu"); State state = State.of(model, device, 1)) {
            List<Double> losses = fit(network, state, digits.train(), 16, 4);
            assertTrue(losses.getLast() < 0.9 * losses.getFirst(), losses::toString);
        }
        assertThrows(IllegalArgumentException.class, () -> Autoencoder.convolutional(8, 1, 30, 28));
    }

    @Test
    void principalComponentsOfPointsOnALine() {
        // (1, 2) t + (3, 0), and a little across.
        NDArray rows = NDArray.of(Shape.of(4, 2), 1, -4, 2, -2, 4, 2, 5, 4);
        PrincipalComponents line = PrincipalComponents.of(rows, 1);
        assertEquals(0, line.error(rows), 1e-9);
        assertEquals(2, Math.abs(line.axes()[0][1] / line.axes()[0][0]), 1e-9);
        assertEquals((4 + 1 + 1 + 4) * 5 / 8.0, line.meanError(rows), 1e-9);
        assertThrows(IllegalArgumentException.class, () -> PrincipalComponents.of(rows, 3));
    }

    @Test
    void theNearestCodesVote() {
        Codes here = new Codes(NDArray.of(Shape.of(5, 1), 0, 1, 2, 10, 11), NDArray.ofInts(Shape.of(5), 0, 0, 1, 1, 1));
        Codes there = new Codes(NDArray.of(Shape.of(3, 1), 0.4f, 10.2f, 1.9f), NDArray.ofInts(Shape.of(3), 0, 1, 1));
        assertEquals(2 / 3.0, here.accuracyOfNearest(there, 3), 1e-9);
        assertEquals(1, here.accuracyOfNearest(there, 1), 1e-9);
    }
}
