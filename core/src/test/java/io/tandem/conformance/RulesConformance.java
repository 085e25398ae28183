package io.tandem.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.backend.Device;
import io.tandem.data.ArrayDataset;
import io.tandem.graph.Tensor;
import io.tandem.nn.Activation;
import io.tandem.nn.Dense;
import io.tandem.nn.Dropout;
import io.tandem.nn.Embedding;
import io.tandem.nn.Flatten;
import io.tandem.nn.Layer;
import io.tandem.nn.Loss;
import io.tandem.nn.Losses;
import io.tandem.nn.Model;
import io.tandem.nn.Sequential;
import io.tandem.optim.Adam;
import io.tandem.optim.MaxNorm;
import io.tandem.optim.Regularizer;
import io.tandem.optim.Sgd;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import io.tandem.train.Evaluation;
import io.tandem.train.State;
import io.tandem.train.StopOnNonFinite;
import io.tandem.train.TrainStep;
import io.tandem.train.Trainer;
import io.tandem.train.Training;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/**
 * What a training step does beside gradient and optimizer: accumulation, averages, limits, the guard, metrics; each against
 * arithmetic on the host. A backend's test extends this.
 */
public abstract class RulesConformance {
    /** The device under test. */
    protected abstract Device open();

    private static NDArray inputs(int batch, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        return NDArray.generate(TensorType.f32(batch, 4), i -> random.nextDouble(-1, 1));
    }

    private static NDArray labels(int batch, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        return NDArray.generate(TensorType.of(DType.I32, batch), i -> random.nextInt(TrainingRuns.CLASSES));
    }

    private static void requireClose(NDArray expected, NDArray actual, double tolerance, String what) {
        for (long i = 0; i < expected.shape().size(); i++) {
            assertEquals(expected.getDouble(i), actual.getDouble(i), tolerance, what + "[" + i + "]");
        }
    }

    @Test
    void accumulatedBatchesMakeTheUpdateOfOneLargeBatch() {
        Model model = TrainingRuns.perceptron();
        Training whole = Training.of(model, Losses.crossEntropy(), Adam.of(0.01));
        try (Device device = open();
                State a = State.of(model, device, 2);
                State b = State.of(model, device, 2);
                TrainStep large = new TrainStep(whole, a, TensorType.of(DType.I32));
                TrainStep parts = new TrainStep(whole.withAccumulation(3), b, TensorType.of(DType.I32))) {
            for (int update = 0; update < 4; update++) {
                NDArray x = inputs(10, update);
                NDArray t = labels(10, 50L + update);
                large.run(List.of(x), t);
                NDArray before = b.get("0.weight");
                // Unequal parts: each counts by its samples.
                parts.run(List.of(x.rows(0, 4)), t.rows(0, 4));
                parts.run(List.of(x.rows(4, 9)), t.rows(4, 9));
                assertEquals(before, b.get("0.weight"), "no update before the last part");
                parts.run(List.of(x.rows(9, 10)), t.rows(9, 10));
            }
            for (String path : model.variables().keySet()) {
                requireClose(a.get(path), b.get(path), 1e-5, path);
            }
            assertEquals(12, parts.steps());
            assertEquals(4, b.get("optimizer.step").getLong(0));
            // What is left makes an update when it is asked for, and nothing makes none.
            parts.run(List.of(inputs(2, 9)), labels(2, 9));
            parts.flush();
            parts.flush();
            assertEquals(5, b.get("optimizer.step").getLong(0));
        }
    }

    @Test
    void averagesFollowTheParameters() {
        Model model = TrainingRuns.perceptron();
        Training training =
                Training.of(model, Losses.crossEntropy(), Sgd.of(0.5)).withAverage(0.8);
        try (Device device = open();
                State state = State.of(model, device, 2);
                TrainStep step = new TrainStep(training, state, TensorType.of(DType.I32))) {
            double[] average = state.get("0.weight").toDoubles();
            for (int i = 0; i < 5; i++) {
                step.run(List.of(inputs(6, i)), labels(6, i));
                double[] now = state.get("0.weight").toDoubles();
                for (int k = 0; k < now.length; k++) {
                    average[k] = 0.8 * average[k] + 0.2 * now[k];
                }
            }
            requireClose(
                    NDArray.ofDoubles(Shape.of(8, 4), average), state.get("average.0.weight"), 1e-6, "average");
            NDArray x = inputs(3, 77);
            NDArray plain;
            NDArray averaged;
            try (Evaluation own = new Evaluation(model, state);
                    Evaluation mean = Evaluation.averaged(model, state)) {
                plain = own.predict(x);
                averaged = mean.predict(x);
            }
            assertFalse(plain.equals(averaged));
            // The same model with the averages in place of the parameters.
            Map<String, NDArray> values = new HashMap<>();
            model.variables().keySet().forEach(path -> values.put(path, state.get("average." + path)));
            values.forEach(state::set);
            try (Evaluation own = new Evaluation(model, state)) {
                assertEquals(averaged, own.predict(x));
            }
        }
        try (Device device = open();
                State state = State.of(model, device, 2)) {
            assertThrows(IllegalArgumentException.class, () -> Evaluation.averaged(model, state));
        }
    }

