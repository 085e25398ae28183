package io.tandem.graph;

/**
 * What pooling computes over each window. Places that the last window in ceil mode has beyond the padding count for nothing. A
 * window without any element of the input has the maximum -∞ and the {@link #AVERAGE} NaN, and passes no gradient on.
 */
public enum Pooling {
    /** The maximum; padding never wins, and of equal elements the first one (row-major) gets the gradient. */
    MAX,
    /** The mean; padding counts as zeros. */
    AVERAGE_INCLUDING_PADDING,
    /** The mean of the elements that are not padding. */
    AVERAGE
}
