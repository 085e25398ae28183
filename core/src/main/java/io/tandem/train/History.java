package io.tandem.train;

import java.util.List;

/** The record of a training run. */
public record History(List<Epoch> epochs) {
    /** Copies the list. */
    public History {
        epochs = List.copyOf(epochs);
    }

    /** The last epoch. */
    public Epoch last() {
        return epochs.getLast();
    }
}
