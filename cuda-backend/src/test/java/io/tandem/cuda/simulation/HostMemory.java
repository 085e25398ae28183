package io.tandem.cuda.simulation;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/** A reserved range of the host's address space, whose pages take memory only once they are touched. */
final class HostMemory implements AutoCloseable {

    private static final int READ_WRITE = 3;
    private static final int PRIVATE_ANONYMOUS_NO_RESERVE = 0x2 | 0x20 | 0x4000;
    private static final int DONT_NEED = 4;
    private static final long PAGE = 4096;

    private final MethodHandle unmap;
    private final MethodHandle advise;
    private final MemorySegment segment;
    private boolean closed;

    HostMemory(long bytes) {
        Linker linker = Linker.nativeLinker();
        MethodHandle map = linker.downcallHandle(
                linker.defaultLookup().findOrThrow("mmap"),
                FunctionDescriptor.of(
                        ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_INT,
                        ValueLayout.JAVA_INT,
                        ValueLayout.JAVA_INT,
                        ValueLayout.JAVA_LONG));
        unmap = linker.downcallHandle(
                linker.defaultLookup().findOrThrow("munmap"),
                FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG));
        advise = linker.downcallHandle(
                linker.defaultLookup().findOrThrow("madvise"),
                FunctionDescriptor.of(
                        ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT));
        long address;
        try {
            address = (long) map.invokeExact(0L, bytes, READ_WRITE, PRIVATE_ANONYMOUS_NO_RESERVE, -1, 0L);
        } catch (Throwable failure) {
            throw new IllegalStateException("mmap cannot be called", failure);
        }
        if (address == -1) {
            throw new IllegalStateException("the host refuses to reserve " + bytes + " bytes of address space");
        }
        segment = MemorySegment.ofAddress(address).reinterpret(bytes);
    }

    MemorySegment segment() {
        return segment;
    }

    /** Gives the pages inside a range back to the host; they read as zeros from then on. */
    void discard(long offset, long bytes) {
        long from = Math.ceilDiv(offset, PAGE) * PAGE;
        long to = Math.floorDiv(offset + bytes, PAGE) * PAGE;
        if (to <= from) {
            return;
        }
        try {
            int ignored = (int) advise.invokeExact(segment.address() + from, to - from, DONT_NEED);
        } catch (Throwable failure) {
            throw new IllegalStateException("madvise cannot be called", failure);
        }
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        try {
            int ignored = (int) unmap.invokeExact(segment.address(), segment.byteSize());
        } catch (Throwable failure) {
            throw new IllegalStateException("munmap cannot be called", failure);
        }
    }
}
