package io.tandem.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.tandem.backend.Device;
import io.tandem.data.ArrayDataset;
import io.tandem.graph.GraphException;
import io.tandem.graph.Tensor;
import io.tandem.nn.Layer;
import io.tandem.nn.Loss;
import io.tandem.nn.Losses;
import io.tandem.nn.Model;
import io.tandem.optim.Sgd;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import io.tandem.train.Evaluation;
import io.tandem.train.Metric;
import io.tandem.train.Metrics;
import io.tandem.train.State;
import io.tandem.train.Training;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Metrics, computed on the device in batches, against their definitions. A backend's test extends this. */
public abstract class MetricConformance {
    /** The device under test. */
    protected abstract Device open();

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
    void accuracyOfASingleClassIsRefused() {
        NDArray logits = NDArray.of(Shape.of(3, 1), 1, -2, 3);
        NDArray targets = NDArray.of(Shape.of(3, 1), 0, 1, 1);
        GraphException e = assertThrows(
                GraphException.class,
                () -> figures(logits, targets, Losses.meanSquaredError(), Metrics.accuracy()));
        assertEquals(
                "accuracy: the prediction f32[3, 1] needs two or more classes on axis 1; for one logit per sample use"
                        + " binaryAccuracy",
                e.getMessage());
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
}
