package io.tandem.nn;

import io.tandem.graph.Tensor;

/**
 * Axes from {@code axis} on merged into one, as a rule from [N, ...] to [N, features].
 *
 * @param axis the first merged axis
 */
public record Flatten(int axis) implements Layer {
    /** Merges all axes but that of the batch. */
    public static Flatten of() {
        return new Flatten(1);
    }

    /** Merges the axes from {@code axis} on. */
    public static Flatten from(int axis) {
        return new Flatten(axis);
    }

    @Override
    public Tensor forward(Tensor x) {
        // A batch of plain numbers is a batch of vectors of size 1.
        return x.rank() == axis ? x.expandDims(axis) : x.flatten(axis);
    }
}
