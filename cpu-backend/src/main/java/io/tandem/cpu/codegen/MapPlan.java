package io.tandem.cpu.codegen;

import io.tandem.compile.Kernel;
import io.tandem.cpu.codegen.IndexSpace.Axis;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Executes stores without folds: one block over all axes, cut into boxes. */
final class MapPlan implements CompiledKernel {
    /** Elements of a box. */
    private static final long BOX = 16384;

    /** Edges of a box that is read across its lines. */
    private static final long EDGE = 128;

    private final List<Axis> axes;
    private final KernelBlock.Axes loops;
    private final KernelBlock block;
    /** Steps of a box by axis. */
    private final long[] box;
    /** Boxes by axis. */
    private final long[] boxes;

    private final long units;

    /**
     * @param stores numbers of the stores
     * @param space an index space without inner axes
     */
    MapPlan(Kernel kernel, KernelBlock.Maker maker, IndexSpace space, List<Integer> stores) {
        axes = space.outer();
        int columns = columns(kernel, space, stores);
        int across = lineAcross(kernel, stores, columns);
        int lines = across >= 0 ? across : last(columns, -1);
        loops = new KernelBlock.Axes(last(columns, lines), lines, columns);
        block = maker.make(reach -> {
            BlockBuilder builder = new BlockBuilder(kernel, reach, axes.get(columns), BlockBuilder.NONE, true);
            stores.forEach(builder::store);
            return builder;
        }, space, loops, true);
        box = new long[axes.size()];
        Arrays.fill(box, 1);
        long left = BOX;
        for (int axis : new int[] {loops.columns(), loops.lines(), loops.rows()}) {
            if (axis >= 0) {
                long size = axes.get(axis).size();
                box[axis] = Math.max(1, Math.min(size, across >= 0 ? Math.min(left, EDGE) : left));
                left = Math.max(1, left / box[axis]);
            }
        }
        boxes = new long[axes.size()];
        long count = 1;
        for (int i = 0; i < boxes.length; i++) {
            boxes[i] = Math.ceilDiv(axes.get(i).size(), box[i]);
            count *= boxes[i];
        }
        units = count;
    }

    /** The last axis that is none of the given ones. */
    private int last(int a, int b) {
        for (int i = axes.size() - 1; i >= 0; i--) {
            if (i != a && i != b) {
                return i;
            }
        }
        return -1;
    }

    /** The axis on which most memory is contiguous; short ones count less. */
    private static int columns(Kernel kernel, IndexSpace space, List<Integer> stores) {
        int best = space.outer().size() - 1;
        double bestScore = 0;
        for (int i = space.outer().size() - 1; i >= 0; i--) {
            Axis axis = space.outer().get(i);
            double score = 0;
            for (int k = 0; k < kernel.body().size(); k++) {
                if (kernel.body().get(k) instanceof Kernel.Load && axis.strides()[k] == 1) {
                    score++;
                }
            }
            for (int store : stores) {
                score += axis.strides()[kernel.body().size() + store] == 1 ? 2 : 0;
            }
            score *= Math.min(axis.size(), 16);
            if (score > bestScore) {
                best = i;
                bestScore = score;
            }
        }
        return best;
    }

    /** An axis along which memory is contiguous that columns cross in steps, or -1. */
    private int lineAcross(Kernel kernel, List<Integer> stores, int columns) {
        List<Integer> accesses = new ArrayList<>();
        for (int i = 0; i < kernel.body().size(); i++) {
            if (kernel.body().get(i) instanceof Kernel.Load) {
                accesses.add(i);
            }
        }
        stores.forEach(store -> accesses.add(kernel.body().size() + store));
        for (int access : accesses) {
            if (Math.abs(axes.get(columns).strides()[access]) > 1) {
                for (int i = 0; i < axes.size(); i++) {
                    if (i != columns && Math.abs(axes.get(i).strides()[access]) == 1 && axes.get(i).size() >= 8) {
                        return i;
                    }
                }
            }
        }
        return -1;
    }

    @Override
    public long units() {
        return units;
    }

    @Override
    public long grain() {
        long elements = 1;
        for (long size : box) {
            elements *= size;
        }
        return Math.max(1, BOX / elements);
    }

    @Override
    public void run(MemorySegment[] operands, MemorySegment[] results, long fromUnit, long toUnit) {
        if (fromUnit >= toUnit) {
            return;
        }
        long[] position = new long[axes.size()];
        try (KernelBlock.Frame frame = block.frame(operands, results)) {
            for (long unit = fromUnit; unit < toUnit; unit++) {
                long rest = unit;
                for (int i = axes.size() - 1; i >= 0; i--) {
                    position[i] = rest % boxes[i] * box[i];
                    rest /= boxes[i];
                }
                frame.run(
                        position, 0, extent(position, loops.rows()), extent(position, loops.lines()),
                        extent(position, loops.columns()));
            }
        }
    }

    private int extent(long[] position, int axis) {
        return axis < 0 ? 1 : (int) Math.min(box[axis], axes.get(axis).size() - position[axis]);
    }

    @Override
    public void run(MemorySegment[] operands, MemorySegment[] results, Parallel parallel) {
        parallel.forEach(units, grain(), (from, to) -> run(operands, results, from, to));
    }
}
