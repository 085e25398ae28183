package io.tandem.cpu.codegen;

import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.function.Function;

/** Runs a block as scalar code, as vector code, or first as one and then as the other, see {@link Rehearsal}. */
final class TieredRunner implements KernelBlock {
    private final Optional<BlockRunner> scalar;
    private final Optional<BlockRunner> vector;
    private final Optional<Rehearsal> rehearsal;

    private TieredRunner(
            Optional<BlockRunner> scalar, Optional<BlockRunner> vector, Optional<Rehearsal> rehearsal) {
        this.scalar = scalar;
        this.vector = vector;
        this.rehearsal = rehearsal;
    }

    /** The compilers to use, at least one; with both, code is scalar at first. */
    record Compilers(Optional<BlockCompiler> scalar, Optional<BlockCompiler> vector) implements KernelBlock.Maker {
        @Override
        public TieredRunner make(
                Function<Reach, BlockBuilder> builder, IndexSpace space, Axes axes, boolean columnsAreRows) {
            Function<BlockCompiler, BlockRunner> runner =
                    compiler -> new BlockRunner(compiler, builder.apply(compiler), space, axes, columnsAreRows);
            Optional<BlockRunner> scalarRunner = scalar.map(runner);
            Optional<BlockRunner> vectorRunner = vector.map(runner);
            Optional<Rehearsal> rehearsal = scalarRunner.isEmpty()
                    ? Optional.empty()
                    : vectorRunner.map(block -> vector.orElseThrow().rehearsal(block.program()));
            return new TieredRunner(scalarRunner, vectorRunner, rehearsal);
        }

        @Override
        public Object newArray(LaneType type, int length) {
            return type.newArray(length);
        }
    }

    @Override
    public int width() {
        return vector.or(() -> scalar).orElseThrow().width();
    }

    @Override
    public KernelBlock.Frame frame(MemorySegment[] operands, MemorySegment[] results) {
        return new Frame(operands, results);
    }

    /** What one thread needs to run the block. */
    private final class Frame implements KernelBlock.Frame {
        private final MemorySegment[] operands;
        private final MemorySegment[] results;
        private Object[] rowValues = {};
        private Object[] partial = {};
        private Optional<BlockRunner.Frame> scalarFrame = Optional.empty();
        private Optional<BlockRunner.Frame> vectorFrame = Optional.empty();

        private Frame(MemorySegment[] operands, MemorySegment[] results) {
            this.operands = operands;
            this.results = results;
        }

        @Override
        public void bind(Object[] rowValues, Object[] partial) {
            this.rowValues = rowValues;
            this.partial = partial;
            scalarFrame.ifPresent(frame -> frame.bind(rowValues, partial));
            vectorFrame.ifPresent(frame -> frame.bind(rowValues, partial));
        }

        @Override
        public void run(long[] position, int row, int rows, int lines, int columns) {
            if (scalar.isEmpty() || rehearsal.isPresent() && rehearsal.get().isVectorFaster()) {
                if (vectorFrame.isEmpty()) {
                    vectorFrame = vector.map(this::open);
                }
                vectorFrame.orElseThrow().run(position, row, rows, lines, columns);
                return;
            }
            if (scalarFrame.isEmpty()) {
                scalarFrame = scalar.map(this::open);
            }
            BlockRunner.Frame frame = scalarFrame.orElseThrow();
            if (rehearsal.isEmpty() || rehearsal.get().isOver()) {
                frame.run(position, row, rows, lines, columns);
                return;
            }
            long start = System.nanoTime();
            frame.run(position, row, rows, lines, columns);
            rehearsal.get().afterScalar((long) rows * lines * columns, System.nanoTime() - start);
        }

        @Override
        public void close() {
            // the arrays are garbage
        }

        private BlockRunner.Frame open(BlockRunner runner) {
            BlockRunner.Frame frame = runner.frame(operands, results);
            frame.bind(rowValues, partial);
            return frame;
        }
    }
}
