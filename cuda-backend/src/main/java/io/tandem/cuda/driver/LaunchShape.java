package io.tandem.cuda.driver;

/**
 * How many threads a launch starts, and their shared memory.
 *
 * @param gridX   blocks in x
 * @param gridY   blocks in y, at most 65,535
 * @param gridZ   blocks in z, at most 65,535
 * @param blockX  threads of a block in x
 * @param blockY  threads of a block in y
 * @param blockZ  threads of a block in z, at most 64
 * @param dynamicSharedBytes size of the {@code extern __shared__} array
 */
public record LaunchShape(
        int gridX, int gridY, int gridZ, int blockX, int blockY, int blockZ, int dynamicSharedBytes) {

    /** Checks what holds on every device. */
    public LaunchShape {
        if (gridX < 1 || gridY < 1 || gridZ < 1 || gridY > 65_535 || gridZ > 65_535) {
            throw new IllegalArgumentException("grid " + gridX + " x " + gridY + " x " + gridZ
                    + ": every side must be at least 1, y and z at most 65535");
        }
        if (blockX < 1 || blockY < 1 || blockZ < 1 || blockZ > 64 || (long) blockX * blockY * blockZ > 1024) {
            throw new IllegalArgumentException("block " + blockX + " x " + blockY + " x " + blockZ
                    + ": every side must be at least 1, z at most 64, the product at most 1024");
        }
        if (dynamicSharedBytes < 0) {
            throw new IllegalArgumentException("negative shared memory: " + dynamicSharedBytes);
        }
    }

    /**
     * A one-dimensional launch without dynamic shared memory.
     *
     * @param blocks  number of blocks
     * @param threads threads per block
     */
    public static LaunchShape of(int blocks, int threads) {
        return new LaunchShape(blocks, 1, 1, threads, 1, 1, 0);
    }

    /**
     * A one-dimensional launch with one thread per element, capped: the kernel loops over the grid's stride.
     *
     * @param elements  number of elements, at least 0 (0 launches one block)
     * @param threads   threads per block
     * @param maxBlocks cap on the number of blocks
     */
    public static LaunchShape covering(long elements, int threads, int maxBlocks) {
        long blocks = Math.ceilDiv(Math.max(elements, 1), threads);
        return of((int) Math.min(blocks, maxBlocks), threads);
    }

    /**
     * The same threads with dynamic shared memory.
     *
     * @param bytes size of the {@code extern __shared__} array
     */
    public LaunchShape withSharedMemory(int bytes) {
        return new LaunchShape(gridX, gridY, gridZ, blockX, blockY, blockZ, bytes);
    }

    /** Threads per block. */
    public int threads() {
        return blockX * blockY * blockZ;
    }

    /** Number of blocks. */
    public long blocks() {
        return (long) gridX * gridY * gridZ;
    }

    @Override
    public String toString() {
        return "<<<(" + gridX + ", " + gridY + ", " + gridZ + "), (" + blockX + ", " + blockY + ", " + blockZ + "), "
                + dynamicSharedBytes + ">>>";
    }
}
