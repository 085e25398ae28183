package io.tandem.cpu.codegen.machine;

/** Numbers of the general registers. */
public final class General {
    /** Scratch. */
    public static final int RAX = 0;

    /** Fourth argument on most systems, first on Windows. */
    public static final int RCX = 1;

    /** Third argument on most systems, second on Windows. */
    public static final int RDX = 2;

    /** Kept by functions. */
    public static final int RBX = 3;

    /** Stack pointer. */
    public static final int RSP = 4;

    /** Kept by functions. */
    public static final int RBP = 5;

    /** Second argument on most systems; kept by functions on Windows. */
    public static final int RSI = 6;

    /** First argument on most systems; kept by functions on Windows. */
    public static final int RDI = 7;

    /** Third argument on Windows. */
    public static final int R8 = 8;

    /** Scratch. */
    public static final int R9 = 9;

    /** Scratch. */
    public static final int R10 = 10;

    /** Scratch. */
    public static final int R11 = 11;

    /** Kept by functions. */
    public static final int R12 = 12;

    /** Kept by functions. */
    public static final int R13 = 13;

    /** Kept by functions. */
    public static final int R14 = 14;

    /** Kept by functions. */
    public static final int R15 = 15;

    private General() {}
}
