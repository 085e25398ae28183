package io.tandem.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.backend.Device;
import io.tandem.data.ArrayDataset;
import io.tandem.graph.GraphException;
import io.tandem.graph.Tensor;
import io.tandem.nn.Activation;
import io.tandem.nn.Dense;
import io.tandem.nn.Dropout;
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
import io.tandem.train.Metric;
import io.tandem.train.Metrics;
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

    private record Identity() implements Layer {
        @Override
        public Tensor forward(Tensor x) {
            return x;
        }
    }

    /** The figures of predictions that are given. */
    private Map<String, Double> figures(NDArray predictions, NDArray targets, Loss loss, Metric... metrics) {
        Model model = Model.of(new Identity(), predictions.shape().subShape(1, predictions.shape().rank()).toArray());
        try (Device device = open();
                State state = State.of(model, device, 1);
                Evaluation evaluation = new Evaluation(model, state)) {
            // In batches of unequal size, so that sums over batches are part of the test.
            return evaluation.evaluate(ArrayDataset.of(predictions, targets), 7, loss, List.of(metrics));
        }
    }

    @Test
    void metricsOfClasses() {
        SplittableRandom random = new SplittableRandom(4);
        int n = 40;
        int classes = 4;
        NDArray logits = NDArray.generate(TensorType.f32(n, classes), i -> random.nextDouble(-2, 2));
        // Class 3 never occurs.
        NDArray labels = NDArray.generate(TensorType.of(DType.I32, n), i -> random.nextInt(3));
        double[][] confusion = new double[classes][classes];
        double nats = 0;
        double within2 = 0;
        for (int i = 0; i < n; i++) {
            int best = 0;
            int truth = (int) labels.getLong(i);
            double sum = 0;
            int better = 0;
            for (int c = 0; c < classes; c++) {
                double value = logits.getDouble((long) i * classes + c);
                best = value > logits.getDouble((long) i * classes + best) ? c : best;
                sum += Math.exp(value);
                better += value > logits.getDouble((long) i * classes + truth) ? 1 : 0;
            }
            within2 += better < 2 ? 1 : 0;
            nats += Math.log(sum) - logits.getDouble((long) i * classes + truth);
            confusion[truth][best]++;
        }
        double right = 0;
        double precision = 0;
        double recall = 0;
        double f1 = 0;
        for (int c = 0; c < 3; c++) {
            double taken = 0;
            double occurring = 0;
            for (int k = 0; k < classes; k++) {
                taken += confusion[k][c];
                occurring += confusion[c][k];
            }
            right += confusion[c][c];
            double p = confusion[c][c] / taken;
            double r = confusion[c][c] / occurring;
            precision += p / 3;
            recall += r / 3;
            f1 += 2 * p * r / (p + r) / 3;
        }
        Map<String, Double> figures = figures(
                logits,
                labels,
                Losses.crossEntropy(),
                Metrics.accuracy(),
                Metrics.topK(2),
                Metrics.confusion(classes),
                Metrics.precision(classes),
                Metrics.recall(classes),
                Metrics.f1(classes),
                Metrics.perplexity(Losses.crossEntropy()),
                Metrics.loss("nats", Losses.crossEntropy()));
        assertEquals(right / n, figures.get("accuracy"), 1e-6);
        assertEquals(right / n, figures.get("confusion"), 1e-6);
        assertEquals(within2 / n, figures.get("top-2"), 1e-6);
        assertEquals(precision, figures.get("precision"), 1e-6);
        assertEquals(recall, figures.get("recall"), 1e-6);
        assertEquals(f1, figures.get("f1"), 1e-6);
        assertEquals(Math.exp(nats / n), figures.get("perplexity"), 1e-4);
        assertEquals(figures.get("loss"), figures.get("nats"), 1e-9);
    }

    @Test
    void metricsOfTwoClasses() {
        SplittableRandom random = new SplittableRandom(6);
        int n = 60;
        NDArray labels = NDArray.generate(TensorType.f32(n, 1), i -> random.nextInt(2));
        NDArray logits =
                NDArray.generate(TensorType.f32(n, 1), i -> random.nextDouble(-2, 2) + labels.getDouble(i));
        double[] counts = new double[4];
        double ordered = 0;
        double pairs = 0;
        for (int i = 0; i < n; i++) {
            counts[(labels.getDouble(i) > 0 ? 2 : 0) + (logits.getDouble(i) > 0 ? 1 : 0)]++;
            for (int k = 0; k < n; k++) {
                if (labels.getDouble(i) > labels.getDouble(k)) {
                    pairs++;
                    ordered += logits.getDouble(i) > logits.getDouble(k) ? 1 : 0;
                }
            }
        }
        double precision = counts[3] / (counts[3] + counts[1]);
        double recall = counts[3] / (counts[3] + counts[2]);
        Map<String, Double> figures = figures(
                logits,
                labels,
                Losses.binaryCrossEntropyFromLogits(),
                Metrics.binaryAccuracy(),
                Metrics.binaryPrecision(),
                Metrics.binaryRecall(),
                Metrics.binaryF1(),
                Metrics.rocAuc());
        assertEquals((counts[0] + counts[3]) / n, figures.get("accuracy"), 1e-6);
        assertEquals(precision, figures.get("precision"), 1e-6);
        assertEquals(recall, figures.get("recall"), 1e-6);
        assertEquals(2 * precision * recall / (precision + recall), figures.get("f1"), 1e-6);
        assertEquals(ordered / pairs, figures.get("roc-auc"), 5e-3);
    }

    @Test
    void metricsOfNumbers() {
        NDArray y = NDArray.of(Shape.of(8, 1), 1, 2, 3, 4, 5, 6, 7, 9);
        NDArray t = NDArray.of(Shape.of(8, 1), 1, 2, 4, 4, 5, 5, 7, 8);
        Map<String, Double> figures = figures(
                y,
                t,
                Losses.meanSquaredError(),
                Metrics.meanAbsoluteError(),
                Metrics.meanSquaredError(),
                Metrics.r2());
        assertEquals(3.0 / 8, figures.get("mae"), 1e-6);
        assertEquals(3.0 / 8, figures.get("mse"), 1e-6);
        // The variance of the targets: their mean is 4.5, the sum of squares 200.
        assertEquals(1 - 3 / (200 - 8 * 4.5 * 4.5), figures.get("r2"), 1e-6);
    }

    @Test
    void metricsOfOneNameAreRefused() {
        Model model = TrainingRuns.perceptron();
        for (Metric[] metrics : new Metric[][] {
            {Metrics.accuracy(), Metrics.binaryAccuracy()}, {Metrics.loss("loss", Losses.crossEntropy())}
        }) {
            TrainingRuns.requireContains(
                    assertThrows(
                            IllegalArgumentException.class,
                            () -> Training.of(model, Losses.crossEntropy(), Sgd.of(1)).withMetrics(metrics))
                            .getMessage(),
                    "two figures", metrics[0].name());
        }
    }

    @Test
    void metricsOfShapesThatDoNotFitAreRefused() {
        // [8, 1] and [8] would broadcast to 64 pairs.
        NDArray y = NDArray.zeros(TensorType.f32(8, 1));
        NDArray t = NDArray.zeros(TensorType.f32(8));
        Loss any = (prediction, target) -> prediction.sum().add(target.sum());
        for (Metric metric : List.of(Metrics.meanAbsoluteError(), Metrics.meanSquaredError(), Metrics.r2())) {
            TrainingRuns.requireContains(
                    assertThrows(GraphException.class, () -> figures(y, t, any, metric)).getMessage(),
                    metric.name(), "f32[7, 1]", "f32[7]");
        }
        NDArray labels = NDArray.zeros(TensorType.of(DType.I32, 8, 1));
        NDArray logits = NDArray.zeros(TensorType.f32(8, 3));
        Loss sum = (prediction, target) -> prediction.sum();
        for (Metric metric : List.of(Metrics.accuracy(), Metrics.topK(2))) {
            TrainingRuns.requireContains(
                    assertThrows(GraphException.class, () -> figures(logits, labels, sum, metric)).getMessage(),
                    metric.name(), "[7, 1]");
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
