package io.tandem.cpu.reference;

import io.tandem.compile.Kernel;
import io.tandem.graph.Reduction;
import io.tandem.graph.UnaryFunction;
import io.tandem.reference.Elementwise;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import java.util.function.LongBinaryOperator;
import java.util.function.LongUnaryOperator;

/**
 * Runs a fused kernel one index after the other: each instruction in double or long arithmetic, its result rounded or
 * wrapped to its type; folds in double or long, rounded at their end.
 */
final class KernelInterpreter {
    private final Kernel kernel;
    private final boolean[] perRow;
    private final int[] passes;
    private final int lastPass;
    private final int outerAxes;
    private final int[] sizes;
    private final Evaluation[] evaluations;
    private final double[] floats;
    private final long[] integers;
    private final long[] index;
    private List<MemorySegment> operands = List.of();

    /** Computes one instruction from the ones before it, at the current index. */
    @FunctionalInterface
    private interface Evaluation {
        void run();
    }

    /** Prepares a kernel. An interpreter runs on one thread at a time. */
    KernelInterpreter(Kernel kernel) {
        this.kernel = kernel;
        int count = kernel.body().size();
        perRow = kernel.perRow();
        passes = kernel.passes();
        int last = 0;
        for (int pass : passes) {
            last = Math.max(last, pass);
        }
        lastPass = last;
        outerAxes = kernel.outer().rank();
        int inner = kernel.inner().rank();
        sizes = new int[outerAxes + inner];
        System.arraycopy(kernel.outer().toArray(), 0, sizes, 0, outerAxes);
        System.arraycopy(kernel.inner().toArray(), 0, sizes, outerAxes, inner);
        index = new long[sizes.length];
        floats = new double[count];
        integers = new long[count];
        evaluations = new Evaluation[count];
        for (int i = 0; i < count; i++) {
            evaluations[i] = evaluation(i, kernel.body().get(i));
        }
    }

    /** Runs the kernel over its whole index space. */
    void run(List<MemorySegment> operands, List<MemorySegment> results) {
        this.operands = operands;
        long rows = kernel.outer().size();
        for (long row = 0; row < rows; row++) {
            setIndex(row, 0, outerAxes);
            setIndex(0, outerAxes, sizes.length);
            row(results);
        }
        this.operands = List.of();
    }

    private void row(List<MemorySegment> results) {
        long elements = kernel.inner().size();
        for (int pass = 0; pass <= lastPass; pass++) {
            // Values of one row element before another: what is per row, at the first element, even of an empty row.
            evaluate(pass, true);
            startFolds(pass + 1);
            for (long element = 0; element < elements; element++) {
                setIndex(element, outerAxes, sizes.length);
                evaluate(pass, false);
                for (int i = 0; i < passes.length; i++) {
                    if (kernel.body().get(i) instanceof Kernel.Fold fold && passes[i] == pass + 1) {
                        accumulate(i, fold);
                    }
                }
                if (pass == lastPass) {
                    store(results, false);
                }
            }
            setIndex(0, outerAxes, sizes.length);
            finishFolds(pass + 1);
        }
        store(results, true);
    }

    private void setIndex(long position, int from, int to) {
        long rest = position;
        for (int axis = to - 1; axis >= from; axis--) {
            index[axis] = rest % Math.max(1, sizes[axis]);
            rest /= Math.max(1, sizes[axis]);
        }
    }

    private void evaluate(int pass, boolean rows) {
        for (int i = 0; i < evaluations.length; i++) {
            if (perRow[i] == rows && passes[i] <= pass && !(kernel.body().get(i) instanceof Kernel.Fold)) {
                evaluations[i].run();
            }
        }
    }

    private void store(List<MemorySegment> results, boolean rows) {
        for (Kernel.Store store : kernel.stores()) {
            if (perRow[store.value()] == rows) {
                DType dtype = kernel.results().get(store.result());
                MemorySegment memory = results.get(store.result());
                long at = position(store.access());
                if (dtype.isFloating()) {
                    NDArray.put(memory, dtype, at, floats[store.value()]);
                } else {
                    NDArray.putLong(memory, dtype, at, integers[store.value()]);
                }
            }
        }
    }

    private long position(Kernel.Access access) {
        long at = access.offset();
        for (int axis = 0; axis < index.length; axis++) {
            at += access.strides().get(axis) * index[axis];
        }
        return at;
    }

    // ---- folds ----

    private void startFolds(int pass) {
        for (int i = 0; i < passes.length; i++) {
            if (passes[i] == pass && kernel.body().get(i) instanceof Kernel.Fold fold) {
                floats[i] = switch (fold.reduction()) {
                    case SUM -> 0;
                    case MAX -> Double.NEGATIVE_INFINITY;
                    case MIN -> Double.POSITIVE_INFINITY;
                };
                integers[i] = switch (fold.reduction()) {
                    case SUM -> 0;
                    case MAX -> Long.MIN_VALUE;
                    case MIN -> Long.MAX_VALUE;
                };
            }
        }
    }

