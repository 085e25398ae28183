package io.tandem.graph;

/** What pooling computes over each window. */
public enum Pooling {
    /** The maximum; padding never wins, and of equal elements the first one (row-major) gets the gradient. */
    MAX,
    /** The mean; padding counts as zeros. */
    AVERAGE_INCLUDING_PADDING,
    /** The mean of the elements that are not padding. */
    AVERAGE
}
