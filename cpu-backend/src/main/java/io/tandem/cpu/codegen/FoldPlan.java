package io.tandem.cpu.codegen;

import io.tandem.compile.Kernel;
import io.tandem.cpu.codegen.IndexSpace.Axis;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Executes kernels with folds. Rows are taken in batches along one outer axis; for each batch, passes alternate between
 * a block over per-row values and one over the elements of the rows.
 *
 * <p>The elements' block is vectorised either along the rows, with {@link BlockProgram#width()} partial results per
 * row, or across them, if rows are neighbours in memory. Elements are folded in chunks, whose bounds depend on shapes
 * alone, and chunks are combined in order; so the result is the same whether one thread takes all chunks or many do.
 */
final class FoldPlan implements CompiledKernel {
    /** Elements of a chunk along rows. */
    private static final long CHUNK = 16384;

    /** Elements of a chunk across rows. */
    private static final long WIDE_CHUNK = 65536;

    private static final long MOST_CHUNKS = 512;
    private static final long FEW_UNITS = 16;

    private final FoldBlocks blocks;
    private final List<Axis> axes;
    private final boolean acrossRows;
    /** The axis whose rows form a batch. */
    private final int rowAxis;
    /** The elements' axis that is vectorised, if that is along rows, or -1. */
    private final int columnAxis;
    /** The other inner axes. */
    private final int[] lineAxes;

    private final int batch;
    private final long batches;
    private final long units;
    private final long lines;
    private final long columns;
    private final long piece;
    private final long pieces;
    private final long group;
    private final long chunks;
    /** Arrays that no thread uses at the moment: for row values, and by pass for partial results. */
    private final Queue<Object[]> rowMemory = new ConcurrentLinkedQueue<>();

    private final List<Queue<Object[]>> partialMemory = new ArrayList<>();

    FoldPlan(Kernel kernel, KernelBlock.Maker maker, IndexSpace space) {
        axes = space.axes();
        int outer = space.outer().size();
        FoldAxes choice = FoldAxes.choose(kernel, space);
        acrossRows = choice.acrossRows();
        rowAxis = choice.rowAxis();
        columnAxis = choice.columnAxis();
        int[] others = new int[axes.size() - outer - (columnAxis < 0 ? 0 : 1)];
        long lineCount = 1;
        int count = 0;
        for (int i = outer; i < axes.size(); i++) {
            if (i != columnAxis) {
                others[count++] = i;
                lineCount *= axes.get(i).size();
            }
        }
        lineAxes = others;
        lines = lineCount;
        columns = columnAxis < 0 ? 1 : axes.get(columnAxis).size();
        int lineAxis = lineAxes.length == 0 ? -1 : lineAxes[lineAxes.length - 1];
        blocks = new FoldBlocks(kernel, maker, space, choice, lineAxis);
        long rows = axes.get(rowAxis).size();
        batch = (int) Math.max(1, Math.min(rows, acrossRows ? acrossBatch(rows) : alongBatch()));
        batches = Math.ceilDiv(rows, batch);
        units = IndexSpace.size(space.outer()) / Math.max(1, rows) * batches;
        long size = acrossRows ? batch : columns;
        long chunk = acrossRows ? WIDE_CHUNK : CHUNK;
        // a line longer than a chunk is cut into pieces, shorter ones form groups
        piece = acrossRows ? 1 : roundUp(Math.max(chunk, Math.ceilDiv(columns, MOST_CHUNKS)));
        pieces = acrossRows ? 1 : Math.ceilDiv(columns, piece);
        group = pieces > 1 ? 1 : Math.max(Math.max(1, chunk / Math.max(1, size)), Math.ceilDiv(lines, MOST_CHUNKS));
        chunks = pieces > 1 ? lines * pieces : columns == 0 ? 0 : Math.ceilDiv(lines, group);
        for (int pass = 0; pass < blocks.passes(); pass++) {
            partialMemory.add(new ConcurrentLinkedQueue<>());
        }
    }

    /**
     * Rows that are neighbours: many, so that memory is read in long stretches, but for one pass after another in
     * cache.
     */
    private long acrossBatch(long rows) {
        if (blocks.elementPasses() == 1) {
            return Math.min(rows, 1024);
        }
        return Math.min(1024, Math.max(64, roundUp(32768 / Math.max(1, lines))));
    }

    private long alongBatch() {
        return Math.min(256, Math.max(1, 8192 / Math.max(1, lines * columns)));
    }

    private static long roundUp(long size) {
        return (size + 63) & -64;
    }

    @Override
    public long units() {
        return units;
    }

    @Override
    public long grain() {
        return Math.max(1, 16384 / Math.max(1, batch * lines * columns));
    }

    @Override
    public void run(MemorySegment[] operands, MemorySegment[] results, long fromUnit, long toUnit) {
        if (fromUnit >= toUnit) {
            return;
        }
        Object[] rowValues = takeRowValues();
        try (Worker worker = new Worker(operands, results)) {
            for (long unit = fromUnit; unit < toUnit; unit++) {
                for (int pass = 0; pass < blocks.passes(); pass++) {
                    worker.rows(pass, unit, rowValues);
                    if (blocks.elements(pass).isPresent()) {
                        blocks.clearTotals(pass, rowValues);
                        Object[] partial = takePartials(pass);
                        for (long chunk = 0; chunk < chunks; chunk++) {
                            worker.chunk(pass, unit, chunk, rowValues, partial);
                            blocks.combine(pass, rowValues, partial, rows(unit));
                        }
                        partialMemory.get(pass).add(partial);
                    }
                }
            }
        }
        rowMemory.add(rowValues);
    }

