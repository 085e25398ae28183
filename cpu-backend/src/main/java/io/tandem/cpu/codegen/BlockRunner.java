package io.tandem.cpu.codegen;

import io.tandem.cpu.codegen.BlockProgram.Binding;
import io.tandem.cpu.codegen.IndexSpace.Axis;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Runs a block over parts of an index space: computes addresses, and moves what the block's code cannot reach through
 * tiles. Immutable; what a thread needs is in its {@link Frame}.
 */
final class BlockRunner {
    /** Elements of a tile: a few of these should fit the caches next to a core. */
    private static final int TILE = 4096;

    /** Elements of a tile of scalar code, which moves all its operands through tiles. */
    private static final int SCALAR_TILE = 1024;

    private final BlockCompiler compiler;
    private final BlockProgram program;
    private final List<Source> sources;
    private final double[] literals;
    private final KernelBlock.Axes axes;
    private final boolean columnsAreRows;
    private final int width;
    private final int bindings;
    /** By binding and axis. */
    private final long[][] strides;

    private final long[] offsets;
    private final boolean tiled;
    private final boolean transposing;
    private final boolean foldsColumns;
    private final int tile;
    /** Edge of a tile that is read across its lines. */
    private final int square;

    /**
     * @param columnsAreRows whether the columns of the block are rows of the kernel
     */
    BlockRunner(BlockCompiler compiler, BlockBuilder builder, IndexSpace space,
            KernelBlock.Axes axes, boolean columnsAreRows) {
        this.tile = compiler.vectorises() ? TILE : SCALAR_TILE;
        this.square = compiler.vectorises() ? 64 : 32;
        this.program = builder.program();
        this.compiler = compiler;
        this.sources = List.copyOf(builder.sources());
        this.literals = builder.literals();
        this.axes = axes;
        this.columnsAreRows = columnsAreRows;
        this.width = program.width();
        this.bindings = sources.size();
        this.strides = new long[bindings][];
        this.offsets = new long[bindings];
        List<Axis> all = space.axes();
        boolean anyTile = false;
        boolean anyTransposed = false;
        for (int i = 0; i < bindings; i++) {
            int access = access(sources.get(i));
            if (access >= 0) {
                offsets[i] = space.accesses().get(access).offset();
                strides[i] = all.stream().mapToLong(axis -> axis.strides()[access]).toArray();
                boolean tile = program.bindings().get(i).array();
                anyTile |= tile;
                anyTransposed |= tile && axes.lines() >= 0 && Math.abs(strides[i][axes.lines()]) == 1;
            }
        }
        tiled = anyTile;
        foldsColumns = program.folds().stream().anyMatch(BlockProgram.FoldOutput::lanes);
        transposing = anyTransposed && !foldsColumns;
    }

    private static int access(Source source) {
        return switch (source) {
            case Source.Operand operand -> operand.access();
            case Source.Coordinate coordinate -> coordinate.access();
            case Source.Result result -> result.access();
            case Source.RowValue value -> -1;
            case Source.Partial partial -> -1;
        };
    }

    private static int padded(int columns) {
        return (columns + 15) & -16;
    }

    BlockProgram program() {
        return program;
    }

    /** The width of folds, see {@link BlockProgram#width()}. */
    int width() {
        return width;
    }

    Frame frame(MemorySegment[] operands, MemorySegment[] results) {
        return new Frame(operands, results);
    }

    /** What one thread needs to run the block: tiles and addresses. */
    final class Frame {
        private final Block block = compiler.compile(program);
        private final MemorySegment[] memory = new MemorySegment[bindings];
        private final MemorySegment[] segments = new MemorySegment[bindings];
        private final Object[] arrays = new Object[bindings];
        private final long[] addresses = new long[bindings * Block.ADDRESSES];

        private Frame(MemorySegment[] operands, MemorySegment[] results) {
            for (int i = 0; i < bindings; i++) {
                Binding binding = program.bindings().get(i);
                switch (sources.get(i)) {
                    case Source.Operand operand -> memory[i] = operands[operand.operand()];
                    case Source.Result result -> memory[i] = results[result.result()];
                    case Source.Coordinate coordinate -> {}
                    case Source.RowValue value -> {}
                    case Source.Partial partial -> {}
                }
                if (binding.array()) {
                    if (access(sources.get(i)) >= 0) {
                        arrays[i] = binding.storage().type().newArray(tile + 2 * square);
                    }
                } else {
                    segments[i] = memory[i];
                }
            }
        }

        /**
         * Sets the arrays of row values and partial results.
         *
         * @param rowValues by slot
         * @param partial by number of the fold in the block
         */
        void bind(Object[] rowValues, Object[] partial) {
            for (int i = 0; i < bindings; i++) {
                switch (sources.get(i)) {
                    case Source.RowValue value -> arrays[i] = rowValues[value.slot()];
                    case Source.Partial fold -> arrays[i] = partial[fold.fold()];
                    case Source.Operand operand -> {}
                    case Source.Result result -> {}
                    case Source.Coordinate coordinate -> {}
                }
            }
        }

