package io.tandem.cpu.codegen.machine;

/** Conditions of jumps. */
public enum Condition {
    /** Unsigned less. */
    BELOW(2),
    /** Unsigned greater or equal. */
    ABOVE_OR_EQUAL(3),
    EQUAL(4),
    NOT_EQUAL(5),
    /** Unsigned less or equal. */
    BELOW_OR_EQUAL(6),
    /** Unsigned greater. */
    ABOVE(7),
    /** Signed greater. */
    GREATER(15);

    final int code;

    Condition(int code) {
        this.code = code;
    }
}