    private void accumulate(int i, Kernel.Fold fold) {
        Reduction reduction = fold.reduction();
        if (fold.dtype().isFloating()) {
            double x = floats[fold.x()];
            floats[i] = switch (reduction) {
                case SUM -> floats[i] + x;
                case MAX -> Math.max(floats[i], x);
                case MIN -> Math.min(floats[i], x);
            };
        } else {
            long x = integers[fold.x()];
            integers[i] = switch (reduction) {
                case SUM -> integers[i] + x;
                case MAX -> Math.max(integers[i], x);
                case MIN -> Math.min(integers[i], x);
            };
        }
    }

    private void finishFolds(int pass) {
        for (int i = 0; i < passes.length; i++) {
            if (passes[i] == pass && kernel.body().get(i) instanceof Kernel.Fold fold) {
                finish(i, fold.dtype());
            }
        }
    }

    private void finish(int i, DType dtype) {
        if (dtype.isFloating()) {
            floats[i] = dtype.round(floats[i]);
        } else {
            integers[i] = Elementwise.wrap(dtype, integers[i]);
        }
    }

    // ---- instructions ----

    private Evaluation evaluation(int i, Kernel.Instruction instruction) {
        DType dtype = instruction.dtype();
        return switch (instruction) {
            case Kernel.Load load -> load(i, load);
            case Kernel.Literal literal -> {
                double value = dtype.isFloating() ? dtype.round(literal.value()) : 0;
                long integer = dtype.isFloating() ? 0 : Elementwise.wrap(dtype, (long) literal.value());
                yield () -> {
                    floats[i] = value;
                    integers[i] = integer;
                };
            }
            case Kernel.Index coordinate -> () -> {
                floats[i] = position(coordinate.access());
                integers[i] = position(coordinate.access());
                finish(i, dtype);
            };
            case Kernel.Unary unary -> unary(i, unary);
            case Kernel.Binary binary -> binary(i, binary);
            case Kernel.Compare compare -> compare(i, compare);
            case Kernel.Select select -> () -> {
                int chosen = integers[select.condition()] != 0 ? select.x() : select.y();
                floats[i] = floats[chosen];
                integers[i] = integers[chosen];
            };
            case Kernel.Cast cast -> cast(i, cast);
            case Kernel.Fold fold -> () -> {};
        };
    }

    private Evaluation load(int i, Kernel.Load load) {
        DType dtype = load.dtype();
        int operand = load.operand();
        return switch (dtype) {
            case F64, F32, F16, BF16 ->
                () -> floats[i] = NDArray.get(operands.get(operand), dtype, position(load.access()));
            case I64 -> () -> integers[i] = operands.get(operand)
                    .getAtIndex(ValueLayout.JAVA_LONG_UNALIGNED, position(load.access()));
            case I32, U8, BOOL ->
                () -> integers[i] = (long) NDArray.get(operands.get(operand), dtype, position(load.access()));
        };
    }

    private Evaluation compare(int i, Kernel.Compare compare) {
        int x = compare.x();
        int y = compare.y();
        return kernel.body().get(x).dtype().isFloating()
                ? () -> integers[i] = Elementwise.holds(compare.comparison(), floats[x], floats[y]) ? 1 : 0
                : () -> integers[i] = Elementwise.holds(compare.comparison(), integers[x], integers[y]) ? 1 : 0;
    }

    private Evaluation unary(int i, Kernel.Unary unary) {
        DType dtype = unary.dtype();
        int x = unary.x();
        boolean floating = kernel.body().get(x).dtype().isFloating();
        if (unary.function() == UnaryFunction.IS_FINITE) {
            return () -> integers[i] = Double.isFinite(floats[x]) ? 1 : 0;
        }
        if (floating) {
            DoubleUnaryOperator function = Elementwise.floating(unary.function());
            return () -> floats[i] = dtype.round(function.applyAsDouble(floats[x]));
        }
        LongUnaryOperator function = Elementwise.integral(unary.function());
        return () -> integers[i] = Elementwise.wrap(dtype, function.applyAsLong(integers[x]));
    }

    private Evaluation binary(int i, Kernel.Binary binary) {
        DType dtype = binary.dtype();
        int x = binary.x();
        int y = binary.y();
        if (dtype.isFloating()) {
            DoubleBinaryOperator function = Elementwise.floating(binary.function());
            return () -> floats[i] = dtype.round(function.applyAsDouble(floats[x], floats[y]));
        }
        LongBinaryOperator function = Elementwise.integral(binary.function());
        return () -> integers[i] = Elementwise.wrap(dtype, function.applyAsLong(integers[x], integers[y]));
    }

    private Evaluation cast(int i, Kernel.Cast cast) {
        DType to = cast.dtype();
        int x = cast.x();
        boolean fromFloating = kernel.body().get(x).dtype().isFloating();
        if (fromFloating) {
            return to.isFloating()
                    ? () -> floats[i] = to.round(floats[x])
                    : () -> integers[i] = Elementwise.truncate(to, floats[x]);
        }
        // From long to float in one rounding; by way of double there would be two.
        return to.isFloating()
                ? () -> floats[i] = to == DType.F64 ? (double) integers[x] : to.round((float) integers[x])
                : () -> integers[i] = Elementwise.wrap(to, integers[x]);
    }
}
