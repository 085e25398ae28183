package io.tandem.onnx;

import io.tandem.graph.BinaryFunction;
import io.tandem.graph.Comparison;
import io.tandem.graph.UnaryFunction;
import io.tandem.tensor.DType;
import java.util.List;

/**
 * Elementwise functions as ONNX operators. ONNX has little arithmetic of bytes and truth values: these are computed as int32
 * and cut to their type.
 */
record ElementwiseNodes(Place place) {

    String unary(UnaryFunction function, DType dtype, String x) {
        return switch (function) {
            case NEG -> dtype == DType.U8 ? place.cast(place.add("Neg", place.cast(x, DType.I32)), dtype)
                    : place.add("Neg", x);
            case ABS -> place.add("Abs", x);
            case SIGN -> place.add("Sign", x);
            case FLOOR -> place.add("Floor", x);
            case CEIL -> place.add("Ceil", x);
            case ROUND -> place.add("Round", x);
            case EXP -> place.add("Exp", x);
            case EXPM1 -> expm1(dtype, x);
            case LOG -> place.add("Log", x);
            case LOG1P -> log1p(dtype, x);
            case SQRT -> place.add("Sqrt", x);
            case RSQRT -> place.add("Reciprocal", place.add("Sqrt", x));
            case RECIPROCAL -> place.add("Reciprocal", x);
            case SIN -> place.add("Sin", x);
            case COS -> place.add("Cos", x);
            case TANH -> place.add("Tanh", x);
            case SIGMOID -> place.add("Sigmoid", x);
            case ERF -> place.add("Erf", x);
            case RELU -> place.add("Relu", x);
            case NOT -> place.add("Not", x);
            case IS_FINITE -> place.add("Not", place.add("Or", place.add("IsNaN", x), place.add("IsInf", x)));
            case STOP_GRADIENT -> x;
        };
    }

    /** e^x - 1, near 0 as 2 t / (1 - t) with t = tanh(x / 2), which does not cancel. */
    private String expm1(DType dtype, String x) {
        String one = place.scalar(dtype, 1);
        String half = place.add("Tanh", place.add("Mul", x, place.scalar(dtype, 0.5)));
        String near = place.add("Div", place.add("Add", half, half), place.add("Sub", one, half));
        return place.add("Where", small(dtype, x), near, place.add("Sub", place.add("Exp", x), one));
    }

    /** ln(1 + x), near 0 by the division that makes up for what 1 + x has lost (Kahan). */
    private String log1p(DType dtype, String x) {
        String one = place.scalar(dtype, 1);
        String sum = place.add("Add", x, one);
        String kept = place.add("Sub", sum, one);
        String ratio = place.add("Div", place.add("Mul", x, place.add("Log", sum)), kept);
        String near = place.add("Where", place.add("Equal", kept, place.scalar(dtype, 0)), x, ratio);
        return place.add("Where", small(dtype, x), near, place.add("Log", sum));
    }

    private String small(DType dtype, String x) {
        return place.add("Less", place.add("Abs", x), place.scalar(dtype, 0.5));
    }

    String binary(BinaryFunction function, DType dtype, String x, String y) {
        if (dtype == DType.U8) {
            return switch (function) {
                case AND, OR, XOR -> place.add(name(function, dtype), x, y);
                case ADD, SUB, MUL, DIV, POW, MAX, MIN, REMAINDER -> place.cast(
                        binary(function, DType.I32, place.cast(x, DType.I32), place.cast(y, DType.I32)), dtype);
            };
        }
        return switch (function) {
            case DIV -> dtype.isFloating() ? place.add("Div", x, y) : quotient(dtype, x, y);
            case REMAINDER -> dtype.isFloating()
                    ? place.add("Mod", List.of(x, y), Attribute.integer("fmod", 1))
                    : integerRemainder(dtype, x, y);
            case ADD, SUB, MUL, POW, MAX, MIN, AND, OR, XOR -> place.add(name(function, dtype), x, y);
        };
    }

    private static String name(BinaryFunction function, DType dtype) {
        boolean bits = dtype != DType.BOOL;
        return switch (function) {
            case ADD -> "Add";
            case SUB -> "Sub";
            case MUL -> "Mul";
            case DIV -> "Div";
            case POW -> "Pow";
            case MAX -> "Max";
            case MIN -> "Min";
            case REMAINDER -> "Mod";
            case AND -> bits ? "BitwiseAnd" : "And";
            case OR -> bits ? "BitwiseOr" : "Or";
            case XOR -> bits ? "BitwiseXor" : "Xor";
        };
    }

    /** Integers by 0 give 0, and the smallest one by -1 itself: engines stop at both, as processors do. */
    private String quotient(DType dtype, String x, String y) {
        String safe = safeDivisor(dtype, y);
        String quotient = place.add("Where", is(dtype, y, -1), place.add("Neg", x), place.add("Div", x, safe));
        return place.add("Where", is(dtype, y, 0), place.scalar(dtype, 0), quotient);
    }

    /** Through the quotient: engines compute Mod of integers in floating point. */
    private String integerRemainder(DType dtype, String x, String y) {
        String divisor = safeDivisor(dtype, y);
        return place.add("Sub", x, place.add("Mul", place.add("Div", x, divisor), divisor));
    }

    /** A divisor, but 1 in place of 0 and -1: the remainders by these are 0 as well. */
    private String safeDivisor(DType dtype, String y) {
        return place.add(
                "Where", place.add("Or", is(dtype, y, 0), is(dtype, y, -1)), place.scalar(dtype, 1), y);
    }

    private String is(DType dtype, String x, double value) {
        return place.add("Equal", x, place.scalar(dtype, value));
    }

    String compare(Comparison comparison, DType dtype, String x, String y) {
        if (dtype == DType.U8 || dtype == DType.BOOL) {
            return compare(comparison, DType.I32, place.cast(x, DType.I32), place.cast(y, DType.I32));
        }
        return switch (comparison) {
            case EQ -> place.add("Equal", x, y);
            case NE -> place.add("Not", place.add("Equal", x, y));
            case LT -> place.add("Less", x, y);
            case LE -> place.add("LessOrEqual", x, y);
            case GT -> place.add("Greater", x, y);
            case GE -> place.add("GreaterOrEqual", x, y);
        };
    }

    String select(DType dtype, String condition, String whenTrue, String whenFalse) {
        return dtype == DType.BOOL
                ? place.add("Or", place.add("And", condition, whenTrue),
                        place.add("And", place.add("Not", condition), whenFalse))
                : place.add("Where", condition, whenTrue, whenFalse);
    }

    String cast(DType from, DType to, String x) {
        return from.isFloating() && to == DType.U8 ? place.cast(place.cast(x, DType.I32), to) : place.cast(x, to);
    }
}
