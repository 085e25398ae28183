package io.tandem.train;

import io.tandem.graph.Tensor;

/**
 * A figure of merit over a data set: sums that are computed on the device per batch and added up there, and what becomes of
 * them in the end. See {@link Metrics}.
 */
public interface Metric {
    /** A short name, for example {@code "accuracy"}. */
    String name();

    /**
     * The sums of one batch.
     *
     * @return a floating vector, of the same size for every batch
     */
    Tensor sums(Tensor prediction, Tensor target);

    /** The number of the model's output that is looked at; its target is that of the same number, or the only one. */
    default int output() {
        return 0;
    }

    /** The figure for the sums over all batches. */
    double value(double[] sums);
}
