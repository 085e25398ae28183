package io.tandem.cpu.codegen;

import io.tandem.cpu.codegen.BlockProgram.Binding;
import io.tandem.cpu.codegen.BlockProgram.FoldOutput;
import io.tandem.cpu.codegen.BlockProgram.Output;
import io.tandem.cpu.codegen.LaneOp.Code;
import io.tandem.graph.Reduction;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Collects the operations of a block; equal ones become one. Values are named by their number. */
final class LaneBuilder {
    private final List<LaneOp> ops = new ArrayList<>();
    private final Map<LaneOp, Integer> known = new HashMap<>();
    private final List<Binding> bindings = new ArrayList<>();
    private final List<Output> outputs = new ArrayList<>();
    private final List<FoldOutput> folds = new ArrayList<>();

    BlockProgram build() {
        return new BlockProgram(ops, bindings, outputs, folds);
    }

    LaneType type(int value) {
        return ops.get(value).type();
    }

    int bind(Binding binding) {
        bindings.add(binding);
        return bindings.size() - 1;
    }

    void output(int value, int binding) {
        outputs.add(new Output(value, binding));
    }

    void fold(int value, Reduction reduction, int binding, boolean lanes) {
        folds.add(new FoldOutput(value, reduction, binding, lanes));
    }

    boolean hasEffects() {
        return !outputs.isEmpty() || !folds.isEmpty();
    }

    private int put(Code code, LaneType type, int a, int b, int c, long bits) {
        return known.computeIfAbsent(new LaneOp(code, type, a, b, c, bits), op -> {
            ops.add(op);
            return ops.size() - 1;
        });
    }

    int input(LaneType type, int binding) {
        return put(Code.INPUT, type, -1, -1, -1, binding);
    }

    int literal(LaneType type, int index) {
        return put(Code.LITERAL, type, -1, -1, -1, index);
    }

    int constant(float value) {
        return put(Code.CONSTANT, LaneType.F32, -1, -1, -1, Float.floatToRawIntBits(value));
    }

    int constant(double value) {
        return put(Code.CONSTANT, LaneType.F64, -1, -1, -1, Double.doubleToRawLongBits(value));
    }

    int constant(int value) {
        return put(Code.CONSTANT, LaneType.I32, -1, -1, -1, value);
    }

    int constant(long value) {
        return put(Code.CONSTANT, LaneType.I64, -1, -1, -1, value);
    }

    /** A constant of a number type. */
    int constant(LaneType type, double value) {
        return switch (type) {
            case F32 -> constant((float) value);
            case F64 -> constant(value);
            case I32 -> constant((int) value);
            case I64 -> constant((long) value);
            case MASK -> throw new IllegalArgumentException("there are no constant masks");
        };
    }

    int unary(Code code, int x) {
        return put(code, type(x), x, -1, -1, 0);
    }

    int binary(Code code, int x, int y) {
        if (type(x) != type(y)) {
            throw new IllegalArgumentException("%s of %s and %s".formatted(code, type(x), type(y)));
        }
        boolean compares = code == Code.EQ || code == Code.NE || code == Code.LT || code == Code.LE;
        return put(code, compares ? LaneType.MASK : type(x), x, y, -1, 0);
    }

    int add(int x, int y) {
        return binary(Code.ADD, x, y);
    }

    int sub(int x, int y) {
        return binary(Code.SUB, x, y);
    }

    int mul(int x, int y) {
        return binary(Code.MUL, x, y);
    }

    int div(int x, int y) {
        return binary(Code.DIV, x, y);
    }

    int and(int x, int y) {
        return binary(Code.AND, x, y);
    }

    int or(int x, int y) {
        return binary(Code.OR, x, y);
    }

    int xor(int x, int y) {
        return binary(Code.XOR, x, y);
    }

    int eq(int x, int y) {
        return binary(Code.EQ, x, y);
    }

