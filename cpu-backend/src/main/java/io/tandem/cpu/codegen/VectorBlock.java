package io.tandem.cpu.codegen;

import java.lang.foreign.MemorySegment;

/**
 * The part of vector code that is the same for all programs. Generated subclasses have two methods, each with all
 * loops: one for whole vectors, one for the columns that are left in each line. Neither calls the other, since a call
 * would empty the vector registers, and methods with both in them are too large for the JIT's first compiler.
 */
abstract class VectorBlock implements Block {
    private final int step;
    private final boolean ordered;

    /**
     * @param step columns that a line's loop takes at once; a power of 2
     * @param ordered whether lines must be finished one after the other, because they share partial results
     */
    VectorBlock(int step, boolean ordered) {
        this.step = step;
        this.ordered = ordered;
    }

    /** The columns of each line up to a multiple of the step. */
    abstract void whole(
            MemorySegment[] segments,
            Object[] arrays,
            long[] addresses,
            double[] literals,
            int rows,
            int lines,
            int columns);

    /** The other columns of each line, of which there is at least one. */
    abstract void rest(
            MemorySegment[] segments,
            Object[] arrays,
            long[] addresses,
            double[] literals,
            int rows,
            int lines,
            int columns);

    @Override
    public final void run(
            MemorySegment[] segments,
            Object[] arrays,
            long[] addresses,
            double[] literals,
            int rows,
            int lines,
            int columns) {
        if ((columns & step - 1) == 0) {
            whole(segments, arrays, addresses, literals, rows, lines, columns);
        } else if (!ordered || lines == 1) {
            if (columns > step) {
                whole(segments, arrays, addresses, literals, rows, lines, columns);
            }
            rest(segments, arrays, addresses, literals, rows, lines, columns);
        } else {
            lineByLine(segments, arrays, addresses, literals, rows, lines, columns);
        }
    }

    private void lineByLine(
            MemorySegment[] segments,
            Object[] arrays,
            long[] addresses,
            double[] literals,
            int rows,
            int lines,
            int columns) {
        for (int i = 0; i < addresses.length; i += ADDRESSES) {
            addresses[i + FIRST] = addresses[i + START];
        }
        for (int row = 0; row < rows; row++) {
            for (int line = 0; line < lines; line++) {
                for (int i = 0; i < addresses.length; i += ADDRESSES) {
                    addresses[i + START] = addresses[i + FIRST] + row * addresses[i + ROW] + line * addresses[i + LINE];
                }
                if (columns > step) {
                    whole(segments, arrays, addresses, literals, 1, 1, columns);
                }
                rest(segments, arrays, addresses, literals, 1, 1, columns);
            }
        }
    }
}
