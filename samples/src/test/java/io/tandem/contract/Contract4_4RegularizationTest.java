package io.tandem.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.backend.Device;
import io.tandem.data.ArrayDataset;
import io.tandem.data.DataLoader;
import io.tandem.data.Dataset;
import io.tandem.data.ImageAugmentation;
import io.tandem.data.ImageTransform;
import io.tandem.data.Pass;
import io.tandem.nn.Activation;
import io.tandem.nn.Dense;
import io.tandem.nn.Dropout;
import io.tandem.nn.Initializers;
import io.tandem.nn.Losses;
import io.tandem.nn.Mode;
import io.tandem.nn.Model;
import io.tandem.nn.Sequential;
import io.tandem.optim.Adam;
import io.tandem.optim.MaxNorm;
import io.tandem.optim.Regularizer;
import io.tandem.optim.Sgd;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import io.tandem.train.EarlyStopping;
import io.tandem.train.Evaluation;
import io.tandem.train.History;
import io.tandem.train.Monitor;
import io.tandem.train.State;
import io.tandem.train.TrainStep;
import io.tandem.train.Trainer;
import io.tandem.train.Training;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Section 4.4: what keeps networks from learning the training data by heart. */
@Tag("contract")
class Contract4_4RegularizationTest {
    /** The weights (2, -4) after a step with rate 0.1 without any gradient from the loss. */
    private static double[] after(Training training) {
        try (Device device = Reference.oneThread();
                State state = State.of(training.model(), device, 1);
                TrainStep step = new TrainStep(training, state, TensorType.f32(1))) {
            step.run(List.of(NDArray.zeros(TensorType.f32(1, 2))), NDArray.zeros(TensorType.f32(1, 1)));
            return state.get("weight").toDoubles();
        }
    }

    private static Model weights() {
        return Model.of(Dense.of(1).withWeights(Initializers.of(NDArray.of(Shape.of(1, 2), 2, -4))), 2);
    }

    /** λ = 0.5: the gradient of λΣ|w| is ±0.5, that of λΣw² is 2·0.5·w, without a half. */
    @Test
    void penaltiesAndDecay() {
        Training plain = Training.of(weights(), Losses.meanSquaredError(), Sgd.of(0.1));
        assertArrayEquals(new double[] {2, -4}, after(plain), 1e-7);
        assertArrayEquals(new double[] {1.95, -3.95}, after(plain.withRegularizers(Regularizer.l1(0.5))), 1e-6);
        assertArrayEquals(new double[] {1.8, -3.6}, after(plain.withRegularizers(Regularizer.l2(0.5))), 1e-6);
        assertArrayEquals(
                new double[] {2 - 0.05 - 0.04, -4 + 0.05 + 0.08},
                after(plain.withRegularizers(Regularizer.elasticNet(0.5, 0.1))),
                1e-6);
        // Decoupled: w (1 - 0.1 · 0.5), whatever the gradient's moments.
        assertArrayEquals(
                new double[] {1.9, -3.8},
                after(Training.of(weights(), Losses.meanSquaredError(), Adam.adamW(0.1, 0.5))),
                1e-6);
        // The row's norm √20 is brought back to 3.
        double shrink = 3 / Math.sqrt(20);
        assertArrayEquals(
                new double[] {2 * shrink, -4 * shrink}, after(plain.withLimits(MaxNorm.of(3))), 1e-6);
    }

    @Test
    void dropoutKeepsTheExpectedValueAndRestsInInference() {
        Model model = Model.of(Dropout.of(0.25), 10_000);
        NDArray ones = NDArray.full(TensorType.f32(1, 10_000), 1);
        double[] y = Reference.predict(model, Mode.TRAINING, ones).toDoubles();
        assertTrue(Arrays.stream(y).allMatch(v -> v == 0 || Math.abs(v - 4.0 / 3) < 1e-6));
        assertEquals(0.25, Arrays.stream(y).filter(v -> v == 0).count() / 1e4, 0.02);
        assertEquals(1, Arrays.stream(y).average().orElseThrow(), 0.02);
        assertArrayEquals(ones.toDoubles(), Reference.predict(model, Mode.INFERENCE, ones).toDoubles());
    }

    /** Twelve noisy points and 64 units: the test loss rises again; the best epoch's weights come back. */
    @Test
    void earlyStoppingRestoresTheBestWeights() {
        Random random = new Random(4);
        NDArray x = NDArray.generate(TensorType.f32(72, 1), i -> random.nextDouble(-3, 3));
        NDArray y = NDArray.generate(
                TensorType.f32(72, 1), i -> Math.sin(x.getDouble(i)) + 0.5 * random.nextGaussian());
        Dataset all = ArrayDataset.of(x, y);
        Dataset validation = all.skip(12);
        Model model = Model.of(
                Sequential.of(Dense.of(64), Activation.tanh(), Dense.of(64), Activation.tanh(), Dense.of(1)), 1);
        EarlyStopping stopping = EarlyStopping.of(Monitor.validation("loss"), 40);
        Training training = Training.of(model, Losses.meanSquaredError(), Adam.of(0.01));
        try (Device device = Reference.oneThread(); State state = State.of(model, device, 1)) {
            History history = Trainer.of(training)
                    .with(stopping)
                    .fit(state, DataLoader.of(all.take(12), 12), validation, 2000);
            assertTrue(history.stopped().isPresent());
            assertEquals(stopping.bestEpoch() + 40, history.last().number());
            assertTrue(history.last().validation().get("loss") > stopping.best());
            try (Evaluation evaluation = new Evaluation(model, state)) {
                Map<String, Double> restored =
                        evaluation.evaluate(validation, 60, training.loss(), List.of());
                assertEquals(stopping.best(), restored.get("loss"), 1e-6);
            }
        }
    }

    /** Each one changes the images of an epoch, again in the next one, equally for equal seeds, and keeps labels. */
    @Test
    void augmentations() {
        NDArray images = NDArray.generate(
                TensorType.f32(6, 1, 12, 12), i -> i % 12 > 2 && i % 12 < 8 && i / 12 % 12 > 3 ? i % 7 : 0);
        NDArray labels = NDArray.ofInts(Shape.of(6), 0, 1, 2, 3, 4, 5);
        Map<String, ImageAugmentation> all = Map.of(
                "shift", ImageAugmentation.shift(3),
                "rotate", ImageAugmentation.rotate(20),
                "scale", ImageAugmentation.scale(0.7, 1.3),
                "flip", ImageAugmentation.flipHorizontal(),
                "crop", ImageAugmentation.crop(2),
                "noise", ImageAugmentation.noise(0.1),
                "elastic", ImageAugmentation.elastic(30, 3));
        int[] order = {0, 1, 2, 3, 4, 5};
        all.forEach((name, augmentation) -> {
            Dataset data = ArrayDataset.of(images, labels).map(ImageTransform.of(augmentation));
            var first = data.read(order, new Pass(1, 0), 0);
            assertEquals(images.type(), first.column(0).type(), name);
            assertFalse(images.equals(first.column(0)), name + " changes something");
            assertEquals(labels, first.column(1), name);
            assertEquals(first.column(0), data.read(order, new Pass(1, 0), 0).column(0), name);
            assertFalse(first.column(0).equals(data.read(order, new Pass(1, 1), 0).column(0)), name);
        });
    }
}
