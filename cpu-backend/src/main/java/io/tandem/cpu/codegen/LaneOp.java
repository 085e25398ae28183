package io.tandem.cpu.codegen;

/**
 * One operation of a block, on values in single-assignment form.
 *
 * @param code what is done
 * @param type type of the result
 * @param a number of the first argument, or -1
 * @param b number of the second argument, or -1
 * @param c number of the third argument, or -1
 * @param bits see {@link Code}
 */
record LaneOp(Code code, LaneType type, int a, int b, int c, long bits) {
    /** What an operation does. Arithmetic is Java's, for scalars and for vectors alike. */
    enum Code {
        /** Reads binding {@code bits}. */
        INPUT,
        /** Number {@code bits} of the literals that each call passes. */
        LITERAL,
        /** A constant with raw bits {@code bits}. */
        CONSTANT,
        ADD,
        SUB,
        MUL,
        /** Floating only. */
        DIV,
        /** As Math.min. */
        MIN,
        /** As Math.max. */
        MAX,
        /** a * b + c, rounded once. */
        FMA,
        NEG,
        ABS,
        SQRT,
        /** Of integers and masks. */
        AND,
        /** Of integers and masks. */
        OR,
        /** Of integers and masks. */
        XOR,
        /** Of masks. */
        NOT,
        /** By {@code bits} bits. */
        SHIFT_LEFT,
        /** By {@code bits} bits, with sign. */
        SHIFT_RIGHT,
        /** By {@code bits} bits, without sign. */
        SHIFT_RIGHT_UNSIGNED,
        EQ,
        NE,
        LT,
        LE,
        /** Mask a ? b : c, of numbers. */
        SELECT,
        /** Java's conversion between number types. */
        CONVERT,
        /** The same bits as a type of equal size. */
        REINTERPRET,
        /** Function number {@code bits} of {@link LaneFunction}, of a, or of a and b. */
        CALL,
        /** Mask a ? function of b : c. */
        CALL_WHERE
    }

    /** The number of arguments that are there. */
    int arity() {
        return a < 0 ? 0 : b < 0 ? 1 : c < 0 ? 2 : 3;
    }

    /** Argument 0, 1 or 2. */
    int argument(int i) {
        return i == 0 ? a : i == 1 ? b : c;
    }
}
