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
import java.util.List;

/** Kernels of all kinds, for tests that hold for every kernel. */
final class KernelCatalog {
    /**
     * A kernel with what is known of its accuracy.
     *
     * @param ulps largest error in units in the last place
     * @param scale size of intermediate results: errors of that many units in the last place of 1 are allowed too
     */
    record Entry(String name, Kernel kernel, double ulps, double scale) {
        @Override
        public String toString() {
            return name;
        }
    }

    static final int[] SIZES = {0, 1, 3, 7, 13, 16, 17, 33, 65, 100, 1000, 4099};

    private KernelCatalog() {}

    static Entry entry(String name, Kernel kernel) {
        return new Entry(name, kernel, 0, 0);
    }

    /** Element types for which a function of floating values is tested. */
    static List<DType> floatings() {
        return List.of(DType.F32, DType.F64, DType.F16, DType.BF16);
    }

    static List<Entry> maps() {
        List<Entry> entries = new ArrayList<>();
        for (int n : SIZES) {
            KernelWriter w = new KernelWriter(n);
            int x = w.load(DType.F32);
            int y = w.load(DType.F32);
            entries.add(entry("add relu " + n, w.store(w.unary(UnaryFunction.RELU, w.plus(x, y))).kernel()));
            w = new KernelWriter(n);
            int scaled = w.times(w.load(DType.F64), w.literal(DType.F64, 0.1));
            entries.add(entry("scaled doubles " + n, w.store(scaled).kernel()));
            w = new KernelWriter(n);
            x = w.cast(DType.F32, w.load(DType.U8));
            entries.add(entry("bytes to floats " + n, w.store(w.over(x, w.literal(DType.F32, 255))).kernel()));
            entries.add(entry("adam " + n, KernelBenchmark.adam(n)));
            w = new KernelWriter(n);
            x = w.load(DType.F32);
            int mask = w.compare(Comparison.GT, x, w.literal(DType.F32, 0.25));
            int other = w.binary(BinaryFunction.AND, mask, w.load(DType.BOOL));
            int chosen = w.select(other, x, w.unary(UnaryFunction.NEG, x));
            entries.add(entry("masks " + n, w.store(other).store(chosen).kernel()));
            w = new KernelWriter(n);
            x = w.load(DType.BF16);
            entries.add(entry("bfloat16 " + n, w.store(w.plus(w.times(x, x), w.load(DType.BF16))).kernel()));
        }
        return entries;
    }

