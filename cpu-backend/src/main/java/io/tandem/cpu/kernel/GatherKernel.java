package io.tandem.cpu.kernel;

import io.tandem.tensor.Shape;

/** Copies slices at indices; any element type. */
public final class GatherKernel implements StepKernel {
    private final Place data;
    private final Place result;
    private final Indices indices;
    private final Parallel parallel;
    private final int elementBytes;
    private final long size;
    private final long innerBytes;
    private final long units;
    private final int count;
    private int[] places = {};

    /**
     * A kernel for {@link io.tandem.graph.Op.Gather}.
     *
     * @param operation its name in messages
     */
    public GatherKernel(String operation, int axis, Place data, Place indices, Place result, Parallel parallel,
            Faults faults) {
        Shape shape = data.type().shape();
        this.data = data;
        this.result = result;
        this.parallel = parallel;
        this.size = shape.dim(axis);
        this.indices = new Indices(operation, axis, shape.dim(axis), indices, faults);
        this.elementBytes = data.type().dtype().bytes();
        this.innerBytes = shape.subShape(axis + 1, shape.rank()).size() * elementBytes;
        this.count = Math.toIntExact(indices.type().shape().size());
        this.units = shape.subShape(0, axis).size() * count;
    }

    @Override
    public void run() {
        places = indices.read();
        if (innerBytes > 0) {
            parallel.split(units, innerBytes, this::part);
        }
    }

    private void part(int thread, long from, long to) {
        for (long unit = from; unit < to; unit++) {
            long outer = unit / count;
            long source = data.address() + (outer * size + places[(int) (unit % count)]) * innerBytes;
            long target = result.address() + unit * innerBytes;
            if (innerBytes == elementBytes) {
                NativeMemory.putBits(elementBytes, target, NativeMemory.getBits(elementBytes, source));
            } else {
                NativeMemory.copy(source, target, innerBytes);
            }
        }
    }

    @Override
    public String label() {
        return "java";
    }
}
