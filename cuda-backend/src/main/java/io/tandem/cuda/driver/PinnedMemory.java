package io.tandem.cuda.driver;

import java.lang.foreign.MemorySegment;

/** Page-locked host memory: the only host memory from which copies run beside the host's own work. */
public interface PinnedMemory extends AutoCloseable {

    /**
     * The memory. Using it after {@link #close} is an error that the segment reports.
     *
     * @return a native segment of the allocated size
     */
    MemorySegment segment();

    /** Frees the memory. Copies that use it must have ended. Closing twice does nothing. */
    @Override
    void close();
}
