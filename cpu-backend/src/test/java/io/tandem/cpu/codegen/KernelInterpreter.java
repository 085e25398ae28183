package io.tandem.cpu.codegen;

import io.tandem.compile.Kernel;
import io.tandem.graph.BinaryFunction;
import io.tandem.graph.Comparison;
import io.tandem.graph.UnaryFunction;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * What kernels mean: one index after the other, floating values in double arithmetic that is rounded after each
 * instruction, integers as longs that are cut to their type.
 */
final class KernelInterpreter {
    /** A scalar; which half counts is decided by its type. */
    private record Value(double number, long integer) {
        static Value of(DType dtype, double number) {
            return new Value(dtype.round(number), 0);
        }

        static Value of(DType dtype, long integer) {
            return dtype.isFloating() ? new Value(dtype.round(integer), 0) : new Value(0, cut(dtype, integer));
        }
    }

    private final Kernel kernel;
    private final MemorySegment[] operands;
    private final MemorySegment[] results;
    private final boolean[] perRow;
    private final int[] pass;
    private final List<Integer> outer;
    private final List<Integer> inner;

    private KernelInterpreter(Kernel kernel, MemorySegment[] operands, MemorySegment[] results) {
        this.kernel = kernel;
        this.operands = operands;
        this.results = results;
        this.perRow = kernel.perRow();
        this.pass = kernel.passes();
        this.outer = kernel.outer().dims();
        this.inner = kernel.inner().dims();
    }

    static void run(Kernel kernel, MemorySegment[] operands, MemorySegment[] results) {
        KernelInterpreter interpreter = new KernelInterpreter(kernel, operands, results);
        for (long row = 0; row < kernel.outer().size(); row++) {
            interpreter.row(row);
        }
    }

    private static long cut(DType dtype, long value) {
        return switch (dtype) {
            case I64 -> value;
            case I32 -> (int) value;
            case U8 -> value & 0xff;
            case BOOL -> value != 0 ? 1 : 0;
            case F64, F32, F16, BF16 -> throw new IllegalArgumentException("not an integer type");
        };
    }

    private long[] index(long row, long element) {
        long[] index = new long[outer.size() + inner.size()];
        for (int i = outer.size() - 1; i >= 0; i--) {
            index[i] = row % Math.max(1, outer.get(i));
            row /= Math.max(1, outer.get(i));
        }
        for (int i = inner.size() - 1; i >= 0; i--) {
            index[outer.size() + i] = element % Math.max(1, inner.get(i));
            element /= Math.max(1, inner.get(i));
        }
        return index;
    }

    private static long position(Kernel.Access access, long[] index) {
        long position = access.offset();
        for (int i = 0; i < index.length; i++) {
            position += index[i] * access.strides().get(i);
        }
        return position;
    }

    private void row(long row) {
        int passes = 1;
        for (int p : pass) {
            passes = Math.max(passes, p + 1);
        }
        Value[] folded = new Value[pass.length];
        for (int p = 0; p < passes; p++) {
            for (long element = 0; element < kernel.inner().size(); element++) {
                long[] index = index(row, element);
                Value[] values = compute(p, index, folded);
                for (int i = 0; i < pass.length; i++) {
                    if (kernel.body().get(i) instanceof Kernel.Fold fold && pass[fold.x()] == p) {
                        DType from = kernel.body().get(fold.x()).dtype();
                        Value x = convert(from, widest(fold), values[fold.x()]);
                        folded[i] = element == 0 ? x : combine(fold, folded[i], x);
                    }
                }
                store(p, values, index, false);
            }
            for (int i = 0; i < pass.length; i++) {
                if (kernel.body().get(i) instanceof Kernel.Fold fold && pass[fold.x()] == p) {
                    Value total = folded[i] == null ? new Value(0, 0) : folded[i];
                    folded[i] = convert(widest(fold), fold.dtype(), total);
                }
            }
            long[] first = index(row, 0);
            store(p, compute(p, first, folded), first, true);
        }
    }

