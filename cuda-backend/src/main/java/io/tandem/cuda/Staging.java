package io.tandem.cuda;

import io.tandem.cuda.driver.CudaEvent;
import io.tandem.cuda.driver.CudaStream;
import io.tandem.cuda.driver.Driver;
import io.tandem.cuda.driver.PinnedMemory;
import java.lang.foreign.MemorySegment;

/**
 * Copies between host and device through page-locked memory. Writes return as soon as the host's memory has been
 * read: large ones cross the bus on a stream of their own while the device computes, into one of two places on the
 * device, from where the computing stream takes them in its order.
 */
final class Staging implements AutoCloseable {
    /** Smaller writes go straight into the computing stream. */
    private static final long LARGE = 32 << 10;

    /** Larger writes are made in pieces. */
    private static final long PIECE = 32 << 20;

    private final Driver driver;
    private final CudaStream compute;
    private final CudaStream copies;
    private final CudaStream reads;
    private final Slot[] slots;
    private int next;
    private PinnedMemory incoming;

    Staging(Driver driver, CudaStream compute) {
        this.driver = driver;
        this.compute = compute;
        this.copies = driver.openStream();
        this.reads = driver.openStream();
        this.slots = new Slot[] {new Slot(), new Slot(), new Slot(), new Slot()};
    }

    /** One place on the host with one on the device. */
    private final class Slot {
        private final CudaEvent read = driver.openEvent(false);
        private final CudaEvent taken = driver.openEvent(false);
        private PinnedMemory host;
        private long device;
        private long capacity;

        /** The host's part, when nothing reads it any more. */
        MemorySegment ready(long bytes) {
            read.synchronize();
            if (capacity < bytes) {
                taken.synchronize();
                release();
                capacity = Math.min(PIECE, Math.max(LARGE, Long.highestOneBit(bytes - 1) << 1));
                host = driver.allocatePinned(capacity);
            }
            return host.segment().asSlice(0, bytes);
        }

        /** The device's part. */
        long place() {
            if (device == 0) {
                device = driver.allocate(capacity);
            }
            return device;
        }

        void release() {
            if (host != null) {
                host.close();
                host = null;
            }
            if (device != 0) {
                driver.free(device);
                device = 0;
            }
            capacity = 0;
        }

        void close() {
            release();
            read.close();
            taken.close();
        }
    }

    void write(long target, MemorySegment source) {
        for (long at = 0; at < source.byteSize(); at += PIECE) {
            writePiece(target + at, source.asSlice(at, Math.min(PIECE, source.byteSize() - at)));
        }
    }

    private void writePiece(long target, MemorySegment source) {
        Slot slot = slots[next];
        next = (next + 1) % slots.length;
        long bytes = source.byteSize();
        MemorySegment host = slot.ready(bytes);
        host.copyFrom(source);
        if (bytes < LARGE) {
            compute.copyToDevice(target, host);
            compute.record(slot.read);
            return;
        }
        long place = slot.place();
        copies.waitFor(slot.taken);
        copies.copyToDevice(place, host);
        copies.record(slot.read);
        compute.waitFor(slot.read);
        compute.copy(target, place, bytes);
        compute.record(slot.taken);
    }

    /** Copies device memory to the host; waits for all that the computing stream was asked for. */
    void read(long source, MemorySegment target) {
        read(source, target, compute);
    }

    /** Copies device memory to the host; waits for an event of the computing stream, not for what comes after it. */
    void read(long source, MemorySegment target, CudaEvent event) {
        reads.waitFor(event);
        read(source, target, reads);
    }

    private void read(long source, MemorySegment target, CudaStream stream) {
        if (incoming == null) {
            incoming = driver.allocatePinned(1 << 20);
        }
        long piece = incoming.segment().byteSize();
        for (long at = 0; at < target.byteSize(); at += piece) {
            MemorySegment part = target.asSlice(at, Math.min(piece, target.byteSize() - at));
            MemorySegment host = incoming.segment().asSlice(0, part.byteSize());
            stream.copyToHost(host, source + at);
            stream.synchronize();
            part.copyFrom(host);
        }
    }

    @Override
    public void close() {
        copies.synchronize();
        reads.synchronize();
        for (Slot slot : slots) {
            slot.close();
        }
        if (incoming != null) {
            incoming.close();
        }
        copies.close();
        reads.close();
    }
}
