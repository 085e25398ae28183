package io.tandem.optim;

import io.tandem.graph.Tensor;
import java.util.List;

/**
 * How parameters follow their gradients. An optimizer is a description: its state lives in slots beside each parameter,
 * its update is part of the training step's graph.
 */
public interface Optimizer {

    /**
     * A value that is kept per element of each parameter, of the parameter's type.
     *
     * @param name for example {@code "momentum"}
     * @param initial what all elements start with
     */
    record Slot(String name, double initial) {}

    /**
     * What an update may depend on beside parameter and gradient.
     *
     * @param step number of this update, counted from 1, as a float64 scalar
     * @param rate learning rate of this update, as a float64 scalar
     */
    record Context(Tensor step, Tensor rate) {}

    /**
     * New values.
     *
     * @param param the parameter
     * @param slots its slots, in the order of {@link #slots}
     */
    record Update(Tensor param, List<Tensor> slots) {}

    /** The learning rate over time. */
    Schedule rate();

    /** The slots of each parameter. */
    List<Slot> slots();

    /**
     * Adds the update of one parameter to its graph.
     *
     * @param param the value before
     * @param gradient of the loss, after clipping; of the parameter's type
     * @param slots values before, in the order of {@link #slots}
     */
    Update update(Context context, Tensor param, Tensor gradient, List<Tensor> slots);
}
