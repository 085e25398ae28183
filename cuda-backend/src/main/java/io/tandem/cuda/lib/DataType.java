package io.tandem.cuda.lib;

/** Element types of the libraries' operands. */
public enum DataType {
    /** IEEE double. */
    F64(8),
    /** IEEE single. */
    F32(4),
    /** IEEE half. */
    F16(2),
    /** The upper half of an IEEE single. */
    BF16(2),
    /** Signed 8-bit integer. */
    I8(1),
    /** Signed 32-bit integer. */
    I32(4);

    private final int bytes;

    DataType(int bytes) {
        this.bytes = bytes;
    }

    /** Bytes of one element. */
    public int bytes() {
        return bytes;
    }
}
