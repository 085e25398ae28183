package io.tandem.nn;

import io.tandem.graph.Tensor;

/**
 * A part of a model: an immutable description, as a rule a record whose components are parameters, other layers and
 * numbers. Layers implement {@link #forward}; who uses a layer calls {@link #apply}.
 *
 * <p>A layer has no input size: in {@code forward} it asks the trace for its parameters with the shapes that the input
 * implies.
 */
@FunctionalInterface
public interface Layer {
    /** Adds this layer's computation to the graph of {@code x}. Called by {@link #apply}. */
    Tensor forward(Tensor x);

    /** Applies this layer: as {@link #forward}, with this layer's path for errors, random numbers and the summary. */
    default Tensor apply(Tensor x) {
        return Trace.of(x).enter(this, x, this::forward);
    }

    /** This layer, then another one. */
    default Layer then(Layer next) {
        return Sequential.of(this, next);
    }
}