    @Test
    void penaltiesPullAtWeightsAndLeaveBiasesAlone() {
        Model model = Model.of(Sequential.of(Dense.of(3).withBias((type, seed) -> NDArray.full(type, 0.5))), 4);
        Loss nothing = (prediction, target) -> prediction.mul(0).sum();
        Map<Regularizer, double[]> cases = Map.of(
                Regularizer.l1(0.03), new double[] {0.03, 0},
                Regularizer.l2(0.2), new double[] {0, 0.2},
                Regularizer.elasticNet(0.03, 0.2), new double[] {0.03, 0.2},
                Regularizer.l2(0.2).on(path -> path.equals("elsewhere")), new double[] {0, 0});
        cases.forEach((regularizer, factors) -> {
            Training training = Training.of(model, nothing, Sgd.of(1)).withRegularizers(regularizer);
            try (Device device = open();
                    State state = State.of(model, device, 2);
                    TrainStep step = new TrainStep(training, state, TensorType.of(DType.I32))) {
                NDArray before = state.get("0.weight");
                step.run(List.of(inputs(5, 1)), labels(5, 1));
                // The derivatives of l1 |w| and of l2 w², which has no one half.
                NDArray expected = NDArray.generate(before.type(), i -> before.getDouble(i)
                        - factors[0] * Math.signum(before.getDouble(i)) - 2 * factors[1] * before.getDouble(i));
                requireClose(expected, state.get("0.weight"), 1e-6, "weight");
                assertEquals(NDArray.full(TensorType.f32(3), 0.5), state.get("0.bias"));
            }
        });
    }

    @Test
    void normsStayWithinTheirLimit() {
        Model model = TrainingRuns.perceptron();
        Training training = Training.of(model, Losses.crossEntropy(), Sgd.of(5))
                .withLimits(MaxNorm.of(0.7).on(path -> path.startsWith("0.")));
        try (Device device = open();
                State state = State.of(model, device, 2);
                TrainStep step = new TrainStep(training, state, TensorType.of(DType.I32))) {
            for (int i = 0; i < 5; i++) {
                step.run(List.of(inputs(6, i)), labels(6, i));
            }
            double largest = largestRow(state.get("0.weight"));
            assertEquals(0.7, largest, 1e-5, "a rate of 5 makes weights grow up to the limit");
            assertTrue(largestRow(state.get("2.weight")) > 0.8, "other parameters are not limited");
        }
    }

    private static double largestRow(NDArray weight) {
        int width = weight.shape().dim(1);
        double largest = 0;
        for (int row = 0; row < weight.shape().dim(0); row++) {
            double squares = 0;
            for (int i = 0; i < width; i++) {
                double value = weight.getDouble((long) row * width + i);
                squares += value * value;
            }
            largest = Math.max(largest, Math.sqrt(squares));
        }
        return largest;
    }

    /** A layer whose result is not a number where its input is below a limit. */
    private record Logarithm(double offset) implements Layer {
        @Override
        public Tensor forward(Tensor x) {
            return x.add(offset).log();
        }
    }

    private static Model fragile() {
        return Model.of(Sequential.of(new Logarithm(5), Dense.of(4), Dropout.of(0.2), Dense.of(3)), 4);
    }

    private static NDArray withBad(NDArray x) {
        float[] values = x.toFloats();
        values[5] = -7;
        return NDArray.of(x.shape(), values);
    }

    @Test
    void theGuardLetsABadBatchChangeNothing() {
        Model model = fragile();
        Training training = Training.of(model, Losses.crossEntropy(), Adam.of(0.01)).withGuard();
        try (Device device = open();
                State guarded = State.of(model, device, 2);
                State clean = State.of(model, device, 2);
                TrainStep step = new TrainStep(training, guarded, TensorType.of(DType.I32));
                TrainStep other = new TrainStep(training, clean, TensorType.of(DType.I32))) {
            for (int i = 0; i < 6; i++) {
                NDArray x = inputs(5, i);
                if (i == 3) {
                    Map<String, NDArray> before = guarded.snapshot();
                    float loss = step.run(List.of(withBad(x)), labels(5, i)).loss();
                    assertTrue(Float.isNaN(loss), "the loss can be read: " + loss);
                    guarded.snapshot().forEach((path, value) -> {
                        if (!path.startsWith("train.")) {
                            assertEquals(before.get(path), value, path);
                        }
                    });
                }
                step.run(List.of(x), labels(5, i));
                other.run(List.of(x), labels(5, i));
            }
            assertEquals(1, step.skipped());
            assertEquals(0, other.skipped());
            assertEquals(other.figures(), step.figures(), "a skipped batch does not enter the figures");
            model.variables().keySet().forEach(path -> assertEquals(clean.get(path), guarded.get(path), path));
        }
    }

