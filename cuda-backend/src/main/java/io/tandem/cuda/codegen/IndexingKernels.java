package io.tandem.cuda.codegen;

import io.tandem.cuda.driver.KernelSource;
import io.tandem.graph.Distribution;
import io.tandem.graph.Reduction;
import io.tandem.tensor.DType;
import java.util.Map;

/** Hand-written kernels: random numbers, gathering and scattering, copies with a pitch, reductions to indices. */
public final class IndexingKernels {
    private IndexingKernels() {}

    /** Philox numbers: (seed, counter, result, mixed site as uint64, number of elements as int64). */
    public static CudaFunction random(Distribution distribution) {
        String draw = switch (distribution) {
            case BITS -> "0";
            case UNIFORM -> "1";
            case NORMAL -> "2";
        };
        Map<String, String> values = Map.of("T", ElementType.stored(distribution.dtype()), "DRAW", draw);
        return CudaFunction.of(Template.fill("random", values), "random");
    }

    /**
     * Gathering of rows: (x, indices, result, rows int64, count, size, inner, fault, site).
     *
     * @param unit bytes that are moved at once: 1, 2, 4, 8 or 16; {@code inner} counts these
     * @param index type of the indices
     */
    public static CudaFunction gather(int unit, DType index) {
        Map<String, String> values = Map.of("T", unit(unit), "I", ElementType.stored(index));
        return CudaFunction.of(Template.fill("gather", values), "gather");
    }

    /**
     * Copies of runs: (source, target, rows, run, source pitch, target pitch), all int64 in units of that many bytes.
     */
    public static CudaFunction copyRows(int unit) {
        return CudaFunction.of(Template.fill("copy_rows", Map.of("T", unit(unit))), "copy_rows");
    }

    /** The type of units of some bytes. */
    static String unit(int bytes) {
        return switch (bytes) {
            case 1 -> "unsigned char";
            case 2 -> "unsigned short";
            case 4 -> "unsigned";
            case 8 -> "unsigned long long";
            case 16 -> "uint4";
            default -> throw new IllegalArgumentException("no unit of " + bytes + " bytes");
        };
    }

    /**
     * Sums by destination in a fixed order: (indices, updates, result, count, size, inner, tiles, chunk, results int64,
     * fault, site).
     *
     * @param split whether the result is partial sums, of {@link #sumType}, that {@link #scatterFinish} adds
     */
    public static CudaFunction scatterAdd(DType dtype, DType index, boolean split) {
        DType sums = sumType(dtype);
        String update = "(" + ElementType.computed(sums) + ") (" + ElementType.load(dtype, "update") + ")";
        Map<String, String> values = Map.of(
                "T", ElementType.stored(dtype),
                "Y", split ? ElementType.computed(sums) : ElementType.stored(dtype),
                "I", ElementType.stored(index),
                "ADD", sum(sums, update),
                "STORE", split ? "sum" : ElementType.store(dtype, "sum"),
                "A", ElementType.computed(sums));
        return CudaFunction.of(Template.fill("scatter_add", values), "scatter_add");
    }

    /**
     * The kernels that sort updates by destination: {@code scatter_keys} (indices, keys, count, padded count, size,
     * fault, site), {@code scatter_merge} (keys, shortest run, longest run) with 512 threads per 1024 keys,
     * {@code scatter_step} (keys, pairs, run, step).
     */
    public static KernelSource scatterSort(DType index) {
        return Template.fill("scatter_sort", Map.of("I", ElementType.stored(index)));
    }

    /** A kernel of {@link #scatterSort}. */
    public static CudaFunction of(KernelSource source, String prefix) {
        return CudaFunction.of(source, prefix);
    }

    /** Sums by sorted keys, over zeros: (keys, updates, result, rows int64, count, size, inner). */
    public static CudaFunction scatterSorted(DType dtype) {
        DType sums = sumType(dtype);
        String update = "(" + ElementType.computed(sums) + ") (" + ElementType.load(dtype, "update") + ")";
        Map<String, String> values = Map.of(
                "T", ElementType.stored(dtype),
                "ADD", sum(sums, update),
                "STORE", ElementType.store(dtype, "sum"),
                "A", ElementType.computed(sums));
        return CudaFunction.of(Template.fill("scatter_sorted", values), "scatter_sorted");
    }

    /** Sums of partial sums: (partial sums, result, splits, results int64). */
    public static CudaFunction scatterFinish(DType dtype) {
        DType sums = sumType(dtype);
        Map<String, String> values = Map.of(
                "T", ElementType.stored(dtype),
                "ADD", sum(sums, "update"),
                "STORE", ElementType.store(dtype, "sum"),
                "A", ElementType.computed(sums));
        return CudaFunction.of(Template.fill("scatter_finish", values), "scatter_finish");
    }

    private static String sum(DType sums, String update) {
        return Expressions.combine(Reduction.SUM, sums, "sum", update);
    }

    /** Whether there are atomic additions for a type. */
    public static boolean hasAtomicAdd(DType dtype) {
        return switch (dtype) {
            case F64, F32, I64, I32 -> true;
            case F16, BF16, U8, BOOL -> false;
        };
    }

    /**
     * Sums by destination in any order over zeros: (indices, updates, result, rows int64, count, size, inner, fault,
     * site).
     */
    public static CudaFunction scatterAtomic(DType dtype, DType index) {
        Map<String, String> values = Map.of(
                "T", ElementType.stored(dtype),
                "I", ElementType.stored(index),
                "U", dtype == DType.I64 ? "unsigned long long" : ElementType.stored(dtype));
        return CudaFunction.of(Template.fill("scatter_atomic", values), "scatter_atomic");
    }

    /** The type in which updates are added up. */
    public static DType sumType(DType dtype) {
        return ElementType.accumulator(dtype, DType.F32);
    }

    /**
     * Reduction to an index.
     *
     * @param rows whether a warp takes a row of the last axis: (x, result, results int64, size); else a thread takes
     *     a result: (x, result, results int64, size, inner int64)
     */
    public static CudaFunction argReduce(DType dtype, boolean largest, boolean rows) {
        Map<String, String> values = Map.of(
                "T", ElementType.stored(dtype),
                "READ", dtype == DType.BOOL ? "element" : ElementType.load(dtype, "element"),
                "LARGEST", largest ? "true" : "false",
                "C", dtype == DType.BOOL ? "int" : ElementType.computed(dtype));
        return CudaFunction.of(Template.fill("arg_reduce", values), rows ? "arg_reduce_rows" : "arg_reduce");
    }
}
