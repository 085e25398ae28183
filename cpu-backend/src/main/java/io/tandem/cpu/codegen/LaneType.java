package io.tandem.cpu.codegen;

import io.tandem.tensor.DType;

/** Types of the values inside a block's code; all element types are computed in one of these. */
enum LaneType {
    /** A float. */
    F32(4),
    /** A double. */
    F64(8),
    /** An int. */
    I32(4),
    /** A long. */
    I64(8),
    /** A truth value; in arrays an int, 0 or 1. */
    MASK(4);

    private final int bytes;

    LaneType(int bytes) {
        this.bytes = bytes;
    }

    /** Size of an element of an array of this type. */
    int bytes() {
        return bytes;
    }

    boolean isFloating() {
        return this == F32 || this == F64;
    }

    boolean isWide() {
        return bytes == 8;
    }

    /** The type in which values of an element type are computed. */
    static LaneType of(DType dtype) {
        return switch (dtype) {
            case F32, F16, BF16 -> F32;
            case F64 -> F64;
            case I32, U8 -> I32;
            case I64 -> I64;
            case BOOL -> MASK;
        };
    }

    /** The type of array elements that hold values of this type. */
    LaneType stored() {
        return this == MASK ? I32 : this;
    }

    /** A new array for {@code length} values. */
    Object newArray(int length) {
        return switch (this) {
            case F32 -> new float[length];
            case F64 -> new double[length];
            case I32, MASK -> new int[length];
            case I64 -> new long[length];
        };
    }
}
