package io.tandem.train;

import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;

/**
 * The record of a training run.
 *
 * @param epochs the finished epochs, those before a checkpoint included
 * @param stopped why training ended before its last epoch, if it did
 */
public record History(List<Epoch> epochs, Optional<String> stopped) {
    /** Copies the list. */
    public History {
        epochs = List.copyOf(epochs);
    }

    /**
     * The last epoch.
     *
     * @throws NoSuchElementException if none was finished
     */
    public Epoch last() {
        if (epochs.isEmpty()) {
            throw new NoSuchElementException("no epoch was finished" + stopped.map(why -> ": " + why).orElse(""));
        }
        return epochs.getLast();
    }
}
