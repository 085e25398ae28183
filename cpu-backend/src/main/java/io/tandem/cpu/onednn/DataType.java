package io.tandem.cpu.onednn;

/** Element types of oneDNN. */
public enum DataType {
    /** IEEE half precision. */
    F16(1, 2),
    /** The upper half of a float32. */
    BF16(2, 2),
    /** IEEE single precision. */
    F32(3, 4),
    /** Signed 32-bit integers. */
    S32(4, 4),
    /** Signed bytes. */
    S8(5, 1),
    /** Unsigned bytes. */
    U8(6, 1);

    private final int code;
    private final int bytes;

    DataType(int code, int bytes) {
        this.code = code;
        this.bytes = bytes;
    }

    int code() {
        return code;
    }

    /** The size of one element. */
    public int bytes() {
        return bytes;
    }

    static DataType of(int code) {
        for (DataType type : values()) {
            if (type.code == code) {
                return type;
            }
        }
        throw new IllegalArgumentException("data type " + code + " of oneDNN is unknown");
    }
}