    private Object[] takeRowValues() {
        Object[] used = rowMemory.poll();
        return used == null ? blocks.newRowValues(batch) : used;
    }

    private Object[] takePartials(int pass) {
        Object[] used = partialMemory.get(pass).poll();
        return used == null ? blocks.newPartials(pass, batch) : used;
    }

    @Override
    public void run(MemorySegment[] operands, MemorySegment[] results, Parallel parallel) {
        if (units >= FEW_UNITS || chunks <= 1) {
            parallel.forEach(units, grain(), (from, to) -> run(operands, results, from, to));
            return;
        }
        Object[][] rowValues = new Object[(int) units][];
        Arrays.setAll(rowValues, unit -> takeRowValues());
        try (Worker own = new Worker(operands, results)) {
            for (int pass = 0; pass < blocks.passes(); pass++) {
                for (int unit = 0; unit < units; unit++) {
                    own.rows(pass, unit, rowValues[unit]);
                }
                if (blocks.elements(pass).isPresent()) {
                    elements(pass, operands, results, rowValues, parallel);
                }
            }
        }
        rowMemory.addAll(Arrays.asList(rowValues));
    }

    /** One pass over all elements, in parallel over chunks. */
    private void elements(
            int pass, MemorySegment[] operands, MemorySegment[] results, Object[][] rowValues, Parallel parallel) {
        int total = Math.toIntExact(units * chunks);
        Object[][] partials = new Object[total][];
        long size = Math.max(1, batch * lines * columns / Math.max(1, chunks));
        parallel.forEach(total, Math.max(1, CHUNK / size), (from, to) -> {
            try (Worker worker = new Worker(operands, results)) {
                for (long i = from; i < to; i++) {
                    long unit = i / chunks;
                    Object[] partial = takePartials(pass);
                    worker.chunk(pass, unit, i % chunks, rowValues[(int) unit], partial);
                    partials[(int) i] = partial;
                }
            }
        });
        for (int unit = 0; unit < units; unit++) {
            blocks.clearTotals(pass, rowValues[unit]);
            for (int chunk = 0; chunk < chunks; chunk++) {
                blocks.combine(pass, rowValues[unit], partials[(int) (unit * chunks + chunk)], rows(unit));
            }
        }
        partialMemory.get(pass).addAll(Arrays.asList(partials));
    }

    private int rows(long unit) {
        return (int) Math.min(batch, axes.get(rowAxis).size() - unit % batches * batch);
    }

    /** What one thread needs. */
    private final class Worker implements AutoCloseable {
        private final List<Optional<KernelBlock.Frame>> rowFrames = new ArrayList<>();
        private final List<Optional<KernelBlock.Frame>> elementFrames = new ArrayList<>();
        private final long[] position = new long[axes.size()];

        Worker(MemorySegment[] operands, MemorySegment[] results) {
            for (int pass = 0; pass < blocks.passes(); pass++) {
                rowFrames.add(blocks.rows(pass).map(block -> block.frame(operands, results)));
                elementFrames.add(blocks.elements(pass).map(block -> block.frame(operands, results)));
            }
        }

        @Override
        public void close() {
            rowFrames.forEach(frame -> frame.ifPresent(KernelBlock.Frame::close));
            elementFrames.forEach(frame -> frame.ifPresent(KernelBlock.Frame::close));
        }

        private void moveTo(long unit) {
            Arrays.fill(position, 0);
            position[rowAxis] = unit % batches * batch;
            long rest = unit / batches;
            for (int i = blocks.outerAxes() - 1; i >= 0; i--) {
                if (i != rowAxis) {
                    position[i] = rest % axes.get(i).size();
                    rest /= axes.get(i).size();
                }
            }
        }

        /** Computes per-row values of a pass. */
        void rows(int pass, long unit, Object[] rowValues) {
            rowFrames.get(pass).ifPresent(frame -> {
                moveTo(unit);
                frame.bind(rowValues, new Object[0]);
                frame.run(position, 0, 1, 1, FoldPlan.this.rows(unit));
            });
        }

        /** Runs a pass over the elements of one chunk, with partial results by fold and row. */
        void chunk(int pass, long unit, long chunk, Object[] rowValues, Object[] partial) {
            KernelBlock.Frame frame = elementFrames.get(pass).orElseThrow();
            blocks.clearPartials(pass, partial);
            frame.bind(rowValues, partial);
            moveTo(unit);
            int rows = FoldPlan.this.rows(unit);
            if (pieces > 1) {
                moveToLine(chunk / pieces);
                long from = chunk % pieces * piece;
                position[columnAxis] = from;
                frame.run(position, 0, rows, 1, (int) Math.min(piece, columns - from));
            } else {
                long end = Math.min(lines, (chunk + 1) * group);
                long innermost = lineAxes.length == 0 ? 1 : axes.get(lineAxes[lineAxes.length - 1]).size();
                for (long line = chunk * group; line < end;) {
                    moveToLine(line);
                    long count = Math.min(innermost - line % innermost, end - line);
                    if (acrossRows) {
                        frame.run(position, 0, 1, (int) count, rows);
                    } else {
                        frame.run(position, 0, rows, (int) count, (int) columns);
                    }
                    line += count;
                }
            }
            blocks.reduceLanes(pass, partial, rows);
        }

        private void moveToLine(long line) {
            long rest = line;
            for (int i = lineAxes.length - 1; i >= 0; i--) {
                long size = axes.get(lineAxes[i]).size();
                position[lineAxes[i]] = rest % size;
                rest /= size;
            }
        }
    }
}