    /** Reads in all orders that index-only operations can make. */
    static List<Entry> accesses() {
        List<Entry> entries = new ArrayList<>();
        for (DType dtype : DType.values()) {
            entries.add(entry("column broadcast " + dtype, copy(dtype, access(0, 1, 0), 37, 19)));
            entries.add(entry("row broadcast " + dtype, copy(dtype, access(0, 0, 1), 37, 19)));
            entries.add(entry("scalar broadcast " + dtype, copy(dtype, access(0, 0, 0), 37, 19)));
            entries.add(entry("transposed " + dtype, copy(dtype, access(0, 1, 37), 37, 19)));
            entries.add(entry("large transposed " + dtype, copy(dtype, access(0, 1, 131), 131, 203)));
            entries.add(entry("offset " + dtype, copy(dtype, access(5, 19, 1), 37, 19)));
            entries.add(entry("flipped " + dtype, copy(dtype, access(37 * 19 - 1, -19, -1), 37, 19)));
            entries.add(entry("columns flipped " + dtype, copy(dtype, access(18, 19, -1), 37, 19)));
            entries.add(entry("sliced " + dtype, copy(dtype, access(41, 120, 3), 37, 19)));
            entries.add(entry("permuted " + dtype, copy(dtype, access(0, 1, 45, 5), 5, 7, 9)));
            entries.add(entry("permuted and flipped " + dtype, copy(dtype, access(4, -1, 45, 5), 5, 7, 9)));
            entries.add(entry("batch of transposes " + dtype, copy(dtype, access(0, 221, 1, 17), 3, 17, 13)));
            entries.add(entry("five axes " + dtype, copy(dtype, access(0, 1, 6, 2, 180, 60), 2, 5, 3, 4, 3)));
            entries.add(entry("one element " + dtype, copy(dtype, access(3))));
            entries.add(entry("narrow " + dtype, copy(dtype, access(0, 0, 1), 1000, 3)));
        }
        for (DType dtype : List.of(DType.F32, DType.F64, DType.BOOL, DType.BF16, DType.U8, DType.I64)) {
            KernelWriter w = new KernelWriter(37, 19);
            entries.add(entry("store transposed " + dtype, w.store(w.load(dtype), access(0, 1, 37)).kernel()));
            w = new KernelWriter(37, 19);
            entries.add(entry("store sliced " + dtype, w.store(w.load(dtype), access(7, 100, 2)).kernel()));
            w = new KernelWriter(37, 19);
            entries.add(entry("store flipped " + dtype, w.store(w.load(dtype), access(37 * 19 - 1, -19, -1)).kernel()));
            w = new KernelWriter(37, 19);
            int x = w.load(dtype);
            entries.add(entry("two layouts " + dtype, w.store(x).store(x, access(0, 1, 37)).kernel()));
        }
        KernelWriter w = new KernelWriter(70, 90);
        int x = w.load(DType.F32);
        int sum = w.plus(x, w.load(DType.F32, access(0, 1, 70)));
        entries.add(entry("sum of a layout and its transpose", w.store(sum).kernel()));
        w = new KernelWriter(20, 21);
        int both = w.plus(w.load(DType.F32), w.loadAgain(0, access(419, -21, -1)));
        entries.add(entry("one operand read twice", w.store(both).kernel()));
        for (DType dtype : List.of(DType.I32, DType.I64, DType.F32, DType.F64, DType.BF16, DType.U8)) {
            w = new KernelWriter(23, 45);
            entries.add(entry("columns " + dtype, w.store(w.index(dtype, access(0, 0, 1))).kernel()));
            w = new KernelWriter(23, 45);
            int row = w.index(dtype, access(2, 3, 0));
            entries.add(entry("rows " + dtype, w.store(w.plus(row, w.index(dtype, access(9, -1, 2)))).kernel()));
        }
        w = new KernelWriter(40, 40);
        int lower = w.compare(Comparison.GE, w.index(DType.I32, access(0, 1, 0)), w.index(DType.I32, access(0, 0, 1)));
        entries.add(entry(
                "triangle", w.store(w.select(lower, w.load(DType.F32), w.literal(DType.F32, -1e9))).kernel()));
        return entries;
    }

    private static Kernel copy(DType dtype, Kernel.Access access, int... outer) {
        KernelWriter w = new KernelWriter(outer);
        return w.store(w.load(dtype, access)).kernel();
    }

