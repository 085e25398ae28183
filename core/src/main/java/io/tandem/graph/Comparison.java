package io.tandem.graph;

/** Comparisons; with NaN all but {@link #NE} are false. */
public enum Comparison {
    /** x = y. */
    EQ,
    /** x ≠ y. */
    NE,
    /** x &lt; y. */
    LT,
    /** x ≤ y. */
    LE,
    /** x &gt; y. */
    GT,
    /** x ≥ y. */
    GE
}
