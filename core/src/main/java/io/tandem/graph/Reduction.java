package io.tandem.graph;

/** How a reduction combines elements. */
public enum Reduction {
    /** The sum; of no elements 0. */
    SUM,
    /** The largest element, NaN if one is NaN; equal ones share the gradient. At least one element. */
    MAX,
    /** The smallest element, NaN if one is NaN; equal ones share the gradient. At least one element. */
    MIN
}
