package io.tandem.graph;

/** Elementwise functions of two operands of the same type. */
public enum BinaryFunction {
    /** x + y; integers wrap. */
    ADD,
    /** x - y; integers wrap. */
    SUB,
    /** x * y; integers wrap. */
    MUL,
    /** x / y; integers round towards zero, and division by zero gives 0. */
    DIV,
    /** x^y as IEEE 754 has it (1 to any power and anything to the power 0 is 1, also with NaN); floating only. */
    POW,
    /** The larger one, NaN if either is NaN; a tie sends half of the gradient to each. */
    MAX,
    /** The smaller one, NaN if either is NaN; a tie sends half of the gradient to each. */
    MIN,
    /** Remainder with the sign of x, as Java's {@code %}; by zero: NaN, or 0 for integers. */
    REMAINDER,
    /** Bitwise or logical and; integers and truth values. */
    AND,
    /** Bitwise or logical or; integers and truth values. */
    OR,
    /** Bitwise or logical exclusive or; integers and truth values. */
    XOR
}
