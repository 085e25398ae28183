package io.tandem.nn;

/** What a trace is for; some layers, such as dropout and batch normalization, differ. */
public enum Mode {
    /** Training: dropout drops, batch normalization uses and tracks the statistics of the batch. */
    TRAINING,
    /** Evaluation and prediction. */
    INFERENCE
}
