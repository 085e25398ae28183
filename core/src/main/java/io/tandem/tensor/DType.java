package io.tandem.tensor;

/**
 * Element types of tensors. All values are stored little endian, row-major and dense.
 *
 * <p>{@code BF16} and {@code F16} are storage types: arithmetic on them widens to float32, and results are rounded to
 * nearest even.
 */
public enum DType {
    /** IEEE 754 binary64. */
    F64(8),
    /** IEEE 754 binary32. */
    F32(4),
    /** IEEE 754 binary16. */
    F16(2),
    /** The upper half of a binary32 (8 exponent bits, 7 fraction bits). */
    BF16(2),
    /** Signed 64-bit integer. */
    I64(8),
    /** Signed 32-bit integer; the type of indices that operations produce. */
    I32(4),
    /** Unsigned 8-bit integer. */
    U8(1),
    /** Truth value, one byte, 0 or 1. */
    BOOL(1);

    private final int bytes;

    DType(int bytes) {
        this.bytes = bytes;
    }

    /** Size of one element in bytes. */
    public int bytes() {
        return bytes;
    }

    /** Whether this is a floating type (and so takes part in differentiation). */
    public boolean isFloating() {
        return switch (this) {
            case F64, F32, F16, BF16 -> true;
            case I64, I32, U8, BOOL -> false;
        };
    }

    /** Whether this is an integer type (not {@link #BOOL}). */
    public boolean isInteger() {
        return switch (this) {
            case I64, I32, U8 -> true;
            case F64, F32, F16, BF16, BOOL -> false;
        };
    }

    /** Rounds {@code value} to the nearest value that this type represents; integers wrap as Java's casts do. */
    public double round(double value) {
        return switch (this) {
            case F64 -> value;
            case F32 -> (float) value;
            case F16 -> Float.float16ToFloat(Float.floatToFloat16((float) value));
            case BF16 -> bfloat16ToFloat(floatToBfloat16((float) value));
            case I64 -> (long) value;
            case I32 -> (int) value;
            case U8 -> (int) value & 0xff;
            case BOOL -> value != 0 ? 1 : 0;
        };
    }

    /** The bfloat16 bits of {@code value}, rounded to nearest even; NaN stays NaN. */
    public static short floatToBfloat16(float value) {
        int bits = Float.floatToRawIntBits(value);
        if (Float.isNaN(value)) {
            return (short) (bits >>> 16 | 0x40);
        }
        return (short) (bits + 0x7fff + (bits >>> 16 & 1) >>> 16);
    }

    /** The value of bfloat16 bits. */
    public static float bfloat16ToFloat(short bits) {
        return Float.intBitsToFloat(bits << 16);
    }
}
