package io.tandem.cpu.codegen;

import static io.tandem.cpu.codegen.KernelWriter.access;

import io.tandem.compile.Kernel;
import io.tandem.graph.BinaryFunction;
import io.tandem.graph.Comparison;
import io.tandem.graph.Reduction;
import io.tandem.graph.UnaryFunction;
import io.tandem.tensor.DType;
import io.tandem.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/** Makes up kernels of instructions whose results are exact, so that they must equal the interpreter's. */
final class RandomKernels {
    private static final BinaryFunction[] ARITHMETIC = {
        BinaryFunction.ADD, BinaryFunction.SUB, BinaryFunction.MUL, BinaryFunction.DIV, BinaryFunction.MAX,
        BinaryFunction.MIN, BinaryFunction.REMAINDER
    };
    private static final BinaryFunction[] LOGIC = {BinaryFunction.AND, BinaryFunction.OR, BinaryFunction.XOR};
    private static final UnaryFunction[] EXACT = {
        UnaryFunction.NEG, UnaryFunction.ABS, UnaryFunction.SIGN, UnaryFunction.FLOOR, UnaryFunction.CEIL,
        UnaryFunction.ROUND, UnaryFunction.SQRT, UnaryFunction.RECIPROCAL, UnaryFunction.RELU,
        UnaryFunction.STOP_GRADIENT
    };

    private final Random random;
    private final Shape outer;
    private final Shape inner;
    private final KernelWriter w;
    private final List<Integer> values = new ArrayList<>();

    private RandomKernels(Random random, int instructions) {
        this.random = random;
        this.outer = shape(1 + random.nextInt(3));
        this.inner = random.nextBoolean() ? Shape.of() : shape(1 + random.nextInt(2));
        this.w = new KernelWriter(outer, inner);
        while (values.size() < instructions) {
            values.add(instruction());
        }
    }

    static Kernel of(long seed, int instructions) {
        RandomKernels kernels = new RandomKernels(new Random(seed), instructions);
        int last = kernels.values.size() - 1;
        boolean[] perRow = kernels.w.kernel().perRow();
        for (int value : new int[] {last, last / 2, kernels.random.nextInt(last + 1)}) {
            if (perRow[value] && kernels.inner.rank() > 0) {
                kernels.w.storeRows(value);
            } else {
                kernels.w.store(value);
            }
        }
        return kernels.w.kernel();
    }

    private Shape shape(int rank) {
        int[] dims = new int[rank];
        for (int i = 0; i < rank; i++) {
            dims[i] = 1 + random.nextInt(rank == 1 ? 200 : 24);
        }
        return Shape.of(dims);
    }

    private <T> T any(T[] choices) {
        return choices[random.nextInt(choices.length)];
    }

    private int anyValue() {
        return values.get(random.nextInt(values.size()));
    }

    /** Another value of the same type. */
    private int like(int x) {
        for (int i = 0; i < 20; i++) {
            int y = anyValue();
            if (w.dtype(y) == w.dtype(x)) {
                return y;
            }
        }
        return x;
    }

    private int instruction() {
        if (values.size() < 3 || random.nextInt(8) == 0) {
            return load();
        }
        int x = anyValue();
        DType dtype = w.dtype(x);
        return switch (random.nextInt(8)) {
            case 0 -> dtype == DType.BOOL ? w.unary(UnaryFunction.NOT, x) : w.unary(unary(dtype), x);
            case 1, 2 -> w.binary(dtype == DType.BOOL ? any(LOGIC) : any(ARITHMETIC), x, like(x));
            case 3 -> w.compare(any(Comparison.values()), x, like(x));
            case 4 -> w.select(condition(), x, like(x));
            case 5 -> w.cast(castOf(dtype), x);
            case 6 -> w.literal(dtype, dtype == DType.BOOL ? random.nextInt(2) : random.nextInt(9) - 4);
            default -> fold(x, dtype);
        };
    }

    private int fold(int x, DType dtype) {
        if (inner.rank() == 0 || dtype == DType.BOOL || w.kernel().passes()[x] > 1) {
            return load();
        }
        boolean sum = !dtype.isFloating() && random.nextBoolean();
        return w.fold(sum ? Reduction.SUM : any(new Reduction[] {Reduction.MAX, Reduction.MIN}), x);
    }

    private int condition() {
        for (int value : values) {
            if (w.dtype(value) == DType.BOOL && random.nextBoolean()) {
                return value;
            }
        }
        int x = anyValue();
        return w.compare(Comparison.LT, x, like(x));
    }

    private UnaryFunction unary(DType dtype) {
        while (true) {
            UnaryFunction function = any(EXACT);
            boolean integers = switch (function) {
                case NEG, ABS, SIGN, STOP_GRADIENT -> true;
                default -> false;
            };
            if (integers || dtype.isFloating()) {
                return function;
            }
        }
    }

    /** Large integers are left out: as floats they are rounded once or twice, depending on the way. */
    private DType castOf(DType from) {
        return from == DType.I64
                ? any(new DType[] {DType.I32, DType.U8, DType.BOOL})
                : any(new DType[] {DType.F32, DType.F64, DType.I32, DType.I64, DType.BOOL, DType.U8, DType.BF16});
    }

    private int load() {
        int rank = outer.rank() + inner.rank();
        int[] dims = outer.concat(inner).toArray();
        Integer[] order = new Integer[rank];
        for (int i = 0; i < rank; i++) {
            order[i] = i;
        }
        if (random.nextBoolean()) {
            Collections.shuffle(Arrays.asList(order), random);
        }
        long[] strides = new long[rank];
        long stride = random.nextInt(5) == 0 ? 2 : 1;
        long offset = random.nextInt(3);
        for (int i = rank - 1; i >= 0; i--) {
            int axis = order[i];
            if (random.nextInt(5) == 0) {
                continue;
            }
            boolean flip = random.nextInt(6) == 0;
            strides[axis] = flip ? -stride : stride;
            offset += flip ? stride * (dims[axis] - 1) : 0;
            stride *= dims[axis];
        }
        return w.load(any(DType.values()), access(offset, strides));
    }
}