    static List<Entry> folds() {
        List<Entry> entries = new ArrayList<>();
        for (Reduction reduction : Reduction.values()) {
            for (int n : SIZES) {
                if (n == 0 && reduction != Reduction.SUM) {
                    continue;
                }
                String name = reduction + " ";
                double ulps = reduction == Reduction.SUM ? 4 + Math.sqrt(n) : 0;
                double scale = 1 + Math.sqrt(n);
                for (DType dtype : List.of(DType.F32, DType.F64, DType.I32, DType.I64)) {
                    entries.add(new Entry(
                            name + dtype + " along " + n, fold(reduction, dtype, of(5), of(n), n, 1), ulps, scale));
                }
                for (DType dtype : List.of(DType.U8, DType.BF16, DType.F16)) {
                    entries.add(new Entry(
                            name + dtype + " along " + n, fold(reduction, dtype, of(3), of(n), n, 1), 1, scale));
                }
                entries.add(new Entry(
                        name + "across " + n, fold(reduction, DType.F32, of(n), of(23), 1, n), ulps + 5, scale + 5));
                entries.add(new Entry(
                        name + "of " + n + " lines", fold(reduction, DType.F32, of(37), of(n), 1, 37), ulps, scale));
                entries.add(new Entry(
                        name + "every second of " + n,
                        fold(reduction, DType.F32, of(4), of(n), 2L * n, 2),
                        ulps,
                        scale));
                entries.add(new Entry(
                        name + "backwards " + n, fold(reduction, DType.F32, of(4), of(n), n, -1), ulps, scale));
            }
            double ulps = reduction == Reduction.SUM ? 100 : 0;
            entries.add(new Entry(reduction + " of all", fold(reduction, DType.F32, of(), of(70_000), 1), ulps, 300));
            entries.add(new Entry(
                    reduction + " of all doubles", fold(reduction, DType.F64, of(), of(40_001), 1), ulps, 300));
            entries.add(new Entry(
                    reduction + " of few columns", fold(reduction, DType.F32, of(3), of(50_000), 1, 3), ulps, 300));
            entries.add(new Entry(
                    reduction + " of a channel", fold(reduction, DType.F32, of(6), of(4, 50), 50, 300, 1), ulps, 20));
            entries.add(new Entry(
                    reduction + " of large channels",
                    fold(reduction, DType.F32, of(3), of(9, 5000), 5000, 15000, 1),
                    ulps,
                    300));
            entries.add(new Entry(
                    reduction + " of three axes",
                    fold(reduction, DType.F32, of(6, 5), of(4, 3, 7), 7, 126, 630, 42, 1),
                    ulps,
                    20));
            entries.add(new Entry(
                    reduction + " of the middle", fold(reduction, DType.F32, of(6, 35), of(11), 385, 1, 35), ulps, 10));
            entries.add(new Entry(
                    reduction + " of short rows", fold(reduction, DType.F32, of(200), of(4), 4, 1), ulps, 10));
            entries.add(new Entry(
                    reduction + " of one element", fold(reduction, DType.F32, of(200), of(1, 1), 1, 0, 0), ulps, 10));
            entries.add(new Entry(
                    reduction + " of a broadcast", fold(reduction, DType.F32, of(20), of(50), 1, 0), ulps, 10));
        }
        KernelWriter w = new KernelWriter(of(9), of(100));
        entries.add(new Entry(
                "halves in floats", w.storeRows(w.fold(Reduction.SUM, DType.F32, w.load(DType.BF16))).kernel(), 1, 10));
        w = new KernelWriter(of(9), of(100));
        entries.add(new Entry(
                "floats in doubles",
                w.storeRows(w.fold(Reduction.SUM, DType.F64, w.load(DType.F32))).kernel(),
                0.5,
                0));
        w = new KernelWriter(of(9), of(100));
        int x = w.load(DType.F32);
        int y = w.load(DType.F32);
        int count = w.fold(Reduction.SUM, w.cast(DType.I32, w.compare(Comparison.LT, x, y)));
        entries.add(new Entry(
                "four folds of a pass",
                w.storeRows(count)
                        .storeRows(w.fold(Reduction.SUM, w.times(x, y)))
                        .storeRows(w.fold(Reduction.MAX, x))
                        .storeRows(w.fold(Reduction.MIN, w.unary(UnaryFunction.ABS, y)))
                        .kernel(),
                20,
                10));
        return entries;
    }

    private static Shape of(int... dims) {
        return Shape.of(dims);
    }

    private static Kernel fold(Reduction reduction, DType dtype, Shape outer, Shape inner, long... strides) {
        KernelWriter w = new KernelWriter(outer, inner);
        long offset = 0;
        for (int i = 0; i < strides.length; i++) {
            int size = outer.concat(inner).dim(i);
            offset += strides[i] < 0 ? -strides[i] * Math.max(0, size - 1) : 0;
        }
        return w.storeRows(w.fold(reduction, w.load(dtype, access(offset, strides)))).kernel();
    }

    /** Kernels with several passes over their rows, or with values per row. */
    static List<Entry> passes() {
        List<Entry> entries = new ArrayList<>();
        for (int n : SIZES) {
            entries.add(new Entry("softmax " + n, KernelWriter.softmax(DType.F32, of(7), of(n)), 8, 0));
            entries.add(new Entry("log-softmax across " + n, logSoftmaxAcross(n), 8, 4));
            if (n > 0) {
                entries.add(new Entry("layer norm " + n, KernelWriter.layerNorm(DType.F32, of(7), of(n)), 150, 10));
                entries.add(new Entry("variance across " + n, varianceAcross(n), 40, 4));
            }
        }
        entries.add(new Entry("long softmax", KernelWriter.softmax(DType.F32, of(2), of(40_000)), 20, 0));
        entries.add(new Entry("softmax of two axes", KernelWriter.softmax(DType.F32, of(3, 5), of(4, 9)), 8, 0));
        entries.add(new Entry("softmax of doubles", KernelWriter.softmax(DType.F64, of(3), of(45)), 8, 0));
        entries.add(new Entry("softmax of bfloat16", KernelWriter.softmax(DType.BF16, of(3), of(45)), 4, 0));
        entries.add(new Entry("layer norm of doubles", KernelWriter.layerNorm(DType.F64, of(3), of(45)), 150, 10));
        entries.add(rowValues());
        entries.add(noFolds());
        entries.add(integers());
        return entries;
    }

