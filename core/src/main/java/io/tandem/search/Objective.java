package io.tandem.search;

import io.tandem.backend.Device;

/** What a study minimizes: trains a model as a trial says, on validation data. May be asked by several threads at once. */
@FunctionalInterface
public interface Objective {
    /**
     * Tries a candidate.
     *
     * @param trial hyperparameters, budget and seed
     * @param device used by this thread alone; it stays open
     */
    Score evaluate(Trial trial, Device device);
}
