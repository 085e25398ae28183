package io.tandem.cpu.codegen;

import io.tandem.cpu.codegen.BlockProgram.Binding;
import io.tandem.cpu.codegen.BlockProgram.Place;
import io.tandem.cpu.codegen.BlockProgram.Step;
import io.tandem.cpu.codegen.IndexSpace.Axis;
import io.tandem.cpu.codegen.LaneOp.Code;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Runs a block's machine code over parts of an index space: computes addresses, after checking once that none of them
 * leaves the memory, and transposes what lies across.
 */
final class MachineRunner implements KernelBlock {
    private final MachineCompiler compiler;
    private final MachineCompiler.Code code;
    private final BlockProgram program;
    private final List<Source> sources;
    private final double[] literals;
    private final Axes axes;
    private final boolean columnsAreRows;
    private final int width;
    private final int bindings;
    private final boolean tiled;
    /** By binding and axis, in bytes; of coordinates the positions themselves. */
    private final long[][] strides;

    private final long[] offsets;
    /** The first and the last byte that each binding reaches from its memory's start. */
    private final long[] lowest;

    private final long[] highest;
    private final Queue<Frame> free = new ConcurrentLinkedQueue<>();

    MachineRunner(
            MachineCompiler compiler, BlockBuilder builder, IndexSpace space, Axes axes, boolean columnsAreRows) {
        this.compiler = compiler;
        this.program = builder.program();
        this.code = compiler.compile(program);
        this.sources = List.copyOf(builder.sources());
        this.literals = builder.literals();
        this.axes = axes;
        this.columnsAreRows = columnsAreRows;
        this.width = program.width();
        this.bindings = sources.size();
        this.tiled = program.bindings().stream().anyMatch(binding -> binding.place() == Place.TILE);
        strides = new long[bindings][];
        offsets = new long[bindings];
        lowest = new long[bindings];
        highest = new long[bindings];
        for (int i = 0; i < bindings; i++) {
            int access = access(sources.get(i));
            if (access >= 0) {
                addressing(i, access, space);
            }
        }
    }

