package io.tandem.cpu.kernel;

import io.tandem.graph.Op;
import io.tandem.tensor.NDArray;
import java.lang.foreign.MemorySegment;

/** Padding with a constant around and between elements; any element type. */
public final class PadKernel implements StepKernel {
    private final Op.Pad pad;
    private final Place x;
    private final Place result;
    private final Parallel parallel;
    private final int bytes;
    private final int rank;
    private final int[] from;
    private final int[] to;
    private final int[] low;
    private final int[] step;
    private final long value;

    /** A kernel for {@link Op.Pad}. */
    public PadKernel(Op.Pad pad, Place x, Place result, Parallel parallel) {
        this.pad = pad;
        this.x = x;
        this.result = result;
        this.parallel = parallel;
        this.bytes = x.type().dtype().bytes();
        this.rank = x.type().shape().rank();
        this.from = x.type().shape().toArray();
        this.to = result.type().shape().toArray();
        this.low = pad.low().stream().mapToInt(i -> i).toArray();
        this.step = pad.interior().stream().mapToInt(i -> i + 1).toArray();
        MemorySegment element = MemorySegment.ofArray(new byte[8]);
        NDArray.put(element, x.type().dtype(), 0, pad.value());
        this.value = element.get(java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED, 0);
    }

    @Override
    public void run() {
        if (rank == 0) {
            NativeMemory.copy(x.address(), result.address(), bytes);
            return;
        }
        int row = to[rank - 1];
        if (row > 0) {
            parallel.split(result.type().shape().size() / row, (long) row * bytes, this::part);
        }
    }

    private void part(int thread, long first, long end) {
        int last = rank - 1;
        long rowBytes = (long) to[last] * bytes;
        for (long row = first; row < end; row++) {
            long target = result.address() + row * rowBytes;
            long source = source(row);
            if (source < 0 || from[last] == 0) {
                fill(target, to[last]);
            } else {
                copyRow(x.address() + source * from[last] * bytes, target);
            }
        }
    }

    /** The operand's row that lies at a row of the result, or -1 if that is padding. */
    private long source(long row) {
        long source = 0;
        long scale = 1;
        long rest = row;
        for (int axis = rank - 2; axis >= 0; axis--) {
            long at = rest % to[axis] - low[axis];
            rest /= to[axis];
            if (at < 0 || at % step[axis] != 0 || at / step[axis] >= from[axis]) {
                return -1;
            }
            source += at / step[axis] * scale;
            scale *= from[axis];
        }
        return source;
    }

    private void copyRow(long source, long target) {
        int last = rank - 1;
        if (step[last] == 1) {
            fill(target, low[last]);
            long at = target + (long) low[last] * bytes;
            NativeMemory.copy(source, at, (long) from[last] * bytes);
            fill(at + (long) from[last] * bytes, pad.high().get(last));
        } else {
            fill(target, to[last]);
            for (int i = 0; i < from[last]; i++) {
                long at = target + ((long) low[last] + (long) i * step[last]) * bytes;
                NativeMemory.putBits(bytes, at, NativeMemory.getBits(bytes, source + (long) i * bytes));
            }
        }
    }

    private void fill(long target, int count) {
        if (value == 0) {
            NativeMemory.clear(target, (long) count * bytes);
        } else {
            for (int i = 0; i < count; i++) {
                NativeMemory.putBits(bytes, target + (long) i * bytes, value);
            }
        }
    }

    @Override
    public String label() {
        return "java";
    }
}
