package io.tandem.cpu.onednn;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.tandem.cpu.foreign.ForeignFunction;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** The CPU, as oneDNN sees it: makes streams, memories and primitive descriptors. Lives as long as the process. */
public final class Engine {
    private static final long IN_ORDER = 1;

    private final long handle;

    Engine(long handle) {
        this.handle = handle;
    }

    long handle() {
        return handle;
    }

    private static final class Handles {
        static final ForeignFunction STREAM = Calls.function("dnnl_stream_create");
    }

    /** A stream, on which primitives run one after the other. On the CPU a call returns when the work is done. */
    public Stream stream() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(JAVA_LONG);
            Calls.check(Handles.STREAM, () -> "in order", out.address(), handle, IN_ORDER);
            return new Stream(out.get(JAVA_LONG, 0));
        }
    }

    /** A memory that does not point anywhere yet. */
    public Memory memory(MemoryDescriptor descriptor) {
        return new Memory(this, descriptor);
    }

    /** A memory that points to a segment; see {@link Memory#pointTo}. */
    public Memory memory(MemoryDescriptor descriptor, MemorySegment segment) {
        Memory memory = new Memory(this, descriptor);
        try {
            memory.pointTo(segment);
            return memory;
        } catch (RuntimeException e) {
            memory.close();
            throw e;
        }
    }

    /**
     * Decides how an operation is computed: chooses an implementation and the layouts that were left open.
     *
     * @throws OneDnnException if the operation is not possible, or no implementation takes it
     */
    public PrimitiveDescriptor describe(Operation operation, PrimitiveAttributes attributes) {
        try (CallScope scope = new CallScope()) {
            long created = OperationCalls.create(this, operation, attributes, scope);
            return new PrimitiveDescriptor(created, operation, attributes);
        }
    }

    /** Decides how an operation is computed, with default attributes. */
    public PrimitiveDescriptor describe(Operation operation) {
        return describe(operation, PrimitiveAttributes.DEFAULT);
    }
}
