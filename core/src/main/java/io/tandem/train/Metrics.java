package io.tandem.train;

import io.tandem.graph.GraphException;
import io.tandem.graph.Tensor;
import io.tandem.nn.Loss;
import io.tandem.tensor.DType;
import io.tandem.tensor.Shape;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BinaryOperator;
import java.util.function.ToDoubleFunction;

/** The usual metrics. */
public final class Metrics {
    private Metrics() {}

    /** A metric from its parts. */
    public static Metric of(String name, BinaryOperator<Tensor> sums, ToDoubleFunction<double[]> value) {
        return new Metric() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public Tensor sums(Tensor prediction, Tensor target) {
                return sums.apply(prediction, target);
            }

            @Override
            public double value(double[] sums) {
                return value.applyAsDouble(sums);
            }
        };
    }

    /**
     * Checks that the names tell the metrics apart, and from the loss.
     *
     * @throws IllegalArgumentException otherwise
     */
    static List<Metric> distinct(List<Metric> metrics) {
        Set<String> names = new HashSet<>(Set.of("loss"));
        for (Metric metric : metrics) {
            if (!names.add(metric.name())) {
                throw new IllegalArgumentException("two figures are called '" + metric.name()
                        + "': give one of them another name with Metrics.of(name, metric::sums, metric::value)");
            }
        }
        return List.copyOf(metrics);
    }

    /** Shapes that broadcast would give a figure of pairs that do not belong together. */
    private static void requireShape(String metric, Tensor prediction, Tensor target, Shape needed) {
        if (!target.shape().equals(needed)) {
            throw new GraphException("%s: for predictions %s the target must have the shape %s, it is %s"
                    .formatted(metric, prediction.type(), needed, target.type()));
        }
    }

    private static Tensor difference(String metric, Tensor prediction, Tensor target) {
        requireShape(metric, prediction, target, prediction.shape());
        return prediction.sub(target);
    }

    /**
     * A metric of another output than the first, for models with several.
     *
     * @param output number of the output, from 0
     * @param name a name of its own
     * @param metric what is computed of it
     */
    public static Metric ofOutput(int output, String name, Metric metric) {
        if (output < 0) {
            throw new IllegalArgumentException("metric '" + name + "': outputs are numbered from 0, got " + output);
        }
        return new Metric() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public int output() {
                return output;
            }

            @Override
            public Tensor sums(Tensor prediction, Tensor target) {
                return metric.sums(prediction, target);
            }

            @Override
            public double value(double[] sums) {
                return metric.value(sums);
            }
        };
    }

    /**
     * The share of predictions whose largest element along axis 1 is the target's class: predictions [N, classes, ...],
     * targets [N, ...] of class indices, or one-hot in the predictions' shape. Predictions with a single class are refused:
     * they would always be right; see {@link #binaryAccuracy}.
     */
    public static Metric accuracy() {
        return of(
                "accuracy",
                (prediction, target) -> {
                    if (prediction.rank() < 2 || prediction.dim(1) < 2) {
                        throw new GraphException("accuracy: the prediction " + prediction.type()
                                + " needs two or more classes on axis 1; for one logit per sample use binaryAccuracy");
                    }
                    Tensor chosen = prediction.argMax(1);
                    boolean indices = !target.dtype().isFloating();
                    requireShape("accuracy", prediction, target, indices ? chosen.shape() : prediction.shape());
                    Tensor truth = indices ? target.cast(DType.I32) : target.argMax(1);
                    return mean(chosen.eq(truth).cast(DType.F32));
                },
                Metrics::ratio);
    }

    /** As {@link #accuracy}, for two classes: logits [N] or [N, 1] above 0 mean class 1. */
    public static Metric binaryAccuracy() {
        return of(
                "accuracy",
                (prediction, target) -> {
                    Tensor truth = target.reshape(prediction.shape()).cast(prediction.dtype()).gt(0.5);
                    return mean(prediction.gt(0).xor(truth).not().cast(DType.F32));
                },
                Metrics::ratio);
    }

    /** The share of targets that are among the {@code k} classes with the largest logits; ties count for the target. */
    public static Metric topK(int k) {
        return of(
                "top-" + k,
                (prediction, target) -> {
                    requireShape("top-" + k, prediction, target, Shape.of(prediction.dim(0)));
                    Tensor own = target.oneHot(prediction.dim(1), prediction.dtype())
                            .mul(prediction)
                            .sum(1);
                    Tensor better = prediction.gt(own.expandDims(1)).cast(DType.F32).sum(1);
                    return mean(better.lt(k).cast(DType.F32));
                },
                Metrics::ratio);
    }

    /** The mean absolute error. */
    public static Metric meanAbsoluteError() {
        return of("mae", (prediction, target) -> mean(difference("mae", prediction, target).abs()), Metrics::ratio);
    }

    /** The mean squared error. */
    public static Metric meanSquaredError() {
        return of("mse", (prediction, target) -> mean(difference("mse", prediction, target).square()), Metrics::ratio);
    }

    /** The coefficient of determination: 1 - squared error / variance of the target. */
    public static Metric r2() {
        return of(
                "r2",
                (prediction, target) -> {
                    requireShape("r2", prediction, target, prediction.shape());
                    Tensor t = target.cast(DType.F64);
                    return Tensor.stack(
                            0,
                            List.of(
                                    prediction.cast(DType.F64).sub(t).square().sum(),
                                    t.sum(),
                                    t.square().sum(),
                                    t.like(target.shape().size())));
                },
                sums -> 1 - sums[0] / (sums[2] - sums[1] * sums[1] / sums[3]));
    }

    /**
     * Counts of (true class, predicted class), row by row; its value is the accuracy.
     *
     * @param classes number of classes
     */
    public static Metric confusion(int classes) {
        return of(
                "confusion",
                (prediction, target) -> {
                    Tensor predicted = prediction.argMax(1).reshape(-1).oneHot(classes, DType.F32);
                    Tensor truth = target.reshape(-1).oneHot(classes, DType.F32);
                    return truth.matmul(predicted, true, false).reshape(-1);
                },
                sums -> {
                    double right = 0;
                    double all = 0;
                    for (int i = 0; i < sums.length; i++) {
                        all += sums[i];
                        right += i / classes == i % classes ? sums[i] : 0;
                    }
                    return right / all;
                });
    }

    /**
     * Of the samples that are taken for a class, the share that belongs to it, as the mean over all classes that
     * occur; a class that nothing is taken for counts as 0. Predictions and targets as for {@link #confusion}.
     */
    public static Metric precision(int classes) {
        return of("precision", confusion(classes)::sums, sums -> macro(sums, classes, Metrics::precision));
    }

    /** Of the samples of a class, the share that is recognised, as the mean over all classes that occur. */
    public static Metric recall(int classes) {
        return of("recall", confusion(classes)::sums, sums -> macro(sums, classes, Metrics::recall));
    }

    /** The harmonic mean of precision and recall, as the mean over all classes that occur. */
    public static Metric f1(int classes) {
        return of("f1", confusion(classes)::sums, sums -> macro(sums, classes, Metrics::f1));
    }

    /** The precision of class 1 of two, for logits [N] or [N, 1] above 0; 0 if nothing is taken for it. */
    public static Metric binaryPrecision() {
        return of("precision", Metrics::binaryConfusion, sums -> orZero(precision(sums, 2, 1)));
    }

    /** The recall of class 1 of two, for logits [N] or [N, 1] above 0; NaN if it does not occur. */
    public static Metric binaryRecall() {
        return of("recall", Metrics::binaryConfusion, sums -> recall(sums, 2, 1));
    }

    /** The harmonic mean of {@link #binaryPrecision} and {@link #binaryRecall}. */
    public static Metric binaryF1() {
        return of("f1", Metrics::binaryConfusion, sums -> f1(sums, 2, 1));
    }

    /**
     * The area under the receiver operating characteristic: the probability that a sample of class 1 gets a higher logit
     * than one of class 0. Logits [N] or [N, 1] are sorted into bins by their logistic function, those of one bin count as
     * equal, so with 512 bins the error is below 0.002 unless logits crowd in few bins. NaN if a class does not occur.
     */
    public static Metric rocAuc() {
        return rocAuc(512);
    }

    /** As {@link #rocAuc()} with another number of bins. */
    public static Metric rocAuc(int bins) {
        if (bins < 2) {
            throw new IllegalArgumentException("ROC-AUC needs at least 2 bins, got " + bins);
        }
        return of(
                "roc-auc",
                (prediction, target) -> {
                    Tensor logits = prediction.reshape(-1).cast(DType.F32);
                    Tensor positive = target.reshape(-1).cast(DType.F32).gt(0.5).cast(DType.F32);
                    Tensor bin = logits.sigmoid().mul(bins).floor().clamp(0, bins - 1.0).cast(DType.I32);
                    Tensor at = bin.oneHot(bins, DType.F32);
                    Tensor above = at.mul(positive.expandDims(1)).sum(0);
                    return Tensor.concat(0, at.sum(0).sub(above), above);
                },
                sums -> {
                    double ordered = 0;
                    double negatives = 0;
                    double positives = 0;
                    for (int i = 0; i < bins; i++) {
                        ordered += sums[bins + i] * (negatives + sums[i] / 2);
                        negatives += sums[i];
                        positives += sums[bins + i];
                    }
                    return ordered / (negatives * positives);
                });
    }

    /**
     * The exponential of a mean cross-entropy: how many classes the model wavers between.
     *
     * @param crossEntropy in nats, as {@link io.tandem.nn.Losses#crossEntropy} gives it
     */
    public static Metric perplexity(Loss crossEntropy) {
        return of("perplexity", meanOf(crossEntropy), sums -> Math.exp(ratio(sums)));
    }

    /** Another loss as a metric: its mean, weighted by the samples of each batch. */
    public static Metric loss(String name, Loss loss) {
        return of(name, meanOf(loss), Metrics::ratio);
    }

    private static BinaryOperator<Tensor> meanOf(Loss loss) {
        return (prediction, target) -> StepGraph.sums(loss.of(prediction, target), prediction.dim(0));
    }

    /** Counts of (true class, predicted class), row by row, of two classes. */
    private static Tensor binaryConfusion(Tensor prediction, Tensor target) {
        Tensor predicted = prediction.reshape(-1).gt(0).cast(DType.F32);
        Tensor truth = target.reshape(-1).cast(DType.F32).gt(0.5).cast(DType.F32);
        return Tensor.stack(
                0,
                List.of(
                        truth.rsub(1).mul(predicted.rsub(1)).sum(),
                        truth.rsub(1).mul(predicted).sum(),
                        truth.mul(predicted.rsub(1)).sum(),
                        truth.mul(predicted).sum()));
    }

    /** A figure of one class of a confusion matrix. */
    private interface ClassFigure {
        double of(double[] confusion, int classes, int which);
    }

    /** The mean over the classes that occur; what is not defined for one of them counts as 0. */
    private static double macro(double[] confusion, int classes, ClassFigure figure) {
        double sum = 0;
        int occurring = 0;
        for (int c = 0; c < classes; c++) {
            if (!Double.isNaN(recall(confusion, classes, c))) {
                sum += orZero(figure.of(confusion, classes, c));
                occurring++;
            }
        }
        return sum / occurring;
    }

    private static double orZero(double value) {
        return Double.isNaN(value) ? 0 : value;
    }

    private static double precision(double[] confusion, int classes, int which) {
        double taken = 0;
        for (int truth = 0; truth < classes; truth++) {
            taken += confusion[truth * classes + which];
        }
        return confusion[which * classes + which] / taken;
    }

    private static double recall(double[] confusion, int classes, int which) {
        double occurring = 0;
        for (int predicted = 0; predicted < classes; predicted++) {
            occurring += confusion[which * classes + predicted];
        }
        return confusion[which * classes + which] / occurring;
    }

    private static double f1(double[] confusion, int classes, int which) {
        double precision = orZero(precision(confusion, classes, which));
        double recall = recall(confusion, classes, which);
        return precision + recall == 0 ? 0 : 2 * precision * recall / (precision + recall);
    }

    private static Tensor mean(Tensor values) {
        Tensor sum = values.sum().cast(DType.F64);
        return Tensor.stack(0, List.of(sum, sum.like(values.shape().size())));
    }

    private static double ratio(double[] sums) {
        return sums[0] / sums[1];
    }
}
