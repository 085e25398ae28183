package io.tandem.cpu.winograd;

/**
 * One matrix for each of the 36 products of a tile, its columns in blocks of 16: [36, blocks, rows, 16].
 *
 * @param blocks number of blocks of columns
 * @param rows number of rows, at least as many as are used
 */
record Planes(int blocks, int rows) {
    /** How many there are. */
    static final int COUNT = Transform.POINTS * Transform.POINTS;

    private static final int VECTOR = 64;

    /** The distance of blocks in bytes. */
    long blockBytes() {
        return (long) rows * VECTOR;
    }

    /** The distance of matrices in bytes: an odd number of cache lines, so that equal places of all fit into a cache. */
    long planeBytes() {
        long lines = (long) blocks * rows;
        return (lines + 1 - lines % 2) * VECTOR;
    }

    long bytes() {
        return COUNT * planeBytes();
    }
}
