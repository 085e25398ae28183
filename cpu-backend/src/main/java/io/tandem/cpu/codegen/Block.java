package io.tandem.cpu.codegen;

import java.lang.foreign.MemorySegment;

/** A compiled {@link BlockProgram}. */
interface Block {
    /** The numbers in {@code addresses} for each binding. */
    int ADDRESSES = 4;

    /** Where an address starts; of segments in bytes, else in elements. */
    int START = 0;

    /** The distance between rows. */
    int ROW = 1;

    /** The distance between lines. */
    int LINE = 2;

    /** Room for the block's own use. */
    int FIRST = 3;

    /**
     * Runs the loop {@code for row, for line, for column}.
     *
     * @param segments memory by binding, where it is a segment
     * @param arrays memory by binding, where it is an array
     * @param addresses for each binding start, row distance and line distance, and room for one more number
     * @param literals the literals' values
     * @param rows number of rows
     * @param lines number of lines in a row
     * @param columns number of columns in a line
     */
    void run(
            MemorySegment[] segments,
            Object[] arrays,
            long[] addresses,
            double[] literals,
            int rows,
            int lines,
            int columns);
}
