package io.tandem.nn;

/**
 * A parameter of a layer: an identity with an initializer. It has no shape and no value: the first use in a trace gives
 * the shape, a {@code State} holds the value. One parameter that stands at two places in a model is shared by both.
 */
public final class Param {
    private final Initializer initializer;
    private final boolean trainable;

    private Param(Initializer initializer, boolean trainable) {
        this.initializer = initializer;
        this.trainable = trainable;
    }

    /** A parameter that is trained. */
    public static Param of(Initializer initializer) {
        return new Param(initializer, true);
    }

    /** A value that a layer tracks by itself, such as a running mean: saved with the model, but not trained. */
    public static Param statistic(Initializer initializer) {
        return new Param(initializer, false);
    }

    /** How it starts. */
    public Initializer initializer() {
        return initializer;
    }

    /** Whether gradients change it. */
    public boolean trainable() {
        return trainable;
    }

    /** A new parameter of the same kind: what copies of layers are made with. */
    public Param fresh() {
        return new Param(initializer, trainable);
    }
}
