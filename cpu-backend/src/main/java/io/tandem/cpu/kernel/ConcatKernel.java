package io.tandem.cpu.kernel;

import io.tandem.tensor.Shape;
import java.util.List;

/** Operands one after the other along an axis; any element type. */
public final class ConcatKernel implements StepKernel {
    private final List<Place> parts;
    private final Place result;
    private final Parallel parallel;
    private final long outer;
    private final long[] starts;
    private final long rowBytes;

    /** A kernel for {@link io.tandem.graph.Op.Concat}. */
    public ConcatKernel(int axis, List<Place> parts, Place result, Parallel parallel) {
        this.parts = List.copyOf(parts);
        this.result = result;
        this.parallel = parallel;
        Shape shape = result.type().shape();
        int bytes = result.type().dtype().bytes();
        this.outer = shape.subShape(0, axis).size();
        long inner = shape.subShape(axis + 1, shape.rank()).size() * bytes;
        this.starts = new long[parts.size() + 1];
        for (int i = 0; i < parts.size(); i++) {
            starts[i + 1] = starts[i] + parts.get(i).type().shape().dim(axis) * inner;
        }
        this.rowBytes = starts[parts.size()];
    }

    @Override
    public void run() {
        // A unit is 64 bytes of the result's rows, so that a single long row can be divided too.
        if (outer > 1) {
            parallel.split(outer, rowBytes, this::rows);
        } else if (outer == 1) {
            parallel.split(Math.ceilDiv(rowBytes, 64), 64, this::piece);
        }
    }

    private void rows(int thread, long from, long to) {
        for (int i = 0; i < parts.size(); i++) {
            long bytes = starts[i + 1] - starts[i];
            for (long row = from; row < to; row++) {
                NativeMemory.copy(
                        parts.get(i).address() + row * bytes, result.address() + row * rowBytes + starts[i], bytes);
            }
        }
    }

    private void piece(int thread, long from, long to) {
        for (int i = 0; i < parts.size(); i++) {
            long first = Math.max(from * 64, starts[i]);
            long end = Math.min(to * 64, starts[i + 1]);
            if (first < end) {
                NativeMemory.copy(parts.get(i).address() + first - starts[i], result.address() + first, end - first);
            }
        }
    }

    @Override
    public String label() {
        return "java";
    }
}
