package io.tandem.cpu.codegen;

import io.tandem.compile.Kernel;
import io.tandem.graph.BinaryFunction;
import io.tandem.graph.Comparison;
import io.tandem.graph.Reduction;
import io.tandem.graph.UnaryFunction;
import io.tandem.tensor.DType;
import io.tandem.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Writes kernels, one instruction per call; each returns the instruction's number. */
final class KernelWriter {
    private final Shape outer;
    private final Shape inner;
    private final List<DType> operands = new ArrayList<>();
    private final List<DType> results = new ArrayList<>();
    private final List<Kernel.Instruction> body = new ArrayList<>();
    private final List<Kernel.Store> stores = new ArrayList<>();

    KernelWriter(Shape outer, Shape inner) {
        this.outer = outer;
        this.inner = inner;
    }

    KernelWriter(int... outer) {
        this(Shape.of(outer), Shape.of());
    }

    Kernel kernel() {
        return new Kernel(outer, inner, operands, results, body, stores);
    }

    DType dtype(int value) {
        return body.get(value).dtype();
    }

    private int add(Kernel.Instruction instruction) {
        body.add(instruction);
        return body.size() - 1;
    }

    /** An access in row-major order to all indices. */
    Kernel.Access dense() {
        return access(0, outer.concat(inner).strides());
    }

    /** An access in row-major order to outer indices. */
    Kernel.Access rows() {
        return access(0, Arrays.copyOf(outer.strides(), outer.rank() + inner.rank()));
    }

    static Kernel.Access access(long offset, long... strides) {
        return new Kernel.Access(offset, Arrays.stream(strides).boxed().toList());
    }

    int load(DType dtype) {
        return load(dtype, dense());
    }

    /** Reads a new operand. */
    int load(DType dtype, Kernel.Access access) {
        operands.add(dtype);
        return add(new Kernel.Load(dtype, operands.size() - 1, access));
    }

    /** Reads an operand that an earlier load has added. */
    int loadAgain(int operand, Kernel.Access access) {
        return add(new Kernel.Load(operands.get(operand), operand, access));
    }

    int literal(DType dtype, double value) {
        return add(new Kernel.Literal(dtype, value));
    }

    int index(DType dtype, Kernel.Access access) {
        return add(new Kernel.Index(dtype, access));
    }

    int unary(UnaryFunction function, int x) {
        return add(new Kernel.Unary(function == UnaryFunction.IS_FINITE ? DType.BOOL : dtype(x), function, x));
    }

    int binary(BinaryFunction function, int x, int y) {
        return add(new Kernel.Binary(dtype(x), function, x, y));
    }

    int plus(int x, int y) {
        return binary(BinaryFunction.ADD, x, y);
    }

    int minus(int x, int y) {
        return binary(BinaryFunction.SUB, x, y);
    }

    int times(int x, int y) {
        return binary(BinaryFunction.MUL, x, y);
    }

    int over(int x, int y) {
        return binary(BinaryFunction.DIV, x, y);
    }

    int compare(Comparison comparison, int x, int y) {
        return add(new Kernel.Compare(comparison, x, y));
    }

    int select(int condition, int x, int y) {
        return add(new Kernel.Select(dtype(x), condition, x, y));
    }

    int cast(DType dtype, int x) {
        return add(new Kernel.Cast(dtype, x));
    }

    int fold(Reduction reduction, int x) {
        DType accumulator = switch (dtype(x)) {
            case F16, BF16 -> DType.F32;
            case F32, F64, I32, I64, U8, BOOL -> dtype(x);
        };
        return fold(reduction, accumulator, x);
    }

    int fold(Reduction reduction, DType accumulator, int x) {
        return add(new Kernel.Fold(dtype(x), reduction, accumulator, x));
    }

    KernelWriter store(int value) {
        return store(value, dense());
    }

    KernelWriter storeRows(int value) {
        return store(value, rows());
    }

    /** Writes a new result. */
    KernelWriter store(int value, Kernel.Access access) {
        results.add(dtype(value));
        stores.add(new Kernel.Store(results.size() - 1, value, access));
        return this;
    }

    /** Softmax over inner indices. */
    static Kernel softmax(DType dtype, Shape outer, Shape inner) {
        KernelWriter w = new KernelWriter(outer, inner);
        int x = w.load(dtype);
        int max = w.fold(Reduction.MAX, x);
        int e = w.unary(UnaryFunction.EXP, w.minus(x, max));
        int sum = w.fold(Reduction.SUM, e);
        return w.store(w.over(e, sum)).kernel();
    }

    /** Layer normalisation over inner indices, with scale and shift, mean and inverse deviation as further results. */
    static Kernel layerNorm(DType dtype, Shape outer, Shape inner) {
        KernelWriter w = new KernelWriter(outer, inner);
        long[] perElement = new long[outer.rank() + inner.rank()];
        System.arraycopy(inner.strides(), 0, perElement, outer.rank(), inner.rank());
        int x = w.load(dtype);
        int scale = w.load(dtype, access(0, perElement));
        int shift = w.load(dtype, access(0, perElement));
        int n = w.literal(dtype, inner.size());
        int mean = w.over(w.fold(Reduction.SUM, x), n);
        int centred = w.minus(x, mean);
        int variance = w.over(w.fold(Reduction.SUM, w.times(centred, centred)), n);
        int deviation = w.unary(UnaryFunction.RSQRT, w.plus(variance, w.literal(dtype, 1e-5)));
        int normal = w.times(centred, deviation);
        return w.store(w.plus(w.times(normal, scale), shift))
                .storeRows(mean)
                .storeRows(deviation)
                .kernel();
    }
}
