package io.tandem.cpu.kernel;

import io.tandem.tensor.DType;
import io.tandem.tensor.Shape;
import java.util.Arrays;

/**
 * Sums updates at their indices. Updates are sorted by index first, so that each row of the result is written by one
 * thread, once, with its updates added in their order: equal bits with any number of threads.
 */
public final class ScatterAddKernel implements StepKernel {
    private final Place updates;
    private final Place result;
    private final Indices indices;
    private final Parallel parallel;
    private final DType dtype;
    private final int size;
    private final int count;
    private final int inner;
    private final long rows;
    private final int[] starts;
    private final int[] next;
    private final int[] order;
    private final float[][] floats;
    private final double[][] doubles;

    /**
     * A kernel for {@link io.tandem.graph.Op.ScatterAdd}.
     *
     * @param operation its name in messages
     */
    public ScatterAddKernel(String operation, int axis, Place indices, Place updates, Place result, Parallel parallel,
            Faults faults) {
        Shape shape = result.type().shape();
        this.updates = updates;
        this.result = result;
        this.parallel = parallel;
        this.dtype = result.type().dtype();
        this.size = shape.dim(axis);
        this.inner = Math.toIntExact(shape.subShape(axis + 1, shape.rank()).size());
        this.rows = shape.subShape(0, axis).size() * size;
        this.indices = new Indices(operation, axis, size, indices, faults);
        this.count = Math.toIntExact(indices.type().shape().size());
        this.starts = new int[size + 1];
        this.next = new int[size];
        this.order = new int[count];
        boolean single = dtype == DType.F32 || dtype == DType.F16 || dtype == DType.BF16;
        this.floats = new float[single ? parallel.threads() : 0][2 * inner];
        this.doubles = new double[dtype == DType.F64 ? parallel.threads() : 0][2 * inner];
    }

    @Override
    public void run() {
        if (inner == 0 || rows == 0) {
            return;
        }
        sort(indices.read());
        parallel.split(rows, (long) inner * dtype.bytes() * (1 + count / size), this::part);
    }

    /** Counting sort, stable. */
    private void sort(int[] places) {
        Arrays.fill(starts, 0);
        for (int place : places) {
            starts[place + 1]++;
        }
        for (int i = 0; i < size; i++) {
            starts[i + 1] += starts[i];
        }
        System.arraycopy(starts, 0, next, 0, size);
        for (int i = 0; i < places.length; i++) {
            order[next[places[i]]++] = i;
        }
    }

    private void part(int thread, long from, long to) {
        long rowBytes = (long) inner * dtype.bytes();
        for (long row = from; row < to; row++) {
            int index = (int) (row % size);
            long target = result.address() + row * rowBytes;
            int first = starts[index];
            int end = starts[index + 1];
            long source = updates.address() + row / size * count * rowBytes;
            if (first == end) {
                NativeMemory.clear(target, rowBytes);
            } else if (end == first + 1) {
                NativeMemory.copy(source + order[first] * rowBytes, target, rowBytes);
            } else {
                switch (dtype) {
                    case F32, F16, BF16 -> addFloats(floats[thread], source, first, end, target);
                    case F64 -> addDoubles(doubles[thread], source, first, end, target);
                    case I64, I32, U8, BOOL -> addIntegers(source, first, end, target);
                }
            }
        }
    }

    private void addFloats(float[] tile, long source, int first, int end, long target) {
        long rowBytes = (long) inner * dtype.bytes();
        NativeMemory.read(dtype, source + order[first] * rowBytes, tile, 0, inner);
        for (int i = first + 1; i < end; i++) {
            NativeMemory.read(dtype, source + order[i] * rowBytes, tile, inner, inner);
            for (int j = 0; j < inner; j++) {
                tile[j] += tile[inner + j];
            }
        }
        NativeMemory.write(dtype, tile, 0, target, inner);
    }

    private void addDoubles(double[] tile, long source, int first, int end, long target) {
        long rowBytes = (long) inner * dtype.bytes();
        NativeMemory.read(source + order[first] * rowBytes, tile, 0, inner);
        for (int i = first + 1; i < end; i++) {
            NativeMemory.read(source + order[i] * rowBytes, tile, inner, inner);
            for (int j = 0; j < inner; j++) {
                tile[j] += tile[inner + j];
            }
        }
        NativeMemory.write(tile, 0, target, inner);
    }

    private void addIntegers(long source, int first, int end, long target) {
        int bytes = dtype.bytes();
        for (int j = 0; j < inner; j++) {
            long sum = 0;
            for (int i = first; i < end; i++) {
                sum += NativeMemory.getLong(dtype, source + ((long) order[i] * inner + j) * bytes);
            }
            NativeMemory.putBits(bytes, target + (long) j * bytes, dtype == DType.BOOL ? Math.min(sum, 1) : sum);
        }
    }

    @Override
    public String label() {
        return "java";
    }
}
