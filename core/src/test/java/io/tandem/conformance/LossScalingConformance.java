package io.tandem.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.backend.Device;
import io.tandem.data.DataLoader;
import io.tandem.nn.Activation;
import io.tandem.nn.BatchNorm;
import io.tandem.nn.Dense;
import io.tandem.nn.Dropout;
import io.tandem.nn.Initializers;
import io.tandem.nn.Loss;
import io.tandem.nn.Losses;
import io.tandem.nn.MixedPrecision;
import io.tandem.nn.Model;
import io.tandem.nn.Sequential;
import io.tandem.optim.Adam;
import io.tandem.optim.Clipping;
import io.tandem.optim.Sgd;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.TensorType;
import io.tandem.train.Checkpoint;
import io.tandem.train.History;
import io.tandem.train.LossScaling;
import io.tandem.train.ModelCheckpoint;
import io.tandem.train.State;
import io.tandem.train.StopOnNonFinite;
import io.tandem.train.TrainStep;
import io.tandem.train.Trainer;
import io.tandem.train.Training;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Scaling of the loss: what an overflow changes and what it leaves, and that nobody else sees it. A backend's test extends this. */
public abstract class LossScalingConformance {
    private static final String SCALE = "optimizer.loss_scale";
    private static final String UPDATES = "optimizer.loss_scale_updates";
    private static final TensorType TARGET = TensorType.f32(1);

    @TempDir
    Path folder;

    /** The device under test. */
    protected abstract Device open();

    /**
     * Statistics, random numbers, and an output of 0 at first: with two targets of 2 the gradient of each prediction is -2,
     * so that a factor of 2^15 takes it just beyond float16's 65,504.
     */
    private static Model network() {
        return Model.of(
                Sequential.of(
                        Dropout.of(0.25),
                        Dense.of(3),
                        BatchNorm.of(),
                        Activation.relu(),
                        Dense.of(1).withWeights(Initializers.zeros()).withoutBias()),
                4);
    }

    private static Training training(LossScaling scaling) {
        return Training.of(network(), Losses.meanSquaredError(), Sgd.of(1e-3).withMomentum(0.9))
                .withPrecision(MixedPrecision.f16())
                .withLossScaling(scaling);
    }

    private static NDArray inputs(int batch, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        return NDArray.generate(TensorType.f32(batch, 4), i -> random.nextDouble(-1, 1));
    }

    private static NDArray targets(double... values) {
        return NDArray.generate(TensorType.f32(values.length, 1), i -> values[(int) i]);
    }

    private static Set<String> changed(Map<String, NDArray> before, Map<String, NDArray> after) {
        Set<String> changed = new HashSet<>(after.keySet());
        changed.removeIf(path -> after.get(path).equals(before.get(path)));
        return changed;
    }

    @Test
    void anOverflowHalvesTheFactorAndChangesNothingElse() {
        try (Device device = open();
                State state = State.of(network(), device, 1);
                TrainStep step = new TrainStep(
                        training(LossScaling.dynamic().withInitial(0x1p15)), state, TARGET)) {
            Map<String, NDArray> before = state.snapshot();
            float loss = step.run(List.of(inputs(2, 1)), targets(2, 2)).loss();
            assertEquals(4, loss, "the loss is not scaled, and finite");
            assertEquals(-1, step.failedAt(), "no error");
            assertEquals(1, step.skipped());
            assertEquals(0x1p14, step.lossScale());
            assertEquals(Set.of(SCALE, "train.skipped", "train.runs"), changed(before, state.snapshot()));

            step.run(List.of(inputs(2, 1)), targets(2, 2)).loss();
            assertEquals(1, step.skipped());
            assertEquals(0x1p14, step.lossScale());
            assertEquals(1, state.get("optimizer.step").getLong(0));
            Set<String> changed = changed(before, state.snapshot());
            assertTrue(
                    changed.containsAll(Set.of("4.weight", "optimizer.velocity.4.weight", "2.runningMean", UPDATES)),
                    changed.toString());
        }
    }

    @Test
    void updatesInARowDoubleTheFactor() {
        try (Device device = open();
                State state = State.of(network(), device, 1);
                TrainStep step = new TrainStep(
                        training(LossScaling.dynamic().withInitial(0x1p10).withInterval(3)), state, TARGET)) {
            double[] expected = {0x1p10, 0x1p10, 0x1p11, 0x1p11, 0x1p10, 0x1p10, 0x1p10, 0x1p11};
            for (int i = 0; i < expected.length; i++) {
                // Step 4 overflows, and the row begins anew.
                double target = i == 4 ? 1000 : 0.1;
                step.run(List.of(inputs(2, i)), targets(target, target));
                assertEquals(expected[i], step.lossScale(), "after step " + i);
            }
            assertEquals(1, step.skipped());
        }
    }

    @Test
    void aConstantFactorStaysButOverflowsAreLeftOut() {
        try (Device device = open();
                State state = State.of(network(), device, 1);
                TrainStep step = new TrainStep(training(LossScaling.constant(0x1p15)), state, TARGET)) {
            step.run(List.of(inputs(2, 1)), targets(2, 2));
            step.run(List.of(inputs(2, 1)), targets(0.5, 0.5));
            assertEquals(1, step.skipped());
            assertEquals(0x1p15, step.lossScale());
            assertEquals(1, state.get("optimizer.step").getLong(0));
        }
    }

