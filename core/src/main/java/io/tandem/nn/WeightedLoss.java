package io.tandem.nn;

import io.tandem.graph.GraphException;
import io.tandem.graph.Tensor;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.TensorType;
import java.util.List;

/**
 * The weighted sum of a loss per output.
 *
 * @param losses one per output
 * @param weights one per output
 */
record WeightedLoss(List<Loss> losses, List<Double> weights) implements Loss {
    WeightedLoss {
        if (losses.isEmpty() || losses.size() != weights.size()) {
            throw new IllegalArgumentException(
                    "weighted losses: there must be one weight per loss, and at least one, got "
                            + losses.size() + " losses and the weights " + weights);
        }
        if (weights.stream().anyMatch(w -> !(w >= 0) || w.isInfinite())) {
            throw new IllegalArgumentException(
                    "weighted losses: weights must be finite and not negative, got " + weights);
        }
    }

    @Override
    public int outputs() {
        return losses.size();
    }

    @Override
    public Tensor of(Tensor prediction, Tensor target) {
        return of(List.of(prediction), List.of(target));
    }

    @Override
    public Tensor of(List<Tensor> predictions, List<Tensor> targets) {
        if (predictions.size() > losses.size() || targets.size() != 1 && targets.size() != losses.size()) {
            throw new GraphException("weighted losses: %d losses do not fit %d outputs and %d targets"
                    .formatted(losses.size(), predictions.size(), targets.size()));
        }
        Tensor sum = term(0, predictions, targets);
        for (int i = 1; i < predictions.size(); i++) {
            sum = sum.add(term(i, predictions, targets));
        }
        return sum;
    }

    private Tensor term(int i, List<Tensor> predictions, List<Tensor> targets) {
        return losses.get(i).of(predictions.get(i), own(i, targets)).mul(weights.get(i));
    }

    /** The target of an output. */
    private static <T> T own(int output, List<T> targets) {
        return targets.get(targets.size() == 1 ? 0 : output);
    }

    @Override
    public void check(TensorType prediction, NDArray target) {
        losses.getFirst().check(prediction, target);
    }

    @Override
    public void check(List<TensorType> predictions, List<NDArray> targets) {
        for (int i = 0; i < Math.min(predictions.size(), losses.size()); i++) {
            losses.get(i).check(predictions.get(i), own(i, targets));
        }
    }
}
