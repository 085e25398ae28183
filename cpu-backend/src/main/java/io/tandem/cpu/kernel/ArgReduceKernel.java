package io.tandem.cpu.kernel;

import io.tandem.tensor.DType;
import io.tandem.tensor.Shape;

/** Index of the first largest or smallest element along an axis; NaN counts as largest. */
public final class ArgReduceKernel implements StepKernel {
    private final boolean largest;
    private final Place x;
    private final Place result;
    private final Parallel parallel;
    private final DType dtype;
    private final int size;
    private final long inner;

    /** A kernel for {@link io.tandem.graph.Op.ArgReduce}. */
    public ArgReduceKernel(boolean largest, int axis, Place x, Place result, Parallel parallel) {
        this.largest = largest;
        this.x = x;
        this.result = result;
        this.parallel = parallel;
        Shape shape = x.type().shape();
        this.dtype = x.type().dtype();
        this.size = shape.dim(axis);
        this.inner = shape.subShape(axis + 1, shape.rank()).size();
    }

    @Override
    public void run() {
        parallel.split(result.type().shape().size(), (long) size * dtype.bytes(), this::part);
    }

    private void part(int thread, long from, long to) {
        long step = inner * dtype.bytes();
        for (long i = from; i < to; i++) {
            long first = x.address() + (i / inner * inner * size + i % inner) * dtype.bytes();
            int best = dtype.isFloating() ? floating(first, step) : integer(first, step);
            NativeMemory.putInt(result.address() + i * 4, best);
        }
    }

    private int floating(long first, long step) {
        int best = 0;
        double value = NativeMemory.getDouble(dtype, first);
        for (int k = 1; k < size && !(largest && Double.isNaN(value)); k++) {
            double other = NativeMemory.getDouble(dtype, first + k * step);
            // NaN is larger than any number: it wins against the largest, and loses against the smallest.
            boolean wins = largest
                    ? other > value || Double.isNaN(other)
                    : other < value || Double.isNaN(value) && !Double.isNaN(other);
            if (wins) {
                best = k;
                value = other;
            }
        }
        return best;
    }

    private int integer(long first, long step) {
        int best = 0;
        long value = NativeMemory.getLong(dtype, first);
        for (int k = 1; k < size; k++) {
            long other = NativeMemory.getLong(dtype, first + k * step);
            if (largest ? other > value : other < value) {
                best = k;
                value = other;
            }
        }
        return best;
    }

    @Override
    public String label() {
        return "java";
    }
}
