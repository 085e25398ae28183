package io.tandem.train;

import io.tandem.graph.Tensor;
import io.tandem.tensor.DType;
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
     * The share of predictions whose largest element along axis 1 is the target's class: predictions [N, classes, ...],
     * targets [N, ...] of class indices, or one-hot in the predictions' shape.
     */
    public static Metric accuracy() {
        return of(
                "accuracy",
                (prediction, target) -> {
                    Tensor chosen = prediction.argMax(1);
                    Tensor truth = target.dtype().isFloating() ? target.argMax(1) : target.cast(DType.I32);
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
        return of("mae", (prediction, target) -> mean(prediction.sub(target).abs()), Metrics::ratio);
    }

    /** The mean squared error. */
    public static Metric meanSquaredError() {
        return of("mse", (prediction, target) -> mean(prediction.sub(target).square()), Metrics::ratio);
    }

    /** The coefficient of determination: 1 - squared error / variance of the target. */
    public static Metric r2() {
        return of(
                "r2",
                (prediction, target) -> {
                    Tensor t = target.cast(DType.F64);
                    return Tensor.stack(
                            0,
                            java.util.List.of(
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

    private static Tensor mean(Tensor values) {
        Tensor sum = values.sum().cast(DType.F64);
        return Tensor.stack(0, java.util.List.of(sum, sum.like(values.shape().size())));
    }

    private static double ratio(double[] sums) {
        return sums[0] / sums[1];
    }
}