        /**
         * Runs the block.
         *
         * @param position index of the first element, by axis
         * @param row index of the first row in the arrays of row values
         */
        void run(long[] position, int row, int rows, int lines, int columns) {
            if (!tiled) {
                run(position, row, 0, 0, 0, rows, lines, columns);
                return;
            }
            int tileColumns = Math.min(columns, transposing ? square : tile);
            int pitch = padded(tileColumns);
            int tileLines = Math.min(lines, transposing ? square : Math.max(1, tile / pitch));
            if (foldsColumns && tileColumns < columns) {
                // partial results take elements line by line
                tileLines = 1;
            }
            int tileRows = tileLines < lines || tileColumns < columns
                    ? 1
                    : Math.min(rows, Math.max(1, tile / Math.max(1, pitch * tileLines)));
            for (int r = 0; r < rows; r += tileRows) {
                for (int l = 0; l < lines; l += tileLines) {
                    for (int c = 0; c < columns; c += tileColumns) {
                        run(
                                position,
                                row,
                                r,
                                l,
                                c,
                                Math.min(tileRows, rows - r),
                                Math.min(tileLines, lines - l),
                                Math.min(tileColumns, columns - c));
                    }
                }
            }
        }

        private void run(long[] position, int row, int r, int l, int c, int rows, int lines, int columns) {
            int pitch = padded(columns);
            for (int i = 0; i < bindings; i++) {
                Binding binding = program.bindings().get(i);
                int address = i * Block.ADDRESSES;
                if (strides[i] == null) {
                    rowAddress(i, address, row, r, c);
                    continue;
                }
                long start = start(i, position, r, l, c);
                if (binding.array()) {
                    int linePitch = binding.unit() ? pitch : 1;
                    addresses[address + Block.START] = 0;
                    addresses[address + Block.ROW] = (long) lines * linePitch;
                    addresses[address + Block.LINE] = linePitch;
                    fill(i, start, rows, lines, binding.unit() ? columns : 1, linePitch);
                } else {
                    int shift = binding.storage().shift();
                    addresses[address + Block.START] = start << shift;
                    addresses[address + Block.ROW] = stride(i, axes.rows()) << shift;
                    addresses[address + Block.LINE] = stride(i, axes.lines()) << shift;
                }
            }
            block.run(segments, arrays, addresses, literals, rows, lines, columns);
            if (tiled) {
                for (int i = 0; i < bindings; i++) {
                    if (sources.get(i) instanceof Source.Result result
                            && program.bindings().get(i).array()) {
                        long start = start(i, position, r, l, c);
                        for (int k = 0; k < rows; k++) {
                            Tiles.write(
                                    result.dtype(),
                                    arrays[i],
                                    plane(i, start, k, lines, columns, pitch),
                                    memory[i]);
                        }
                    }
                }
            }
        }

        private void rowAddress(int i, int address, int row, int r, int c) {
            boolean lanes = sources.get(i) instanceof Source.Partial && !columnsAreRows;
            int scale = lanes ? width : 1;
            addresses[address + Block.START] = (long) (row + (columnsAreRows ? c : r)) * scale;
            addresses[address + Block.ROW] = columnsAreRows ? 0 : scale;
            addresses[address + Block.LINE] = 0;
        }

        private void fill(int i, long start, int rows, int lines, int columns, int pitch) {
            for (int k = 0; k < rows; k++) {
                Tiles.Plane plane = plane(i, start, k, lines, columns, pitch);
                switch (sources.get(i)) {
                    case Source.Operand operand -> Tiles.read(operand.dtype(), memory[i], plane, arrays[i]);
                    case Source.Coordinate coordinate -> Tiles.coordinates(coordinate.dtype(), plane, arrays[i]);
                    case Source.Result result -> {}
                    case Source.RowValue value -> {}
                    case Source.Partial partial -> {}
                }
            }
        }

        private Tiles.Plane plane(int i, long start, int row, int lines, int columns, int pitch) {
            return new Tiles.Plane(
                    start + row * stride(i, axes.rows()),
                    stride(i, axes.lines()),
                    stride(i, axes.columns()),
                    row * lines * pitch,
                    pitch,
                    lines,
                    columns);
        }

        private long start(int i, long[] position, int r, int l, int c) {
            long start = offsets[i];
            start += r * stride(i, axes.rows()) + l * stride(i, axes.lines()) + c * stride(i, axes.columns());
            for (int a = 0; a < position.length; a++) {
                start += position[a] * strides[i][a];
            }
            return start;
        }
    }

    private long stride(int binding, int axis) {
        return axis < 0 ? 0 : strides[binding][axis];
    }
}
