package io.tandem.nn;

import io.tandem.graph.Composites;
import io.tandem.graph.Tensor;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/**
 * The usual losses. Where not said otherwise, prediction and target have the same shape and element type, and the loss
 * is the mean over all elements.
 */
public final class Losses {
    private Losses() {}

    /**
     * The same loss for each output of a model, as a weighted sum, such as that of auxiliary classifiers against the one
     * target that there is.
     *
     * @param loss of each output
     * @param weights one per output of the model in training; what inference does not yield counts in training alone
     */
    public static Loss weighted(Loss loss, double... weights) {
        return weighted(Collections.nCopies(weights.length, loss), weights);
    }

    /**
     * A loss for each output of a model, as a weighted sum. The data set has one target column for all outputs, or one
     * per output.
     *
     * @param losses one per output
     * @param weights one per output, at least 0
     */
    public static Loss weighted(List<? extends Loss> losses, double... weights) {
        return new WeightedLoss(List.copyOf(losses), Arrays.stream(weights).boxed().toList());
    }

    /** Σ (y - f)² over all elements. */
    public static Loss sumOfSquares() {
        return (y, target) -> difference("sum of squares", y, target).square().sum();
    }

    /** ½ Σ (y - f)² over all elements. */
    public static Loss halfSumOfSquares() {
        return (y, target) -> difference("half sum of squares", y, target).square().sum().mul(0.5);
    }

    /** 1/(2n) Σ (y - f)², where n is the number of samples: the size of axis 0. */
    public static Loss halfMeanOfSquares() {
        return (y, target) -> {
            double samples = y.rank() == 0 ? 1 : y.dim(0);
            return difference("half mean of squares", y, target).square().sum().mul(0.5 / samples);
        };
    }

    /** The mean of (y - f)². */
    public static Loss meanSquaredError() {
        return squaredError(LossReduction.MEAN);
    }

    /** (y - f)², reduced as told. */
    public static Loss squaredError(LossReduction reduction) {
        return (y, target) -> reduction.apply(difference("squared error", y, target).square());
    }

    /** The mean of |y - f|. */
    public static Loss meanAbsoluteError() {
        return absoluteError(LossReduction.MEAN);
    }

    /** |y - f|, reduced as told. */
    public static Loss absoluteError(LossReduction reduction) {
        return (y, target) -> reduction.apply(difference("absolute error", y, target).abs());
    }

    /** The mean of Huber's loss (Huber, 1964): ½ d² for |d| below {@code delta}, delta (|d| - ½ delta) beyond. */
    public static Loss huber(double delta) {
        return huber(delta, LossReduction.MEAN);
    }

    /** Huber's loss, reduced as told. */
    public static Loss huber(double delta, LossReduction reduction) {
        requirePositive("Huber loss: delta", delta);
        return (y, target) -> {
            Tensor d = difference("Huber loss", y, target);
            Tensor size = d.abs();
            Tensor inner = d.square().mul(0.5);
            return reduction.apply(size.lt(delta).select(inner, size.sub(0.5 * delta).mul(delta)));
        };
    }

    /**
     * The mean of Huber's loss divided by its threshold: ½ d² / beta for |d| below {@code beta}, |d| - ½ beta beyond.
     */
    public static Loss smoothL1(double beta) {
        return smoothL1(beta, LossReduction.MEAN);
    }

    /** Huber's loss divided by its threshold, reduced as told; with beta 0 the absolute error. */
    public static Loss smoothL1(double beta, LossReduction reduction) {
        if (beta == 0) {
            return absoluteError(reduction);
        }
        requirePositive("smooth L1 loss: beta", beta);
        return (y, target) -> {
            Tensor d = difference("smooth L1 loss", y, target);
            Tensor size = d.abs();
            return reduction.apply(size.lt(beta).select(d.square().mul(0.5 / beta), size.sub(0.5 * beta)));
        };
    }

    /** The mean binary cross-entropy of probabilities; see {@link #binaryCrossEntropy(LossReduction)}. */
    public static Loss binaryCrossEntropy() {
        return binaryCrossEntropy(LossReduction.MEAN);
    }

    /**
     * Binary cross-entropy of probabilities, -(f ln y + (1 - f) ln(1 - y)), reduced as told. Logarithms are at least
     * -100, so that a wrong probability of exactly 0 costs 100; the divisor of the gradient is at least 1e-12. Targets
     * are from 0 to 1. Where the probabilities come from a sigmoid, {@link #binaryCrossEntropyFromLogits()} is more
     * accurate.
     */
    public static Loss binaryCrossEntropy(LossReduction reduction) {
        return (y, target) -> {
            requireSame("binary cross-entropy", y, target);
            return reduction.apply(binary(y, target));
        };
    }

