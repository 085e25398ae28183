package io.tandem.cpu.onednn;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.tandem.cpu.foreign.ForeignFunction;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Map;

/**
 * A primitive with its stream and memories: ready to run. Primitive, stream and memories stay the caller's and must be
 * open when it runs; the memories may point elsewhere from one run to the next.
 */
public final class BoundPrimitive implements AutoCloseable {
    private static final long ARGUMENT_BYTES = 16;

    private final Primitive primitive;
    private final Stream stream;
    private final Memory[] memories;
    private final Arena arena = Arena.ofShared();
    private final long arguments;
    private boolean closed;

    BoundPrimitive(Primitive primitive, Stream stream, Map<Argument, Memory> bound) {
        this.primitive = primitive;
        this.stream = stream;
        this.memories = bound.values().toArray(new Memory[0]);
        MemorySegment array = arena.allocate(ARGUMENT_BYTES * Math.max(1, bound.size()), 8);
        long offset = 0;
        for (Map.Entry<Argument, Memory> entry : bound.entrySet()) {
            array.set(JAVA_INT, offset, entry.getKey().code());
            array.set(JAVA_LONG, offset + 8, entry.getValue().handle());
            offset += ARGUMENT_BYTES;
        }
        this.arguments = array.address();
    }

    private static final class Handles {
        static final ForeignFunction EXECUTE =
                Calls.function("dnnl_primitive_execute");
    }

    /**
     * Runs the primitive on the calling thread and the OpenMP workers, and returns when it is done. Allocates nothing.
     *
     * @throws IllegalStateException if this, the primitive, the stream or a memory is closed
     * @throws OneDnnException if oneDNN reports an error
     */
    public void execute() {
        if (closed) {
            throw new IllegalStateException(primitive + ": the bound primitive is closed");
        }
        for (Memory memory : memories) {
            memory.requireUsable();
        }
        int status = (int) Handles.EXECUTE.call(primitive.handle(), stream.handle(), memories.length, arguments);
        if (status != 0) {
            throw new OneDnnException(Handles.EXECUTE.name(), status, primitive.toString());
        }
    }

    /** Frees the argument list; primitive, stream and memories stay open. A second call does nothing. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            arena.close();
        }
    }
}