    private void addressing(int binding, int access, IndexSpace space) {
        boolean position = program.bindings().get(binding).place() == Place.COORDINATE;
        int shift = position ? 0 : program.bindings().get(binding).storage().shift();
        offsets[binding] = space.accesses().get(access).offset() << shift;
        List<Axis> all = space.axes();
        strides[binding] = all.stream()
                .mapToLong(axis -> axis.strides()[access] << shift)
                .toArray();
        lowest[binding] = offsets[binding];
        highest[binding] = offsets[binding] + (1L << shift) - 1;
        boolean empty = false;
        for (int a = 0; a < all.size(); a++) {
            long span = strides[binding][a] * (all.get(a).size() - 1);
            lowest[binding] += Math.min(0, span);
            highest[binding] += Math.max(0, span);
            empty |= all.get(a).size() == 0;
        }
        if (empty) {
            lowest[binding] = 0;
            highest[binding] = -1;
        }
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

    @Override
    public int width() {
        return width;
    }

    @Override
    public KernelBlock.Frame frame(MemorySegment[] operands, MemorySegment[] results) {
        Frame used = free.poll();
        Frame frame = used == null ? new Frame() : used;
        frame.open(operands, results);
        return frame;
    }

    private long stride(int binding, int axis) {
        return axis < 0 ? 0 : strides[binding][axis];
    }

    /** The parameters of one thread. */
    private final class Frame implements KernelBlock.Frame {
        private final ParameterLayout layout = code.layout();
        private final Arena arena = Arena.ofAuto();
        private final MemorySegment parameters = arena.allocate(code.bytes(), ParameterLayout.VECTOR);
        /** The part of the parameters that changes from call to call. */
        private final long[] numbers = new long[layout.longs()];

        private final MemorySegment[] tiles = new MemorySegment[bindings];
        private final long[] transposition = new long[TransposeFunction.PARAMETERS];
        private final MemorySegment transpositionParameters = arena.allocate(8L * TransposeFunction.PARAMETERS, 8);
        private final long[] memory = new long[bindings];
        private final NativeLanes[] lanes = new NativeLanes[bindings];

        Frame() {
            for (LaneOp op : program.ops()) {
                if (op.code() == Code.LITERAL) {
                    parameters.set(
                            ValueLayout.JAVA_LONG,
                            layout.literal((int) op.bits()),
                            bits(op.type(), literals[(int) op.bits()]));
                }
            }
            numbers[ParameterLayout.ALL / 8] = (1L << width) - 1;
            for (int i = 0; i < bindings; i++) {
                Binding binding = program.bindings().get(i);
                if (strides[i] == null) {
                    continue;
                }
                if (binding.place() == Place.TILE) {
                    tiles[i] = arena.allocate(4L * TransposeFunction.EDGE * TransposeFunction.EDGE, 64);
                    continue;
                }
                long step = stride(i, axes.columns());
                numbers[layout.rowStride(i) / 8] = stride(i, axes.rows());
                numbers[layout.lineStride(i) / 8] = stride(i, axes.lines());
                numbers[layout.columnStride(i) / 8] = step;
                if (binding.step() == Step.APART) {
                    for (int lane = 0; lane < width; lane++) {
                        parameters.set(ValueLayout.JAVA_INT, layout.distances(i) + 4L * lane, (int) (lane * step));
                    }
                }
            }
        }

        private static long bits(LaneType type, double value) {
            return switch (type) {
                case F32 -> Float.floatToRawIntBits((float) value);
                case F64 -> Double.doubleToRawLongBits(value);
                case I32 -> (int) value;
                case I64 -> (long) value;
                case MASK -> value != 0 ? -1 : 0;
            };
        }

        private void open(MemorySegment[] operands, MemorySegment[] results) {
            for (int i = 0; i < bindings; i++) {
                switch (sources.get(i)) {
                    case Source.Operand operand -> memory[i] = checked(i, operands[operand.operand()]);
                    case Source.Result result -> memory[i] = checked(i, results[result.result()]);
                    case Source.Coordinate coordinate -> memory[i] = 0;
                    case Source.RowValue value -> {}
                    case Source.Partial partial -> {}
                }
            }
        }

        private long checked(int binding, MemorySegment segment) {
            if (lowest[binding] < 0 || highest[binding] >= segment.byteSize()) {
                throw new IndexOutOfBoundsException("a kernel reads or writes bytes %d to %d of memory of %d bytes"
                        .formatted(lowest[binding], highest[binding], segment.byteSize()));
            }
            return segment.address();
        }

        @Override
        public void bind(Object[] rowValues, Object[] partial) {
            for (int i = 0; i < bindings; i++) {
                switch (sources.get(i)) {
                    case Source.RowValue value -> lanes[i] = (NativeLanes) rowValues[value.slot()];
                    case Source.Partial fold -> lanes[i] = (NativeLanes) partial[fold.fold()];
                    case Source.Operand operand -> {}
                    case Source.Result result -> {}
                    case Source.Coordinate coordinate -> {}
                }
            }
        }

        @Override
        public void close() {
            Arrays.fill(lanes, null);
            free.add(this);
        }

        @Override
        public void run(long[] position, int row, int rows, int lines, int columns) {
            if (rows <= 0 || lines <= 0 || columns <= 0) {
                return;
            }
            if (!tiled) {
                run(position, row, 0, 0, 0, rows, lines, columns);
                return;
            }
            int edge = TransposeFunction.EDGE;
            for (int r = 0; r < rows; r++) {
                for (int l = 0; l < lines; l += edge) {
                    for (int c = 0; c < columns; c += edge) {
                        run(position, row, r, l, c, 1, Math.min(edge, lines - l), Math.min(edge, columns - c));
                    }
                }
            }
        }

        private void run(long[] position, int row, int r, int l, int c, int rows, int lines, int columns) {
            numbers[ParameterLayout.ROWS / 8] = rows;
            numbers[ParameterLayout.LINES / 8] = lines;
            numbers[ParameterLayout.COLUMNS / 8] = columns;
            numbers[ParameterLayout.WHOLE / 8] = columns & -width;
            numbers[ParameterLayout.REST / 8] = (1L << (columns & width - 1)) - 1;
            int pitch = (columns + 15) & -16;
            for (int i = 0; i < bindings; i++) {
                int at = layout.row(i) / 8;
                if (strides[i] == null) {
                    rowAddress(i, at, row, r, c);
                } else if (tiles[i] != null) {
                    numbers[at] = tiles[i].address();
                    numbers[layout.lineStride(i) / 8] = 4L * pitch;
                    if (sources.get(i) instanceof Source.Operand) {
                        transpose(true, i, start(i, position, r, l, c), pitch, lines, columns);
                    }
                } else {
                    numbers[at] = start(i, position, r, l, c);
                }
            }
            MemorySegment.copy(numbers, 0, parameters, ValueLayout.JAVA_LONG, 0, numbers.length);
            code.function().call(parameters.address(), 0, 0);
            if (tiled) {
                for (int i = 0; i < bindings; i++) {
                    if (tiles[i] != null && sources.get(i) instanceof Source.Result) {
                        transpose(false, i, start(i, position, r, l, c), pitch, lines, columns);
                    }
                }
            }
        }

        private void rowAddress(int i, int at, int row, int r, int c) {
            boolean partials = sources.get(i) instanceof Source.Partial && !columnsAreRows;
            long scale = (long) (partials ? width : 1) << program.bindings().get(i).storage().shift();
            numbers[at] = lanes[i].address() + (row + (columnsAreRows ? c : r)) * scale;
            numbers[layout.rowStride(i) / 8] = columnsAreRows ? 0 : scale;
        }

        /** Between memory, where lines are neighbours, and a tile, where columns are. */
        private void transpose(boolean read, int i, long start, int pitch, int lines, int columns) {
            long step = stride(i, axes.columns());
            long tile = tiles[i].address();
            if (read) {
                TransposeFunction.fill(transposition, start, step, tile, 4L * pitch, columns, lines);
            } else {
                TransposeFunction.fill(transposition, tile, 4L * pitch, start, step, lines, columns);
            }
            MemorySegment.copy(transposition, 0, transpositionParameters, ValueLayout.JAVA_LONG, 0,
                    transposition.length);
            compiler.transpose().call(transpositionParameters.address());
        }

        private long start(int i, long[] position, int r, int l, int c) {
            long start = memory[i] + offsets[i];
            start += r * stride(i, axes.rows()) + l * stride(i, axes.lines()) + c * stride(i, axes.columns());
            for (int a = 0; a < position.length; a++) {
                start += position[a] * strides[i][a];
            }
            return start;
        }
    }
}