    private static Tensor binary(Tensor y, Tensor target) {
        return Composites.custom(
                "binary-cross-entropy",
                List.of(y, target),
                in -> List.of(in.get(1)
                        .mul(in.get(0).log().maximum(-100))
                        .add(in.get(1)
                                .rsub(1)
                                .mul(in.get(0).neg().log1p().maximum(-100)))
                        .neg()),
                (values, cotangents) -> {
                    Tensor p = values.operands().get(0);
                    Tensor f = values.operands().get(1);
                    Tensor g = cotangents.getFirst();
                    Tensor spread = p.mul(p.rsub(1)).maximum(1e-12);
                    Tensor odds = p.neg().log1p().maximum(-100).sub(p.log().maximum(-100));
                    return List.of(Optional.of(g.mul(p.sub(f)).div(spread)), Optional.of(g.mul(odds)));
                })
                .getFirst();
    }

    /** The mean binary cross-entropy of logits, from which a sigmoid would make probabilities. */
    public static Loss binaryCrossEntropyFromLogits() {
        return binaryCrossEntropyFromLogits(LossReduction.MEAN);
    }

    /** Binary cross-entropy of logits, accurate for all of them, reduced as told. Targets are from 0 to 1. */
    public static Loss binaryCrossEntropyFromLogits(LossReduction reduction) {
        return (y, target) -> {
            requireSame("binary cross-entropy", y, target);
            return reduction.apply(y.mul(target.rsub(1)).add(Activation.softplus().forward(y.neg())));
        };
    }

    /**
     * Binary cross-entropy of logits in which the positive part counts {@code positiveWeight} times, reduced as told:
     * for classes of unequal size.
     */
    public static Loss binaryCrossEntropyFromLogits(double positiveWeight, LossReduction reduction) {
        requirePositive("binary cross-entropy: the weight of positives", positiveWeight);
        return (y, target) -> {
            requireSame("binary cross-entropy", y, target);
            Tensor factor = target.mul(positiveWeight - 1).add(1);
            return reduction.apply(
                    y.mul(target.rsub(1)).add(Activation.softplus().forward(y.neg()).mul(factor)));
        };
    }

    /**
     * The mean cross-entropy of logits [N, C, ...] and class indices [N, ...] (int32 or int64), or probabilities of the
     * classes [N, C, ...]. For class weights, label smoothing, ignored labels and classes on another axis see {@link
     * CrossEntropy}.
     */
    public static CrossEntropy crossEntropy() {
        return CrossEntropy.of();
    }

    /** The mean of -y[label], for log-probabilities [N, C, ...] and class indices [N, ...]. */
    public static Loss negativeLogLikelihood() {
        return CrossEntropy.of().fromLogProbabilities();
    }

    /**
     * The Kullback-Leibler divergence Σ f (ln f - y) from log-probabilities y [N, ...] to target probabilities f,
     * divided by the number of samples N.
     */
    public static Loss klDivergence() {
        return (y, target) -> divergence(y, target).sum().mul(1.0 / (y.rank() == 0 ? 1 : y.dim(0)));
    }

    /** f (ln f - y), of log-probabilities y and target probabilities f, over all elements reduced as told. */
    public static Loss klDivergence(LossReduction reduction) {
        return (y, target) -> reduction.apply(divergence(y, target));
    }

    private static Tensor divergence(Tensor y, Tensor target) {
        requireSame("KL divergence", y, target);
        Tensor positive = target.gt(0);
        Tensor logTarget = positive.select(target, target.like(1)).log();
        return target.mul(logTarget.sub(y));
    }

    /** The mean of max(0, 1 - f y), for targets -1 and 1 (Cortes and Vapnik, 1995). */
    public static Loss hinge() {
        return hinge(LossReduction.MEAN);
    }

    /** max(0, 1 - f y), for targets -1 and 1, reduced as told. */
    public static Loss hinge(LossReduction reduction) {
        return (y, target) -> {
            requireSame("hinge loss", y, target);
            return reduction.apply(y.mul(target).rsub(1).relu());
        };
    }

    private static Tensor difference(String loss, Tensor y, Tensor target) {
        requireSame(loss, y, target);
        return y.sub(target);
    }

    private static void requireSame(String loss, Tensor y, Tensor target) {
        if (!y.type().equals(target.type())) {
            throw Layers.error(
                    y,
                    "%s: the prediction is %s, the target %s; both must be of one shape and element type"
                            .formatted(loss, y.type(), target.type()));
        }
    }

    private static void requirePositive(String what, double value) {
        if (!(value > 0)) {
            throw new IllegalArgumentException(what + " must be above 0, got " + value);
        }
    }
}
