package io.tandem.cpu.onednn;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.tandem.cpu.foreign.ForeignFunction;
import java.lang.foreign.MemorySegment;

/**
 * A descriptor and an address. The memory itself belongs to the caller, and must live while primitives use it; it may
 * be exchanged between two runs.
 */
public final class Memory extends NativeObject {
    private final MemoryDescriptor descriptor;
    private MemorySegment segment = MemorySegment.NULL;
    private boolean pointed;

    Memory(Engine engine, MemoryDescriptor descriptor) {
        super(create(engine, descriptor));
        this.descriptor = descriptor;
        this.pointed = descriptor.size() == 0;
    }

    private static final class Handles {
        static final ForeignFunction CREATE =
                Calls.function("dnnl_memory_create");
        static final ForeignFunction POINT = Calls.function("dnnl_memory_set_data_handle");
        static final ForeignFunction DESTROY = Calls.function("dnnl_memory_destroy");
    }

    private static long create(Engine engine, MemoryDescriptor descriptor) {
        if (descriptor.isAny()) {
            throw new IllegalArgumentException(
                    descriptor + " has no layout yet; take the descriptor that a primitive descriptor gives");
        }
        try (CallScope scope = new CallScope()) {
            MemorySegment out = scope.result();
            long description = scope.descriptor(descriptor);
            Calls.check(Handles.CREATE, descriptor::toString, out.address(),
                    description, engine.handle(), 0L);
            return out.get(JAVA_LONG, 0);
        }
    }

    /** Sizes, type and layout. */
    public MemoryDescriptor descriptor() {
        return descriptor;
    }

    /** Where the memory is. */
    public MemorySegment segment() {
        return segment;
    }

    /**
     * Points to other memory.
     *
     * @param target native memory of at least the descriptor's size, aligned to the element type (64 bytes are best),
     *     and accessible from any thread
     */
    public void pointTo(MemorySegment target) {
        if (!target.isNative() || target.byteSize() < descriptor.size()
                || target.address() % descriptor.type().bytes() != 0) {
            throw new IllegalArgumentException(descriptor + " needs " + descriptor.size()
                    + " bytes of native memory, aligned to " + descriptor.type().bytes() + ", not " + target);
        }
        long memory = handle();
        Calls.check(Handles.POINT, () -> descriptor + " at " + target, memory, target.address());
        segment = target;
        pointed = true;
    }

    /** Throws if a primitive must not touch this memory now. */
    void requireUsable() {
        if (isClosed() || !pointed || !segment.scope().isAlive()) {
            throw new IllegalStateException("memory of " + descriptor
                    + (isClosed() ? " is closed" : pointed ? " was freed" : " does not point anywhere yet"));
        }
    }

    @Override
    void destroy(long open) {
        Calls.check(Handles.DESTROY, descriptor::toString, open);
    }

    @Override
    public String toString() {
        return "memory of " + descriptor + " at " + segment;
    }
}