    /** Folds are exact here but for the rounding of doubles. */
    private static DType widest(Kernel.Fold fold) {
        return fold.accumulator().isFloating() ? DType.F64 : fold.accumulator();
    }

    private static Value combine(Kernel.Fold fold, Value x, Value y) {
        BinaryFunction function = switch (fold.reduction()) {
            case SUM -> BinaryFunction.ADD;
            case MAX -> BinaryFunction.MAX;
            case MIN -> BinaryFunction.MIN;
        };
        return binary(widest(fold), function, x, y);
    }

    private void store(int p, Value[] values, long[] index, boolean rows) {
        for (Kernel.Store store : kernel.stores()) {
            if (pass[store.value()] == p && perRow[store.value()] == rows) {
                DType dtype = kernel.results().get(store.result());
                long position = position(store.access(), index);
                Value value = values[store.value()];
                if (dtype.isFloating()) {
                    NDArray.put(results[store.result()], dtype, position, value.number);
                } else {
                    NDArray.putLong(results[store.result()], dtype, position, value.integer);
                }
            }
        }
    }

    /** All values that are there in a pass. */
    private Value[] compute(int p, long[] index, Value[] folded) {
        Value[] values = new Value[pass.length];
        for (int i = 0; i < values.length; i++) {
            if (pass[i] <= p) {
                values[i] = compute(kernel.body().get(i), i, index, values, folded);
            }
        }
        return values;
    }

    private Value compute(Kernel.Instruction instruction, int i, long[] index, Value[] values, Value[] folded) {
        DType dtype = instruction.dtype();
        return switch (instruction) {
            case Kernel.Load load -> {
                if (kernel.inner().size() == 0 && !perRow[i]) {
                    yield new Value(0, 0);
                }
                long position = position(load.access(), index);
                MemorySegment memory = operands[load.operand()];
                yield switch (dtype) {
                    case F64, F32, F16, BF16 -> new Value(NDArray.get(memory, dtype, position), 0);
                    case I64, I32 -> new Value(0, NDArray.wrap(wholeType(dtype, memory), memory).getLong(position));
                    case U8, BOOL -> new Value(0, (long) NDArray.get(memory, dtype, position));
                };
            }
            case Kernel.Literal literal -> {
                double rounded = dtype.round(literal.value());
                yield dtype.isFloating() ? new Value(rounded, 0) : new Value(0, (long) rounded);
            }
            case Kernel.Index coordinate -> Value.of(dtype, position(coordinate.access(), index));
            case Kernel.Unary unary ->
                unary(kernel.body().get(unary.x()).dtype(), dtype, unary.function(), values[unary.x()]);
            case Kernel.Binary binary -> binary(dtype, binary.function(), values[binary.x()], values[binary.y()]);
            case Kernel.Compare compare ->
                compare(
                        kernel.body().get(compare.x()).dtype(),
                        compare.comparison(),
                        values[compare.x()],
                        values[compare.y()]);
            case Kernel.Select select ->
                values[select.condition()].integer != 0 ? values[select.x()] : values[select.y()];
            case Kernel.Cast cast -> convert(kernel.body().get(cast.x()).dtype(), dtype, values[cast.x()]);
            case Kernel.Fold fold -> folded[i];
        };
    }

    private static TensorType wholeType(DType dtype, MemorySegment memory) {
        return TensorType.of(dtype, (int) (memory.byteSize() / dtype.bytes()));
    }

    private static Value convert(DType from, DType to, Value x) {
        if (!from.isFloating()) {
            return Value.of(to, x.integer);
        }
        return switch (to) {
            case I64 -> new Value(0, (long) x.number);
            case I32 -> new Value(0, (int) x.number);
            case U8 -> new Value(0, (int) x.number & 0xff);
            case BOOL -> new Value(0, x.number != 0 ? 1 : 0);
            case F64, F32, F16, BF16 -> Value.of(to, x.number);
        };
    }

