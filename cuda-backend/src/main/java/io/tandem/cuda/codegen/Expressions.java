package io.tandem.cuda.codegen;

import io.tandem.graph.BinaryFunction;
import io.tandem.graph.Comparison;
import io.tandem.graph.Reduction;
import io.tandem.graph.UnaryFunction;
import io.tandem.tensor.DType;

/** C expressions of scalar functions, with the meaning that {@link io.tandem.reference.Elementwise} defines. */
final class Expressions {
    private Expressions() {}

    static String unary(UnaryFunction function, DType dtype, DType operand, String x) {
        if (function == UnaryFunction.IS_FINITE) {
            return operand == DType.F64
                    ? "fabs(" + x + ") <= 1.7976931348623157e308"
                    : "fabsf(" + x + ") <= 3.40282347e38f";
        }
        if (!operand.isFloating()) {
            return ElementType.rounded(dtype, integral(function, operand, x));
        }
        boolean wide = operand == DType.F64;
        return switch (function) {
            // These keep to the values of a narrow type.
            case NEG -> "-" + x;
            case ABS -> call("fabs", wide, x);
            case SIGN -> wide
                    ? "%1$s > 0.0 ? 1.0 : %1$s < 0.0 ? -1.0 : %1$s".formatted(x)
                    : "%1$s > 0.0f ? 1.0f : %1$s < 0.0f ? -1.0f : %1$s".formatted(x);
            case RELU -> "%1$s > 0 || %1$s != %1$s ? %1$s : %2$s".formatted(x, wide ? "0.0" : "0.0f");
            case FLOOR -> call("floor", wide, x);
            case CEIL -> call("ceil", wide, x);
            case ROUND -> call("rint", wide, x);
            case STOP_GRADIENT -> x;
            case EXP -> rounded(dtype, call("exp", wide, x));
            case EXPM1 -> rounded(dtype, call("expm1", wide, x));
            case LOG -> rounded(dtype, call("log", wide, x));
            case LOG1P -> rounded(dtype, call("log1p", wide, x));
            case SQRT -> rounded(dtype, call("sqrt", wide, x));
            case RSQRT -> rounded(dtype, call("rsqrt", wide, x));
            case RECIPROCAL -> rounded(dtype, (wide ? "1.0 / " : "1.0f / ") + x);
            case SIN -> rounded(dtype, call("sin", wide, x));
            case COS -> rounded(dtype, call("cos", wide, x));
            case TANH -> rounded(dtype, call("tanh", wide, x));
            case ERF -> rounded(dtype, call("erf", wide, x));
            case SIGMOID -> rounded(dtype, (wide ? "sigmoid_double(" : "sigmoid_float(") + x + ")");
            case NOT, IS_FINITE -> throw new IllegalArgumentException(function + " does not give a floating value");
        };
    }

    private static String call(String name, boolean wide, String x) {
        return name + (wide ? "(" : "f(") + x + ")";
    }

    private static String rounded(DType dtype, String expression) {
        return ElementType.rounded(dtype, expression);
    }

    private static String integral(UnaryFunction function, DType dtype, String x) {
        return switch (function) {
            case NEG -> negated(dtype, x);
            case ABS -> "%s < 0 ? %s : %s".formatted(x, negated(dtype, x), x);
            case SIGN -> "(%1$s > 0) - (%1$s < 0)".formatted(x);
            case NOT -> "!" + x;
            case STOP_GRADIENT -> x;
            case FLOOR, CEIL, ROUND, EXP, EXPM1, LOG, LOG1P, SQRT, RSQRT, RECIPROCAL, SIN, COS, TANH, SIGMOID, ERF,
                    RELU,
                    IS_FINITE ->
                throw new IllegalArgumentException(function + " is of floating values alone");
        };
    }

    private static String negated(DType dtype, String x) {
        return dtype == DType.I64 ? "(long long) (0ull - (unsigned long long) " + x + ")"
                : "(int) (0u - (unsigned) " + x + ")";
    }