    private static Entry rowValues() {
        // row values of all kinds: read, computed before and after a fold, truth values, coordinates, 16-bit types
        KernelWriter w = new KernelWriter(of(41), of(29));
        int x = w.load(DType.F32);
        int scale = w.unary(UnaryFunction.EXP, w.cast(DType.F32, w.load(DType.BF16, w.rows())));
        int keep = w.load(DType.BOOL, w.rows());
        int row = w.cast(DType.F32, w.index(DType.I32, w.rows()));
        int strided = w.load(DType.F32, access(3, 2, 0));
        int sum = w.fold(Reduction.SUM, w.times(x, scale));
        int mean = w.over(sum, w.literal(DType.F32, 29));
        int large = w.compare(Comparison.GT, mean, w.literal(DType.F32, 0));
        int shifted = w.select(w.binary(BinaryFunction.OR, keep, large), w.minus(x, mean), w.plus(x, strided));
        int most = w.fold(Reduction.MAX, shifted);
        return new Entry(
                "row values",
                w.store(w.plus(w.over(shifted, w.plus(w.unary(UnaryFunction.ABS, most), scale)), row))
                        .storeRows(large)
                        .store(most, access(5, 3, 0))
                        .storeRows(scale)
                        .kernel(),
                30,
                40);
    }

    private static Entry noFolds() {
        KernelWriter w = new KernelWriter(of(11), of(33));
        int x = w.load(DType.F32);
        int row = w.unary(UnaryFunction.SQRT, w.unary(UnaryFunction.ABS, w.load(DType.F32, w.rows())));
        return new Entry("rows without folds", w.store(w.times(x, row)).storeRows(row).kernel(), 0, 0);
    }

    private static Entry integers() {
        KernelWriter w = new KernelWriter(of(13), of(50));
        int x = w.load(DType.I64);
        int most = w.fold(Reduction.MAX, x);
        int hits = w.cast(DType.I64, w.compare(Comparison.EQ, x, most));
        int count = w.fold(Reduction.SUM, hits);
        int share = w.binary(BinaryFunction.DIV, w.literal(DType.I64, 1000), count);
        return new Entry("integer passes", w.store(w.times(hits, share)).storeRows(count).kernel(), 0, 0);
    }

    private static Kernel logSoftmaxAcross(int n) {
        KernelWriter w = new KernelWriter(of(n), of(19));
        int x = w.load(DType.F32, access(0, 1, n));
        int max = w.fold(Reduction.MAX, x);
        int sum = w.fold(Reduction.SUM, w.unary(UnaryFunction.EXP, w.minus(x, max)));
        int shift = w.plus(max, w.unary(UnaryFunction.LOG, sum));
        return w.store(w.minus(x, shift), access(0, 1, n)).kernel();
    }

    private static Kernel varianceAcross(int n) {
        KernelWriter w = new KernelWriter(of(n), of(21));
        int x = w.load(DType.F32, access(0, 1, n));
        int mean = w.over(w.fold(Reduction.SUM, x), w.literal(DType.F32, 21));
        int centred = w.minus(x, mean);
        int squares = w.fold(Reduction.SUM, w.times(centred, centred));
        return w.storeRows(w.over(squares, w.literal(DType.F32, 20))).storeRows(mean).kernel();
    }

    static List<Entry> all() {
        List<Entry> entries = new ArrayList<>(maps());
        entries.addAll(accesses());
        entries.addAll(folds());
        entries.addAll(passes());
        return entries;
    }
}