    private static Value unary(DType from, DType dtype, UnaryFunction function, Value value) {
        double x = value.number;
        long n = value.integer;
        if (!from.isFloating()) {
            return switch (function) {
                case NEG -> Value.of(dtype, -n);
                case ABS -> Value.of(dtype, Math.abs(n));
                case SIGN -> Value.of(dtype, (long) Long.signum(n));
                case NOT -> Value.of(dtype, 1 - n);
                case STOP_GRADIENT -> value;
                default -> throw new IllegalArgumentException(function + " of " + from);
            };
        }
        double y = switch (function) {
            case NEG -> -x;
            case ABS -> Math.abs(x);
            case SIGN -> Math.signum(x);
            case FLOOR -> Math.floor(x);
            case CEIL -> Math.ceil(x);
            case ROUND -> Math.rint(x);
            case EXP -> StrictMath.exp(x);
            case EXPM1 -> StrictMath.expm1(x);
            case LOG -> StrictMath.log(x);
            case LOG1P -> StrictMath.log1p(x);
            case SQRT -> Math.sqrt(x);
            case RSQRT -> 1 / Math.sqrt(x);
            case RECIPROCAL -> 1 / x;
            case SIN -> StrictMath.sin(x);
            case COS -> StrictMath.cos(x);
            case TANH -> StrictMath.tanh(x);
            case SIGMOID -> x >= 0 ? 1 / (1 + StrictMath.exp(-x)) : StrictMath.exp(x) / (1 + StrictMath.exp(x));
            case ERF -> ScalarFunctions.erf(x);
            case RELU -> Math.max(x, 0);
            case STOP_GRADIENT -> x;
            case NOT -> throw new IllegalArgumentException("NOT of " + from);
            case IS_FINITE -> Double.isFinite(x) ? 1 : 0;
        };
        return function == UnaryFunction.IS_FINITE ? new Value(0, (long) y) : Value.of(dtype, y);
    }

    private static Value binary(DType dtype, BinaryFunction function, Value a, Value b) {
        double x = a.number;
        double y = b.number;
        long m = a.integer;
        long n = b.integer;
        if (!dtype.isFloating()) {
            return Value.of(
                    dtype,
                    switch (function) {
                        case ADD -> m + n;
                        case SUB -> m - n;
                        case MUL -> m * n;
                        case DIV -> n == 0 ? 0 : m / n;
                        case MAX -> Math.max(m, n);
                        case MIN -> Math.min(m, n);
                        case REMAINDER -> n == 0 ? 0 : m % n;
                        case AND -> m & n;
                        case OR -> m | n;
                        case XOR -> m ^ n;
                        case POW -> throw new IllegalArgumentException("POW of " + dtype);
                    });
        }
        return Value.of(
                dtype,
                switch (function) {
                    case ADD -> x + y;
                    case SUB -> x - y;
                    case MUL -> x * y;
                    case DIV -> x / y;
                    case POW -> x == 1 || x == -1 && Double.isInfinite(y) ? 1 : StrictMath.pow(x, y);
                    case MAX -> Math.max(x, y);
                    case MIN -> Math.min(x, y);
                    case REMAINDER -> x % y;
                    case AND, OR, XOR -> throw new IllegalArgumentException(function + " of " + dtype);
                });
    }

    private static Value compare(DType dtype, Comparison comparison, Value a, Value b) {
        boolean floating = dtype.isFloating();
        boolean less = floating ? a.number < b.number : a.integer < b.integer;
        boolean equal = floating ? a.number == b.number : a.integer == b.integer;
        boolean greater = floating ? a.number > b.number : a.integer > b.integer;
        boolean holds = switch (comparison) {
            case EQ -> equal;
            case NE -> !equal;
            case LT -> less;
            case LE -> less || equal;
            case GT -> greater;
            case GE -> greater || equal;
        };
        return new Value(0, holds ? 1 : 0);
    }
}
