package io.tandem.cpu.onednn;

/** Functions of two tensors. */
public enum BinaryFunction {
    /** Sum. */
    ADD(131056),
    /** Product. */
    MUL(131057),
    /** Larger value. */
    MAX(131058),
    /** Smaller value. */
    MIN(131059),
    /** Quotient. */
    DIV(131060),
    /** Difference. */
    SUB(131061);

    private final int code;

    BinaryFunction(int code) {
        this.code = code;
    }

    int code() {
        return code;
    }
}
