package io.tandem.nn;

import io.tandem.graph.Composites;
import io.tandem.graph.Tensor;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Cross-entropy of logits and classes. Targets are class indices (int32 or int64) of the prediction's shape without its
 * class axis, or probabilities (one-hot rows, for example) of the prediction's own shape and type.
 *
 * <p>A label outside the classes that is not the ignored one gives an infinite loss. The mean is over the labels that
 * count, each with the weight of its class; for probabilities it is over all positions.
 *
 * @param reduction how positions combine
 * @param classAxis axis of the classes, as a rule 1: [N, C, ...]
 * @param classWeights [C], if classes count differently
 * @param labelSmoothing share of each target that is spread evenly over all classes (Szegedy et al., 2016)
 * @param ignoredLabel a label whose positions do not count, if there is one
 * @param logProbabilities whether predictions are log-probabilities instead of logits
 */
public record CrossEntropy(
        LossReduction reduction,
        int classAxis,
        Optional<NDArray> classWeights,
        double labelSmoothing,
        Optional<Integer> ignoredLabel,
        boolean logProbabilities)
        implements Loss {
    /** Checks the smoothing. */
    public CrossEntropy {
        if (!(labelSmoothing >= 0 && labelSmoothing < 1)) {
            throw new IllegalArgumentException(
                    "cross-entropy: label smoothing must be from 0 to below 1, got " + labelSmoothing);
        }
    }

    /** The mean cross-entropy of logits with the classes on axis 1. */
    public static CrossEntropy of() {
        return new CrossEntropy(LossReduction.MEAN, 1, Optional.empty(), 0, Optional.empty(), false);
    }

    /** With another reduction. */
    public CrossEntropy withReduction(LossReduction other) {
        return new CrossEntropy(other, classAxis, classWeights, labelSmoothing, ignoredLabel, logProbabilities);
    }

    /** With the classes on another axis; -1 for the last one, as sequence models have them: [N, T, C]. */
    public CrossEntropy withClassAxis(int axis) {
        return new CrossEntropy(reduction, axis, classWeights, labelSmoothing, ignoredLabel, logProbabilities);
    }

    /** With a weight per class, [C]. */
    public CrossEntropy withClassWeights(NDArray weights) {
        return new CrossEntropy(
                reduction, classAxis, Optional.of(weights), labelSmoothing, ignoredLabel, logProbabilities);
    }

    /** With a weight per class. */
    public CrossEntropy withClassWeights(float... weights) {
        return withClassWeights(NDArray.of(Shape.of(weights.length), weights));
    }

    /** With a share of each target spread evenly over all classes. */
    public CrossEntropy withLabelSmoothing(double share) {
        return new CrossEntropy(reduction, classAxis, classWeights, share, ignoredLabel, logProbabilities);
    }

    /** With a label whose positions do not count, such as that of padding. */
    public CrossEntropy withIgnoredLabel(int label) {
        return new CrossEntropy(
                reduction, classAxis, classWeights, labelSmoothing, Optional.of(label), logProbabilities);
    }

    @Override
    public void check(TensorType prediction, NDArray target) {
        if (target.dtype().isFloating() || target.shape().rank() != prediction.shape().rank()) {
            return; // probabilities, or shapes that do not fit: of those the graph tells more
        }
        int axis = classAxis < 0 ? classAxis : classAxis - 1;
        int classes = prediction.shape().dim(axis);
        for (long i = 0; i < target.shape().size(); i++) {
            long label = target.getLong(i);
            boolean ignored = ignoredLabel.isPresent() && ignoredLabel.get() == label;
            if ((label < 0 || label >= classes) && !ignored) {
                throw new IllegalArgumentException(
                        ("cross-entropy: label %d at position %d of the batch is outside the classes 0 to %d that the model"
                                + " predicts")
                                .formatted(label, i, classes - 1));
            }
        }
    }

    /** For predictions that are log-probabilities already: the negative log-likelihood. */
    public CrossEntropy fromLogProbabilities() {
        return new CrossEntropy(reduction, classAxis, classWeights, labelSmoothing, ignoredLabel, true);
    }

    @Override
    public Tensor of(Tensor prediction, Tensor target) {
        int rank = prediction.rank();
        int axis = classAxis < 0 ? classAxis + rank : classAxis;
        if (axis < 0 || axis >= rank) {
            throw Layers.error(
                    prediction,
                    "cross-entropy: the prediction %s has no axis %d for the classes"
                            .formatted(prediction.type(), classAxis));
        }
        if (prediction.dim(axis) == 1) {
            throw Layers.error(
                    prediction,
                    ("cross-entropy: the prediction %s has a single class on axis %d, so the loss would always be 0; for"
                            + " one logit per sample use binary cross-entropy")
                            .formatted(prediction.type(), axis));
        }
        classWeights.ifPresent(w -> {
            if (!w.shape().equals(Shape.of(prediction.dim(axis)))) {
                throw Layers.error(
                        prediction,
                        "cross-entropy: %s class weights for %d classes".formatted(w.shape(), prediction.dim(axis)));
            }
        });
        Shape positions = prediction.shape().without(axis);
        if (target.dtype().isInteger() && target.shape().equals(positions)) {
            return ofLabels(prediction, target, axis);
        }
        if (target.type().equals(prediction.type())) {
            return ofProbabilities(prediction, target, axis);
        }
        throw Layers.error(
                prediction,
                ("cross-entropy: the prediction %s with classes on axis %d needs class indices of shape %s (int32 or"
                        + " int64) or probabilities of its own shape and type, got %s%s")
                        .formatted(prediction.type(), axis, positions, target.type(), hint(prediction, target, axis)));
    }

    private static String hint(Tensor prediction, Tensor target, int axis) {
        if (target.shape().equals(prediction.shape().without(axis))) {
            return "; convert the target with cast";
        }
        if (target.dtype().isInteger()
                && prediction.rank() > 2
                && target.shape().equals(prediction.shape().subShape(0, prediction.rank() - 1))) {
            return "; if the classes are on the last axis, use withClassAxis(-1)";
        }
        return prediction.rank() > 2 && target.rank() == 1
                ? "; a Flatten before the last dense layer may be missing"
                : "";
    }

    private Tensor ofLabels(Tensor prediction, Tensor target, int axis) {
        int classes = prediction.dim(axis);
        Tensor rows = rows(prediction, axis);
        Tensor labels = target.reshape(rows.dim(0));
        Optional<Tensor> ignored = ignoredLabel.map(l -> labels.eq(l));
        Tensor safe = ignored.map(i -> i.select(labels.like(0), labels)).orElse(labels);
        Tensor losses = logProbabilities ? picked(rows, safe) : Composites.crossEntropy(rows, safe);
        Optional<Tensor> table = classWeights.map(w -> rows.graph().constant(w.cast(rows.dtype())));
        Optional<Tensor> weights = table.map(w -> w.gather(0, safe));
        Tensor weighted = weights.map(losses::mul).orElse(losses);
        if (labelSmoothing > 0) {
            Tensor logs = logProbabilities ? rows : rows.logSoftmax(1);
            Tensor spread = table.map(logs::mul).orElse(logs).sum(1).neg();
            weighted = weighted.mul(1 - labelSmoothing).add(spread.mul(labelSmoothing / classes));
        }
        Tensor counted = weighted;
        Tensor each = ignored.map(i -> i.select(counted.like(0), counted)).orElse(counted);
        return switch (reduction) {
            case SUM -> each.sum();
            case NONE -> each.reshape(target.shape());
            case MEAN -> {
                if (weights.isEmpty() && ignored.isEmpty()) {
                    yield each.mean();
                }
                Tensor shares = weights.orElseGet(() -> rows.graph().full(each.type(), 1));
                Tensor total =
                        ignored.map(i -> i.select(shares.like(0), shares)).orElse(shares).sum();
                yield each.sum().div(total);
            }
        };
    }

    private static Tensor picked(Tensor logs, Tensor labels) {
        Tensor one = labels.graph().iota(labels.type().with(logs.shape()), 1).eq(labels.expandDims(1));
        Tensor loss = one.select(logs, logs.like(0)).sum(1).neg();
        Tensor valid = labels.ge(0).and(labels.lt(logs.dim(1)));
        return valid.select(loss, loss.like(Double.POSITIVE_INFINITY));
    }

    private Tensor ofProbabilities(Tensor prediction, Tensor target, int axis) {
        Tensor logs = logProbabilities ? prediction : prediction.logSoftmax(axis);
        Tensor smooth = labelSmoothing == 0
                ? target
                : target.mul(1 - labelSmoothing).add(labelSmoothing / prediction.dim(axis));
        Tensor weighted = classWeights
                .map(w -> {
                    int[] dims = new int[prediction.rank()];
                    java.util.Arrays.fill(dims, 1);
                    dims[axis] = prediction.dim(axis);
                    Tensor table = prediction.graph().constant(w.cast(prediction.dtype()));
                    return smooth.mul(table.reshape(dims));
                })
                .orElse(smooth);
        return reduction.apply(logs.mul(weighted).sum(axis).neg());
    }

    /** [N, C, ...] as rows [N * ..., C]. */
    private static Tensor rows(Tensor x, int axis) {
        int[] order = IntStream.concat(
                IntStream.range(0, x.rank()).filter(i -> i != axis), IntStream.of(axis))
                .toArray();
        Tensor last = x.permute(order);
        int classes = x.dim(axis);
        int count = Math.toIntExact(x.shape().without(axis).size());
        return last.reshape(Shape.of(count, classes));
    }
}
