package io.tandem.cpu.codegen;

import io.tandem.compile.Kernel;
import io.tandem.cpu.codegen.LaneOp.Code;
import io.tandem.graph.BinaryFunction;
import io.tandem.graph.Comparison;
import io.tandem.graph.UnaryFunction;
import io.tandem.tensor.DType;

/**
 * Turns a kernel's instructions into operations on lanes. Values of 16-bit floating types are floats that are rounded
 * after each instruction, unsigned bytes are ints that are cut to 8 bits.
 */
final class Lowering {
    private final LaneBuilder b;
    private final FloatFunctions floats;

    Lowering(LaneBuilder builder) {
        this.b = builder;
        this.floats = new FloatFunctions(builder);
    }

    int unary(Kernel.Unary unary, int x) {
        return rounded(unary.dtype(), apply(unary.function(), x));
    }

    int binary(Kernel.Binary binary, int x, int y) {
        return rounded(binary.dtype(), apply(binary.function(), x, y));
    }

    int compare(Kernel.Compare compare, int x, int y) {
        if (b.type(x) == LaneType.MASK) {
            return compareMasks(compare.comparison(), x, y);
        }
        return switch (compare.comparison()) {
            case EQ -> b.eq(x, y);
            case NE -> b.ne(x, y);
            case LT -> b.lt(x, y);
            case LE -> b.le(x, y);
            case GT -> b.lt(y, x);
            case GE -> b.le(y, x);
        };
    }

    /** Conversion to an element type. */
    int cast(DType dtype, int x) {
        return rounded(dtype, b.convert(LaneType.of(dtype), x));
    }

    private int compareMasks(Comparison comparison, int x, int y) {
        return switch (comparison) {
            case EQ -> b.not(b.xor(x, y));
            case NE -> b.xor(x, y);
            case LT -> b.and(b.not(x), y);
            case LE -> b.or(b.not(x), y);
            case GT -> b.and(x, b.not(y));
            case GE -> b.or(x, b.not(y));
        };
    }

    private int rounded(DType dtype, int x) {
        return switch (dtype) {
            case BF16 -> floats.roundToBfloat16(x);
            case F16 -> b.call(LaneFunction.ROUND_TO_HALF, x);
            case U8 -> b.and(x, b.constant(0xff));
            case F32, F64, I32, I64, BOOL -> x;
        };
    }

    private int apply(UnaryFunction function, int x) {
        LaneType type = b.type(x);
        boolean wide = type == LaneType.F64;
        return switch (function) {
            case NEG -> b.neg(x);
            case ABS -> b.abs(x);
            case SIGN -> {
                int negative = b.select(b.lt(x, b.constant(type, 0)), b.constant(type, -1), x);
                yield b.select(b.lt(b.constant(type, 0), x), b.constant(type, 1), negative);
            }
            case FLOOR -> {
                int rounded = round(x);
                int below = b.sub(rounded, b.constant(type, 1));
                yield b.copySign(b.select(b.lt(x, rounded), below, rounded), x);
            }
            case CEIL -> {
                int rounded = round(x);
                int above = b.add(rounded, b.constant(type, 1));
                yield b.copySign(b.select(b.lt(rounded, x), above, rounded), x);
            }
            case ROUND -> round(x);
            case EXP -> wide ? b.call(LaneFunction.EXP, x) : floats.exp(x);
            case EXPM1 -> wide ? b.call(LaneFunction.EXPM1, x) : floats.expm1(x);
            case LOG -> wide ? b.call(LaneFunction.LOG, x) : floats.log(x);
            case LOG1P -> wide ? b.call(LaneFunction.LOG1P, x) : floats.log1p(x);
            case SQRT -> b.sqrt(x);
            case RSQRT -> b.div(b.constant(type, 1), b.sqrt(x));
            case RECIPROCAL -> b.div(b.constant(type, 1), x);
            case SIN -> wide ? b.call(LaneFunction.SIN, x) : floats.sin(x);
            case COS -> wide ? b.call(LaneFunction.COS, x) : floats.cos(x);
            case TANH -> wide ? b.call(LaneFunction.TANH, x) : floats.tanh(x);
            case SIGMOID -> wide ? wideSigmoid(x) : floats.sigmoid(x);
            case ERF -> wide ? b.call(LaneFunction.ERF, x) : floats.erf(x);
            case RELU -> b.select(b.le(x, b.constant(type, 0)), b.constant(type, 0), x);
            case NOT -> b.not(x);
            case IS_FINITE -> b.lt(b.abs(x), b.constant(type, Double.POSITIVE_INFINITY));
            case STOP_GRADIENT -> x;
        };
    }

    private int wideSigmoid(int x) {
        int t = b.call(LaneFunction.EXP, b.neg(b.abs(x)));
        int numerator = b.select(b.lt(x, b.constant(0.0)), t, b.constant(1.0));
        return b.div(numerator, b.add(t, b.constant(1.0)));
    }

    /** To the nearest integer, ties to even, by adding a number so large that it leaves no fraction. */
    private int round(int x) {
        LaneType type = b.type(x);
        int limit = b.constant(type, type == LaneType.F64 ? 0x1p52 : 0x1p23);
        int magnitude = b.abs(x);
        int rounded = b.sub(b.add(magnitude, limit), limit);
        return b.copySign(b.select(b.lt(magnitude, limit), rounded, magnitude), x);
    }

    private int apply(BinaryFunction function, int x, int y) {
        LaneType type = b.type(x);
        return switch (function) {
            case ADD -> b.add(x, y);
            case SUB -> b.sub(x, y);
            case MUL -> b.mul(x, y);
            case DIV -> type.isFloating() ? b.div(x, y) : b.call(LaneFunction.DIVIDE, x, y);
            case POW -> type == LaneType.F64 ? b.call(LaneFunction.POW, x, y) : floats.pow(x, y);
            case MAX -> b.binary(Code.MAX, x, y);
            case MIN -> b.binary(Code.MIN, x, y);
            case REMAINDER -> b.call(LaneFunction.REMAINDER, x, y);
            case AND -> b.and(x, y);
            case OR -> b.or(x, y);
            case XOR -> b.xor(x, y);
        };
    }
}
