package io.tandem.cpu.memory;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * Native memory for values that wait to be copied to where they belong. Pieces are kept for the next values of about that
 * size; how many there are depends on how far the caller is ahead. One thread takes pieces, another one gives them back.
 */
public final class StagingMemory implements AutoCloseable {
    private final Arena arena = Arena.ofShared();
    private final List<MemorySegment> free = new ArrayList<>();

    /** A piece of at least the given size. */
    public MemorySegment take(long bytes) {
        // Sizes are powers of two, so that values of similar sizes share pieces.
        long size = Long.highestOneBit(Math.max(HostMemory.ALIGNMENT, 2 * bytes - 1));
        synchronized (free) {
            for (int i = free.size() - 1; i >= 0; i--) {
                if (free.get(i).byteSize() == size) {
                    return free.remove(i);
                }
            }
        }
        return arena.allocate(size, HostMemory.ALIGNMENT);
    }

    /** Takes a piece back. */
    public void give(MemorySegment piece) {
        synchronized (free) {
            free.add(piece);
        }
    }

    /** Frees all pieces; no value may wait any more. */
    @Override
    public void close() {
        arena.close();
    }
}
