package io.tandem.cpu.codegen;

import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.function.Function;

/** Runs a block as scalar code, as vector code, or first as one and then as the other, see {@link Rehearsal}. */
final class TieredRunner {
    private final Optional<BlockRunner> scalar;
    private final Optional<BlockRunner> vector;
    private final Optional<Rehearsal> rehearsal;

    private TieredRunner(
            Optional<BlockRunner> scalar, Optional<BlockRunner> vector, Optional<Rehearsal> rehearsal) {
        this.scalar = scalar;
        this.vector = vector;
        this.rehearsal = rehearsal;
    }

    /**
     * Builds a block in the forms that the compilers ask for.
     *
     * @param runner makes the block for one compiler
     */
    static TieredRunner of(Compilers compilers, Function<BlockCompiler, BlockRunner> runner) {
        Optional<BlockRunner> scalar = compilers.scalar().map(runner);
        Optional<BlockRunner> vector = compilers.vector().map(runner);
        Optional<Rehearsal> rehearsal = scalar.isEmpty()
                ? Optional.empty()
                : vector.map(block -> compilers.vector().orElseThrow().rehearsal(block.program()));
        return new TieredRunner(scalar, vector, rehearsal);
    }

    /** The compilers to use, at least one; with both, code is scalar at first. */
    record Compilers(Optional<BlockCompiler> scalar, Optional<BlockCompiler> vector) {}

    /** The width of folds, see {@link BlockProgram#width()}. */
    int width() {
        return vector.or(() -> scalar).orElseThrow().width();
    }

    Frame frame(MemorySegment[] operands, MemorySegment[] results) {
        return new Frame(operands, results);
    }

    /** What one thread needs to run the block. */
    final class Frame {
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

        /**
         * Sets the arrays of row values and partial results.
         *
         * @param rowValues by slot
         * @param partial by number of the fold in the block
         */
        void bind(Object[] rowValues, Object[] partial) {
            this.rowValues = rowValues;
            this.partial = partial;
            scalarFrame.ifPresent(frame -> frame.bind(rowValues, partial));
            vectorFrame.ifPresent(frame -> frame.bind(rowValues, partial));
        }

        /**
         * Runs the block.
         *
         * @param position index of the first element, by axis
         * @param row index of the first row in the arrays of row values
         */
        void run(long[] position, int row, int rows, int lines, int columns) {
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

        private BlockRunner.Frame open(BlockRunner runner) {
            BlockRunner.Frame frame = runner.frame(operands, results);
            frame.bind(rowValues, partial);
            return frame;
        }
    }
}