    int ne(int x, int y) {
        return binary(Code.NE, x, y);
    }

    int lt(int x, int y) {
        return binary(Code.LT, x, y);
    }

    int le(int x, int y) {
        return binary(Code.LE, x, y);
    }

    int neg(int x) {
        return unary(Code.NEG, x);
    }

    int abs(int x) {
        return unary(Code.ABS, x);
    }

    int sqrt(int x) {
        return unary(Code.SQRT, x);
    }

    int not(int mask) {
        return unary(Code.NOT, mask);
    }

    /** x * y + z, rounded once. */
    int fma(int x, int y, int z) {
        return put(Code.FMA, type(x), x, y, z, 0);
    }

    int select(int mask, int x, int y) {
        if (type(x) == LaneType.MASK) {
            return or(and(mask, x), and(not(mask), y));
        }
        return put(Code.SELECT, type(x), mask, x, y, 0);
    }

    int shiftLeft(int x, int bits) {
        return put(Code.SHIFT_LEFT, type(x), x, -1, -1, bits);
    }

    int shiftRight(int x, int bits) {
        return put(Code.SHIFT_RIGHT, type(x), x, -1, -1, bits);
    }

    int shiftRightUnsigned(int x, int bits) {
        return put(Code.SHIFT_RIGHT_UNSIGNED, type(x), x, -1, -1, bits);
    }

    /** Java's conversion; a number is true if it is not 0. */
    int convert(LaneType type, int x) {
        LaneType from = type(x);
        if (from == type) {
            return x;
        }
        if (type == LaneType.MASK) {
            return ne(x, constant(from, 0));
        }
        if (from == LaneType.MASK) {
            return select(x, constant(type, 1), constant(type, 0));
        }
        return put(Code.CONVERT, type, x, -1, -1, 0);
    }

    /** The same bits as the integer or floating type of equal size. */
    int reinterpret(int x) {
        LaneType type = switch (type(x)) {
            case F32 -> LaneType.I32;
            case I32 -> LaneType.F32;
            case F64 -> LaneType.I64;
            case I64 -> LaneType.F64;
            case MASK -> throw new IllegalArgumentException("masks have no bits");
        };
        return put(Code.REINTERPRET, type, x, -1, -1, 0);
    }

    int call(LaneFunction function, int x) {
        return put(Code.CALL, type(x), x, -1, -1, function.ordinal());
    }

    int call(LaneFunction function, int x, int y) {
        return put(Code.CALL, type(x), x, y, -1, function.ordinal());
    }

    /** The function of x where the mask is set, which should be rare, else {@code otherwise}. */
    int callWhere(int mask, LaneFunction function, int x, int otherwise) {
        return put(Code.CALL_WHERE, type(x), mask, x, otherwise, function.ordinal());
    }

    /** c[0] + c[1] x + c[2] x^2 ..., by Horner's rule. */
    int polynomial(int x, float... c) {
        int sum = constant(c[c.length - 1]);
        for (int i = c.length - 2; i >= 0; i--) {
            sum = fma(sum, x, constant(c[i]));
        }
        return sum;
    }

    /** c[0] + c[1] x + c[2] x^2 ..., by Horner's rule. */
    int polynomial(int x, double... c) {
        int sum = constant(c[c.length - 1]);
        for (int i = c.length - 2; i >= 0; i--) {
            sum = fma(sum, x, constant(c[i]));
        }
        return sum;
    }

    /** The magnitude of one floating value with the sign of another. */
    int copySign(int magnitude, int sign) {
        boolean wide = type(sign) == LaneType.F64;
        int signBit = wide ? constant(Long.MIN_VALUE) : constant(Integer.MIN_VALUE);
        int rest = wide ? constant(Long.MAX_VALUE) : constant(Integer.MAX_VALUE);
        return reinterpret(or(and(reinterpret(magnitude), rest), and(reinterpret(sign), signBit)));
    }
}