    @Test
    void oneOverflowLeavesOutTheWholeAccumulatedUpdate() {
        Training accumulating =
                training(LossScaling.dynamic().withInitial(0x1p14)).withAccumulation(3);
        try (Device device = open();
                State state = State.of(network(), device, 1);
                TrainStep step = new TrainStep(accumulating, state, TARGET)) {
            NDArray weight = state.get("4.weight");
            for (double target : new double[] {1, 8, 1}) {
                step.run(List.of(inputs(2, 1)), targets(target, target));
            }
            assertEquals(1, step.skipped());
            assertEquals(0x1p13, step.lossScale());
            assertEquals(weight, state.get("4.weight"));
            assertEquals(0, state.get("optimizer.step").getLong(0));
            for (int i = 0; i < 3; i++) {
                step.run(List.of(inputs(2, 1)), targets(1, 1));
            }
            assertEquals(1, step.skipped());
            assertEquals(1, state.get("optimizer.step").getLong(0));
            assertNotEquals(weight, state.get("4.weight"));
        }
    }

    @Test
    void clippingAccumulationAndOptimizerSeeUnscaledGradients() {
        // Powers of two change no bits of float32.
        Model model = TrainingRuns.perceptron();
        Training plain = Training.of(model, Losses.crossEntropy(), Adam.of(0.01))
                .withClipping(Clipping.byGlobalNorm(0.1))
                .withAccumulation(2);
        List<UnaryOperator<Training>> forms = List.of(t -> t, t -> t.withAccumulation(1));
        for (UnaryOperator<Training> form : forms) {
            try (Device device = open();
                    State a = State.of(model, device, 2);
                    State b = State.of(model, device, 2)) {
                History unscaled = Trainer.of(form.apply(plain)).fit(a, points(), 2);
                History scaled = Trainer.of(form.apply(plain).withLossScaling(LossScaling.constant(0x1p12)))
                        .fit(b, points(), 2);
                a.snapshot().forEach((path, value) -> assertEquals(value, b.get(path), path));
                assertEquals(unscaled.last().training(), scaled.last().training());
            }
        }
    }

    private static DataLoader points() {
        return DataLoader.of(TrainingRuns.points(20, 1), 4).shuffled(1);
    }

    @Test
    void smallGradientsAreLostWithoutScalingAndLearnedWithIt() {
        // Gradients of predictions are below 6e-8, float16's least number.
        Loss tiny = (prediction, target) -> Losses.meanSquaredError().of(prediction, target).mul(1e-9);
        Model model = Model.of(Dense.of(1).withWeights(Initializers.zeros()), 4).withPrecision(MixedPrecision.f16());
        Training scaled = Training.of(model, tiny, Sgd.of(2e8));
        assertEquals(LossScaling.dynamic(), scaled.scaling().orElseThrow());
        for (boolean scaling : new boolean[] {false, true}) {
            try (Device device = open();
                    State state = State.of(model, device, 1);
                    TrainStep step =
                            new TrainStep(scaling ? scaled : scaled.withoutLossScaling(), state, TARGET)) {
                NDArray weight = state.get("weight");
                double first = step.run(List.of(inputs(8, 1)), sums(inputs(8, 1))).loss();
                double last = first;
                for (int i = 0; i < 30; i++) {
                    last = step.run(List.of(inputs(8, 1)), sums(inputs(8, 1))).loss();
                }
                if (scaling) {
                    assertTrue(last < 0.1 * first, first + " to " + last);
                } else {
                    assertEquals(weight, state.get("weight"), "gradients of zero");
                    assertEquals(first, last);
                }
                assertEquals(0, step.skipped());
            }
        }
    }

    private static NDArray sums(NDArray x) {
        return NDArray.generate(
                TensorType.f32(x.shape().dim(0), 1),
                i -> x.getDouble(4 * i) + x.getDouble(4 * i + 1) - 0.5 * x.getDouble(4 * i + 2));
    }

    @Test
    void resumesBitForBit() {
        UnaryOperator<Training> rules = t -> t.withPrecision(MixedPrecision.f16())
                .withLossScaling(LossScaling.dynamic().withInitial(0x1p20).withInterval(4));
        Trainer trainer = Trainer.of(rules.apply(TrainingRuns.training(TrainingRuns.network())))
                .with(StopOnNonFinite.of());
        TrainingRuns.Outcome expected;
        try (Device device = open()) {
            expected = TrainingRuns.run(device, trainer, TrainingRuns.loader(), TrainingRuns.EPOCHS);
        }
        assertTrue(expected.values().get("train.skipped").getLong(0) > 0, "the run has overflows");
        assertTrue(expected.values().get("optimizer.step").getLong(0) > 4, "and updates");
        for (int place : new int[] {1, 4, 9}) {
            Path at = folder.resolve("at-" + place);
            try (Device device = open();
                    State state = State.of(trainer.training().model(), device, 3)) {
                trainer.with(new TrainingRuns.StopAfter(place))
                        .with(ModelCheckpoint.to(at).withEpochs(0))
                        .fit(state, TrainingRuns.loader(), TrainingRuns.images(10, 6), TrainingRuns.EPOCHS);
            }
            try (Device device = open();
                    State state = State.of(trainer.training().model(), device, 99)) {
                History history = trainer.resuming(Checkpoint.read(at))
                        .fit(state, TrainingRuns.loader(), TrainingRuns.images(10, 6), TrainingRuns.EPOCHS);
                expected.requireEqual(TrainingRuns.Outcome.of(state, history), "resumed at " + place);
            }
        }
    }
}
