package io.tandem.cpu.codegen;

import java.lang.foreign.MemorySegment;
import java.util.function.Function;

/** A block of a kernel, ready to run over parts of its index space. */
interface KernelBlock {
    /** The axes of an index space that a block loops over, by number, or -1; the others are fixed for a call. */
    record Axes(int rows, int lines, int columns) {}

    /** Makes blocks, in one form of code. */
    interface Maker {
        /**
         * Makes a block.
         *
         * @param builder writes the block's program, given what code of this form reaches
         * @param axes the axes over which the block loops
         * @param columnsAreRows whether the columns of the block are rows of the kernel
         */
        KernelBlock make(
                Function<Reach, BlockBuilder> builder, IndexSpace space, Axes axes, boolean columnsAreRows);

        /** An array for row values or partial results: a Java array, or {@link NativeLanes}. */
        Object newArray(LaneType type, int length);
    }

    /** The width of folds, see {@link BlockProgram#width()}. */
    int width();

    /**
     * What one thread needs to run the block; to be closed by that thread.
     *
     * @throws IndexOutOfBoundsException if the block would leave the memory
     */
    Frame frame(MemorySegment[] operands, MemorySegment[] results);

    /** The state of one thread. */
    interface Frame extends AutoCloseable {
        /**
         * Sets the arrays of row values and partial results.
         *
         * @param rowValues by slot
         * @param partial by number of the fold in the block
         */
        void bind(Object[] rowValues, Object[] partial);

        /**
         * Runs the block.
         *
         * @param position index of the first element, by axis
         * @param row index of the first row in the arrays of row values
         */
        void run(long[] position, int row, int rows, int lines, int columns);

        @Override
        void close();
    }
}
