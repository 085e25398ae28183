package io.tandem.cuda.codegen;

/**
 * A kernel that runs over several pieces of memory at once. Its arguments are a structure with a table of
 * {@link #capacity} segments, each of them the addresses of operands and results, the number of elements, and the
 * number of its first block, all of 64 bits; then the number of segments as a 32-bit integer.
 *
 * @param function the kernel
 * @param pointers number of addresses of a segment
 * @param elementsPerBlock elements that a block of 256 threads takes
 */
public record SegmentedCode(CudaFunction function, int pointers, int elementsPerBlock) {
    /** Threads of a block. */
    public static final int THREADS = 256;

    /** Room for the table in a launch's arguments. */
    private static final int TABLE_BYTES = 3584;

    private static final int MAX_SEGMENTS = 64;

    /** The number of segments of a table. */
    public int capacity() {
        return capacity(pointers);
    }

    static int capacity(int pointers) {
        return Math.clamp(TABLE_BYTES / segmentBytes(pointers), 1, MAX_SEGMENTS);
    }

    /** Bytes of one segment. */
    public int segmentBytes() {
        return segmentBytes(pointers);
    }

    private static int segmentBytes(int pointers) {
        return 8 * (pointers + 2);
    }
}
