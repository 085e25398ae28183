package io.tandem.nn;

import io.tandem.graph.GraphException;
import io.tandem.graph.Tensor;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.TensorType;
import java.util.List;

/**
 * How far a prediction is from its target. See {@link Losses} for the usual ones; any function of this form will do.
 */
@FunctionalInterface
public interface Loss {
    /**
     * Adds the loss to the graph of the prediction.
     *
     * @param prediction what the model yields, [N, ...]
     * @param target what it should have yielded; which type and shape depends on the loss
     * @return a scalar, unless the loss was asked for without a reduction
     */
    Tensor of(Tensor prediction, Tensor target);

    /**
     * Refuses targets that the loss has no meaning for, before they go to the device.
     *
     * @param prediction type of one sample's prediction, without batch axis
     * @param target a batch of targets
     * @throws IllegalArgumentException that names the first such value and where it stands
     */
    default void check(TensorType prediction, NDArray target) {}

    /** The number of outputs that a model has in training for this loss: 1, but for {@link Losses#weighted}. */
    default int outputs() {
        return 1;
    }

    /**
     * Adds the loss of a model with any number of outputs to their graph. Output i has target i, or all have the only one.
     *
     * @param predictions the outputs; in inference, those that training alone has may be missing at the end
     * @param targets one, or one per output
     * @throws GraphException if the loss is not for so many
     */
    default Tensor of(List<Tensor> predictions, List<Tensor> targets) {
        if (predictions.size() != 1 || targets.size() != 1) {
            throw new GraphException("the loss compares one output with one target, here are %d and %d; Losses.weighted"
                    .formatted(predictions.size(), targets.size())
                    + " gives each output its loss");
        }
        return of(predictions.getFirst(), targets.getFirst());
    }

    /** As the other {@code check}, for a model with any number of outputs. */
    default void check(List<TensorType> predictions, List<NDArray> targets) {
        check(predictions.getFirst(), targets.getFirst());
    }
}