    @Test
    void whatIsNotFiniteIsFoundWithStepOperationAndLayer() {
        Model model = fragile();
        List<NDArray> rows = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            rows.add(i == 3 ? withBad(inputs(4, i)) : inputs(4, i));
        }
        float[] all = new float[5 * 16];
        for (int i = 0; i < 5; i++) {
            System.arraycopy(rows.get(i).toFloats(), 0, all, 16 * i, 16);
        }
        var data = ArrayDataset.of(NDArray.of(Shape.of(20, 4), all), labels(20, 1)).batches(4);
        for (boolean guarded : new boolean[] {true, false}) {
            Training plain = Training.of(model, Losses.crossEntropy(), Adam.of(0.01));
            StopOnNonFinite stop = StopOnNonFinite.of().withInterval(1);
            try (Device device = open();
                    State state = State.of(model, device, 2)) {
                var history = Trainer.of(guarded ? plain.withGuard() : plain).with(stop).fit(state, data, 2);
                assertTrue(history.epochs().isEmpty());
                String fault = stop.fault().orElseThrow();
                TrainingRuns.requireContains(fault, "step 3", "epoch 0", "NaN");
                if (guarded) {
                    TrainingRuns.requireContains(fault, "log(", "in layer 0");
                }
                assertEquals(fault, history.stopped().orElseThrow());
            }
        }
        // Looked at rarely, the step is still the right one.
        StopOnNonFinite rarely = StopOnNonFinite.of();
        try (Device device = open();
                State state = State.of(model, device, 2)) {
            Trainer.of(Training.of(model, Losses.crossEntropy(), Adam.of(0.01))).with(rarely).fit(state, data, 3);
            TrainingRuns.requireContains(rarely.fault().orElseThrow(), "step 3", "epoch 0");
        }
    }

    @Test
    void indicesOutsideNameTheLayer() {
        Model model = Model.of(
                Sequential.of(Embedding.of(5, 4), Flatten.of(), Dense.of(3)), TensorType.of(DType.I32, 2));
        Training training = Training.of(model, Losses.crossEntropy(), Sgd.of(0.1));
        NDArray good = NDArray.ofInts(Shape.of(2, 2), 0, 1, 2, 3);
        NDArray labels = NDArray.ofInts(Shape.of(2), 0, 2);
        try (Device device = open();
                State state = State.of(model, device, 1);
                Evaluation evaluation = new Evaluation(model, state);
                TrainStep step = new TrainStep(training, state, TensorType.of(DType.I32))) {
            IllegalArgumentException index = assertThrows(
                    IllegalArgumentException.class,
                    () -> evaluation.predict(NDArray.ofInts(Shape.of(2, 2), 0, 9, 2, 3)));
            assertEquals(
                    "gather in 0: index 9 (number 1 of 4) is outside of axis 0, whose size is 5; 4 was used instead",
                    index.getMessage());
            assertTrue(Float.isFinite(step.run(List.of(good), labels).loss()));
            IllegalArgumentException label = assertThrows(
                    IllegalArgumentException.class,
                    () -> step.run(List.of(good), NDArray.ofInts(Shape.of(2), 0, 3)).loss());
            assertEquals(
                    "cross-entropy: label 3 at position 1 of the batch is outside the classes 0 to 2 that the model predicts",
                    label.getMessage());
        }
    }

    @Test
    void gradientsOfZeroAreNoFault() {
        // A dead network has no gradient, and that is no fault.
        Model model = Model.of(Sequential.of(Dense.of(4).withBias((type, seed) -> NDArray.full(type, -100)),
                Activation.relu(), Dense.of(3)), 4);
        StopOnNonFinite stop = StopOnNonFinite.of().withInterval(1);
        try (Device device = open();
                State state = State.of(model, device, 2)) {
            NDArray before = state.get("0.weight");
            Trainer.of(Training.of(model, Losses.crossEntropy(), Sgd.of(0.1)).withGuard())
                    .with(stop)
                    .fit(state, TrainingRuns.points(12, 3).batches(4), 1);
            assertTrue(stop.fault().isEmpty());
            assertEquals(before, state.get("0.weight"));
        }
    }
}
