package io.tandem.cuda.simulation;

/** The order in which the simulated device runs blocks, and the threads of a block between barriers. */
public enum ThreadOrder {
    /** Rising indices. */
    FORWARD,
    /** Falling indices. */
    REVERSE,
    /** A pseudo-random order, another one for each launch. */
    SHUFFLED
}
