package io.tandem.cuda.codegen;

import io.tandem.tensor.DType;

/**
 * How element types appear in CUDA C. Values are computed with in a wider type where C has none of their own: float16
 * and bfloat16 as float, and rounded after each operation; bytes as int; truth values as bool.
 */
final class ElementType {
    private ElementType() {}

    /** The type of elements in memory. */
    static String stored(DType dtype) {
        return switch (dtype) {
            case F64 -> "double";
            case F32 -> "float";
            case F16, BF16 -> "unsigned short";
            case I64 -> "long long";
            case I32 -> "int";
            case U8, BOOL -> "unsigned char";
        };
    }

    /** The type of values in registers. */
    static String computed(DType dtype) {
        return switch (dtype) {
            case F64 -> "double";
            case F32, F16, BF16 -> "float";
            case I64 -> "long long";
            case I32, U8 -> "int";
            case BOOL -> "bool";
        };
    }

    /** From an element in memory to a value. */
    static String load(DType dtype, String element) {
        return switch (dtype) {
            case F64, F32, I64, I32, U8 -> element;
            case F16 -> "half_to_float(" + element + ")";
            case BF16 -> "bfloat16_to_float(" + element + ")";
            case BOOL -> element + " != 0";
        };
    }

    /** From a value to an element in memory. */
    static String store(DType dtype, String value) {
        return switch (dtype) {
            case F64, F32, I64, I32 -> value;
            case F16 -> "float_to_half(" + value + ")";
            case BF16 -> "float_to_bfloat16(" + value + ")";
            case U8, BOOL -> "(unsigned char) " + value;
        };
    }

    /** The nearest value of the type to a result in the computed type; integers are cut to their bits. */
    static String rounded(DType dtype, String expression) {
        return switch (dtype) {
            case F64, F32, I64, I32 -> expression;
            case F16 -> "half_to_float(float_to_half(" + expression + "))";
            case BF16 -> "bfloat16_to_float(float_to_bfloat16(" + expression + "))";
            case U8 -> "(" + expression + ") & 255";
            case BOOL -> "(" + expression + ") != 0";
        };
    }

    /** A constant. */
    static String literal(DType dtype, double value) {
        return switch (dtype) {
            case F64 -> doubleLiteral(value);
            case F32, F16, BF16 -> floatLiteral((float) dtype.round(value));
            case I64 -> (long) value == Long.MIN_VALUE ? "(-9223372036854775807ll - 1)" : (long) value + "ll";
            case I32 -> (int) (long) value == Integer.MIN_VALUE
                    ? "(-2147483647 - 1)"
                    : Integer.toString((int) (long) value);
            case U8 -> Long.toString((long) value & 0xff);
            case BOOL -> (long) value != 0 ? "true" : "false";
        };
    }

    private static String floatLiteral(float value) {
        if (Float.isFinite(value)) {
            return value < 0 || 1 / value < 0 ? "(" + value + "f)" : value + "f";
        }
        return Float.isNaN(value)
                ? "__int_as_float(0x7fc00000)"
                : value > 0 ? "__int_as_float(0x7f800000)" : "__int_as_float(0xff800000)";
    }

    private static String doubleLiteral(double value) {
        if (Double.isFinite(value)) {
            return value < 0 || 1 / value < 0 ? "(" + value + ")" : Double.toString(value);
        }
        return Double.isNaN(value)
                ? "__longlong_as_double(0x7ff8000000000000ll)"
                : value > 0
                        ? "__longlong_as_double(0x7ff0000000000000ll)"
                        : "__longlong_as_double(0xfff0000000000000ull)";
    }

    /** The type in which a reduction accumulates. */
    static DType accumulator(DType dtype, DType least) {
        return switch (dtype) {
            case F64 -> DType.F64;
            case F32, F16, BF16 -> least == DType.F64 ? DType.F64 : DType.F32;
            case I64 -> DType.I64;
            case I32, U8, BOOL -> DType.I32;
        };
    }
}
