package io.tandem.cpu.codegen;

import java.lang.foreign.MemorySegment;
import java.util.function.Function;

/** Runs a block as scalar code, as vector code, or first as one and then as the other, see {@link Rehearsal}. */
final class TieredRunner {
    private final BlockRunner scalar;
    private final BlockRunner vector;
    private final Rehearsal rehearsal;
    private final BlockRunner any;

    private TieredRunner(BlockRunner scalar, BlockRunner vector, Rehearsal rehearsal) {
        this.scalar = scalar;
        this.vector = vector;
        this.rehearsal = rehearsal;
        this.any = vector != null ? vector : scalar;
    }

    /**
     * Builds a block in the forms that the compilers ask for.
     *
     * @param runner makes the block for one compiler
     */
    static TieredRunner of(Compilers compilers, Function<BlockCompiler, BlockRunner> runner) {
        BlockRunner scalar = compilers.scalar() == null ? null : runner.apply(compilers.scalar());
        BlockRunner vector = compilers.vector() == null ? null : runner.apply(compilers.vector());
        Rehearsal rehearsal =
                scalar == null || vector == null ? null : compilers.vector().rehearsal(vector.program());
        return new TieredRunner(scalar, vector, rehearsal);
    }

    /**
     * The compilers to use; with both, code is scalar at first.
     *
     * @param scalar may be null
     * @param vector may be null
     */
    record Compilers(BlockCompiler scalar, BlockCompiler vector) {}

    /** The width of folds, see {@link BlockProgram#width()}. */
    int width() {
        return any.width();
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
        private BlockRunner.Frame scalarFrame;
        private BlockRunner.Frame vectorFrame;

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
            if (scalarFrame != null) {
                scalarFrame.bind(rowValues, partial);
            }
            if (vectorFrame != null) {
                vectorFrame.bind(rowValues, partial);
            }
        }

        /**
         * Runs the block.
         *
         * @param position index of the first element, by axis
         * @param row index of the first row in the arrays of row values
         */
        void run(long[] position, int row, int rows, int lines, int columns) {
            if (scalar == null || rehearsal != null && rehearsal.isVectorFaster()) {
                if (vectorFrame == null) {
                    vectorFrame = vector.frame(operands, results);
                    vectorFrame.bind(rowValues, partial);
                }
                vectorFrame.run(position, row, rows, lines, columns);
                return;
            }
            if (scalarFrame == null) {
                scalarFrame = scalar.frame(operands, results);
                scalarFrame.bind(rowValues, partial);
            }
            if (rehearsal == null || rehearsal.isOver()) {
                scalarFrame.run(position, row, rows, lines, columns);
            } else {
                rehearse(position, row, rows, lines, columns);
            }
        }

        private void rehearse(long[] position, int row, int rows, int lines, int columns) {
            long start = System.nanoTime();
            scalarFrame.run(position, row, rows, lines, columns);
            rehearsal.afterScalar((long) rows * lines * columns, System.nanoTime() - start);
        }
    }
}
