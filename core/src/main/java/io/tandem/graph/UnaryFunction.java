package io.tandem.graph;

/** Elementwise functions of one operand; floating unless said otherwise, and of the operand's type. */
public enum UnaryFunction {
    /** -x; also of integers. */
    NEG,
    /** |x|; also of integers. Its derivative at 0 is 0. */
    ABS,
    /** -1, 0 or 1; also of integers. Its derivative is 0. */
    SIGN,
    /** Largest integer not above x. Its derivative is 0. */
    FLOOR,
    /** Smallest integer not below x. Its derivative is 0. */
    CEIL,
    /** Nearest integer, ties to even. Its derivative is 0. */
    ROUND,
    /** e^x. */
    EXP,
    /** e^x - 1, accurate near 0. */
    EXPM1,
    /** Natural logarithm. */
    LOG,
    /** ln(1 + x), accurate near 0. */
    LOG1P,
    /** Square root. */
    SQRT,
    /** 1 / sqrt(x). */
    RSQRT,
    /** 1 / x. */
    RECIPROCAL,
    /** Sine, in radians. */
    SIN,
    /** Cosine, in radians. */
    COS,
    /** Hyperbolic tangent. */
    TANH,
    /** The logistic function 1 / (1 + e^-x). */
    SIGMOID,
    /** The error function. */
    ERF,
    /** max(x, 0), NaN for NaN. Its derivative at 0 is 0. */
    RELU,
    /** Logical negation; of truth values alone. */
    NOT,
    /** Whether x is neither infinite nor NaN; the result is a truth value. */
    IS_FINITE,
    /** x itself, with a derivative of 0. Of any type. */
    STOP_GRADIENT
}
