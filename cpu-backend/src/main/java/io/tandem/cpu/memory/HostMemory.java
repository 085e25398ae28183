package io.tandem.cpu.memory;

import io.tandem.backend.Buffer;
import io.tandem.backend.DeviceException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;

/**
 * The native memory of one device: buffers, and one workspace that its executables use in turn. Not safe for use by
 * several threads at once, as devices are not.
 */
public final class HostMemory implements AutoCloseable {
    /** Alignment of all memory, in bytes: a cache line, and a vector of 512 bits. */
    public static final long ALIGNMENT = 64;

    private final String device;
    private final Runnable finishWork;
    private final Set<HostBuffer> buffers = Collections.newSetFromMap(new IdentityHashMap<>());
    private Block workspace = Block.EMPTY;
    private long extra;
    private boolean closed;

    /**
     * Memory of the named device.
     *
     * @param finishWork waits until no work uses the buffers any more; called before one is given back
     */
    public HostMemory(String device, Runnable finishWork) {
        this.device = device;
        this.finishWork = finishWork;
    }

    private record Block(Arena arena, MemorySegment segment) {
        static final Block EMPTY = new Block(Arena.global(), MemorySegment.NULL);

        static Block of(long bytes) {
            Arena arena = Arena.ofShared();
            try {
                return new Block(arena, arena.allocate(Math.max(bytes, ALIGNMENT), ALIGNMENT));
            } catch (OutOfMemoryError | IllegalArgumentException e) {
                arena.close();
                throw new DeviceException(
                        "cannot reserve %d bytes of native memory: use a smaller batch or model, or another machine"
                                .formatted(bytes),
                        e);
            }
        }

        void close() {
            if (this != EMPTY) {
                arena.close();
            }
        }
    }

    /**
     * Reserves a buffer.
     *
     * @throws DeviceException if the device is closed or the memory is not there
     */
    public Buffer allocate(long bytes) {
        requireOpen();
        if (bytes < 0) {
            throw new IllegalArgumentException("a buffer cannot have " + bytes + " bytes");
        }
        HostBuffer buffer = new HostBuffer(bytes, Block.of(bytes));
        buffers.add(buffer);
        return buffer;
    }

    /**
     * The memory of a buffer of this device.
     *
     * @throws DeviceException if it was closed, or belongs to another device
     */
    public MemorySegment segment(Buffer buffer) {
        requireOpen();
        if (!(buffer instanceof HostBuffer own) || own.owner() != this) {
            throw new DeviceException("the buffer belongs to another device than " + device);
        }
        if (own.closed) {
            throw new DeviceException("the buffer of %d bytes was closed before this use".formatted(buffer.bytes()));
        }
        return own.segment;
    }

    /**
     * A part of a buffer.
     *
     * @throws DeviceException if it was closed, or belongs to another device
     * @throws IndexOutOfBoundsException if the part is not inside the buffer
     */
    public MemorySegment segment(Buffer buffer, long offset, long bytes) {
        MemorySegment whole = segment(buffer);
        if (offset < 0 || bytes > whole.byteSize() - offset) {
            throw new IndexOutOfBoundsException("bytes %d to %d are outside of a buffer of %d bytes"
                    .formatted(offset, offset + bytes, whole.byteSize()));
        }
        return whole.asSlice(offset, bytes);
    }

    /**
     * Memory whose content is lost between runs, of at least the given size; what was returned before may become
     * invalid.
     */
    public MemorySegment workspace(long bytes) {
        requireOpen();
        if (bytes > workspace.segment.byteSize()) {
            workspace.close();
            workspace = Block.EMPTY;
            workspace = Block.of(bytes);
        }
        return workspace.segment;
    }

    /** Counts memory that an executable holds beside buffers and workspace; negative when it is given back. */
    public void account(long bytes) {
        extra += bytes;
    }

    /** Bytes that are reserved now. */
    public long allocatedBytes() {
        return extra
                + workspace.segment.byteSize()
                + buffers.stream().mapToLong(HostBuffer::bytes).sum();
    }

    /** Throws a DeviceException if the device was closed. */
    public void requireOpen() {
        if (closed) {
            throw new DeviceException("the device " + device + " was closed before this use");
        }
    }

    /** Gives everything back, buffers included; closing twice is allowed. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            List.copyOf(buffers).forEach(HostBuffer::close);
            workspace.close();
            workspace = Block.EMPTY;
        }
    }

    private final class HostBuffer implements Buffer {
        private final long bytes;
        private final Block block;
        private final MemorySegment segment;
        private boolean closed;

        HostBuffer(long bytes, Block block) {
            this.bytes = bytes;
            this.block = block;
            this.segment = block.segment.asSlice(0, bytes);
        }

        HostMemory owner() {
            return HostMemory.this;
        }

        @Override
        public long bytes() {
            return bytes;
        }

        @Override
        public void close() {
            if (!closed) {
                closed = true;
                buffers.remove(this);
                try {
                    finishWork.run();
                } finally {
                    block.close();
                }
            }
        }

        @Override
        public String toString() {
            return "buffer of " + bytes + " bytes on " + device + (closed ? ", closed" : "");
        }
    }
}
