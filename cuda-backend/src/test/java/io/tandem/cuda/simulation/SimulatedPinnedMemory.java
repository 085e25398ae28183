package io.tandem.cuda.simulation;

import io.tandem.cuda.driver.PinnedMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Host memory that counts as page-locked. */
final class SimulatedPinnedMemory implements PinnedMemory {

    private final SimulatedDriver driver;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment segment;
    private boolean closed;

    SimulatedPinnedMemory(SimulatedDriver driver, long bytes) {
        this.driver = driver;
        segment = arena.allocate(bytes, 64);
    }

    @Override
    public MemorySegment segment() {
        return segment;
    }

    boolean contains(MemorySegment other) {
        long at = other.address() - segment.address();
        return at >= 0 && at + other.byteSize() <= segment.byteSize();
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            driver.released(this);
            arena.close();
        }
    }
}
