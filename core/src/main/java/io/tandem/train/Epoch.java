package io.tandem.train;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The record of one epoch.
 *
 * @param number from 0
 * @param training mean loss and metrics over the training batches, while parameters changed
 * @param validation mean loss and metrics over the validation data; empty without any
 * @param seconds duration of the training part
 * @param samples number of training samples
 * @param waitingShare share of the time that was spent waiting for data, 0 to 1
 */
public record Epoch(
        int number,
        Map<String, Double> training,
        Map<String, Double> validation,
        double seconds,
        long samples,
        double waitingShare) {
    /** Copies the maps, in order. */
    public Epoch {
        training = Collections.unmodifiableMap(new LinkedHashMap<>(training));
        validation = Collections.unmodifiableMap(new LinkedHashMap<>(validation));
    }

    /** Training samples per second. */
    public double samplesPerSecond() {
        return samples / seconds;
    }
}