    static String binary(BinaryFunction function, DType dtype, String x, String y) {
        if (dtype.isFloating()) {
            boolean wide = dtype == DType.F64;
            return switch (function) {
                case ADD -> rounded(dtype, x + " + " + y);
                case SUB -> rounded(dtype, x + " - " + y);
                case MUL -> rounded(dtype, x + " * " + y);
                case DIV -> rounded(dtype, x + " / " + y);
                case POW -> rounded(dtype, (wide ? "pow(" : "powf(") + x + ", " + y + ")");
                case MAX -> "maximum(" + x + ", " + y + ")";
                case MIN -> "minimum(" + x + ", " + y + ")";
                case REMAINDER -> rounded(dtype, (wide ? "fmod(" : "fmodf(") + x + ", " + y + ")");
                case AND, OR, XOR -> throw new IllegalArgumentException(function + " is not of floating values");
            };
        }
        String expression = switch (function) {
            case ADD -> wrapping("+", dtype, x, y);
            case SUB -> wrapping("-", dtype, x, y);
            case MUL -> wrapping("*", dtype, x, y);
            case DIV -> "quotient(" + x + ", " + y + ")";
            case REMAINDER -> "remainder_of(" + x + ", " + y + ")";
            case MAX -> "maximum(" + x + ", " + y + ")";
            case MIN -> "minimum(" + x + ", " + y + ")";
            case AND -> x + " & " + y;
            case OR -> x + " | " + y;
            case XOR -> x + " ^ " + y;
            case POW -> throw new IllegalArgumentException(function + " is of floating values alone");
        };
        return ElementType.rounded(dtype, expression);
    }

    /** Overflow of signed integers is undefined in C, that of unsigned ones wraps. */
    private static String wrapping(String operator, DType dtype, String x, String y) {
        return switch (dtype) {
            case I64 -> "(long long) ((unsigned long long) %s %s (unsigned long long) %s)".formatted(x, operator, y);
            case I32 -> "(int) ((unsigned) %s %s (unsigned) %s)".formatted(x, operator, y);
            case U8, BOOL -> x + " " + operator + " " + y;
            case F64, F32, F16, BF16 -> throw new IllegalArgumentException(dtype + " does not wrap");
        };
    }

    static String compare(Comparison comparison, String x, String y) {
        String operator = switch (comparison) {
            case EQ -> "==";
            case NE -> "!=";
            case LT -> "<";
            case LE -> "<=";
            case GT -> ">";
            case GE -> ">=";
        };
        return x + " " + operator + " " + y;
    }

    /** Conversion as Java's casts do it: towards zero, NaN to 0, too large values to the limits. */
    static String cast(DType from, DType to, String x) {
        if (from == to) {
            return x;
        }
        boolean wide = from == DType.F64;
        return switch (to) {
            case F64 -> "(double) " + x;
            case F32, F16, BF16 ->
                ElementType.rounded(to, from == DType.I64 ? "__ll2float_rn(" + x + ")" : "(float) " + x);
            case I64 -> from.isFloating()
                    ? "%1$s != %1$s ? 0ll : %2$s(%1$s)".formatted(x, wide ? "__double2ll_rz" : "__float2ll_rz")
                    : "(long long) " + x;
            case I32 -> from.isFloating() ? truncated(wide, x) : "(int) " + x;
            case U8 -> from.isFloating() ? "(" + truncated(wide, x) + ") & 255" : "(int) " + x + " & 255";
            case BOOL -> x + " != 0";
        };
    }

    private static String truncated(boolean wide, String x) {
        return "%1$s != %1$s ? 0 : %2$s(%1$s)".formatted(x, wide ? "__double2int_rz" : "__float2int_rz");
    }

    /** The value that a reduction starts with. */
    static String start(Reduction reduction, DType accumulator) {
        return switch (reduction) {
            case SUM -> ElementType.literal(accumulator, 0);
            case MAX -> accumulator.isFloating()
                    ? ElementType.literal(accumulator, Double.NEGATIVE_INFINITY)
                    : accumulator == DType.I64 ? "(-9223372036854775807ll - 1)" : "(-2147483647 - 1)";
            case MIN -> accumulator.isFloating()
                    ? ElementType.literal(accumulator, Double.POSITIVE_INFINITY)
                    : accumulator == DType.I64 ? "9223372036854775807ll" : "2147483647";
        };
    }

    /** Two parts of a reduction as one. */
    static String combine(Reduction reduction, DType accumulator, String x, String y) {
        return switch (reduction) {
            case SUM -> accumulator.isFloating() ? x + " + " + y : wrapping("+", accumulator, x, y);
            case MAX -> "maximum(" + x + ", " + y + ")";
            case MIN -> "minimum(" + x + ", " + y + ")";
        };
    }
}
