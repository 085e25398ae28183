package io.tandem.cpu.onednn;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.tandem.cpu.foreign.ForeignFunction;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * How an operation is computed: implementation and layouts are chosen. The blueprint of primitives; it may be closed
 * when the last one has been made.
 */
public final class PrimitiveDescriptor extends NativeObject {
    private static final long QUERY_IMPLEMENTATION = 8;
    private static final long QUERY_ARGUMENT = 255;

    private final Operation operation;
    private final PrimitiveAttributes attributes;
    private final String implementation;

    PrimitiveDescriptor(long handle, Operation operation, PrimitiveAttributes attributes) {
        super(handle);
        this.operation = operation;
        this.attributes = attributes;
        this.implementation = implementation(handle);
    }

    private static final class Handles {
        static final ForeignFunction QUERY =
                Calls.function("dnnl_primitive_desc_query");
        static final ForeignFunction QUERY_DESCRIPTOR = Calls.function("dnnl_primitive_desc_query_md");
        static final ForeignFunction CREATE = Calls.function("dnnl_primitive_create");
        static final ForeignFunction DESTROY = Calls.function("dnnl_primitive_desc_destroy");
    }

    /** What is computed. */
    public Operation operation() {
        return operation;
    }

    /** The attributes it was made with. */
    public PrimitiveAttributes attributes() {
        return attributes;
    }

    /** The name of the implementation, as in {@code brg_matmul:avx512_core}. */
    public String implementation() {
        return implementation;
    }

    /**
     * Whether this is one of oneDNN's plain loops ({@code ref:any}), often a hundred times slower than the others.
     * Recurrent layers called {@code ref} are none: they are made of fast matrix products.
     */
    public boolean isReference() {
        return implementation.startsWith("ref:");
    }

    /** The layout of an operand or result; empty if the operation has none such. */
    public Optional<MemoryDescriptor> find(Argument argument) {
        long descriptor = handle();
        long found = Handles.QUERY_DESCRIPTOR.call(descriptor, QUERY_ARGUMENT, argument.code());
        return found == 0 || MemoryDescriptorCalls.rank(found) == 0 ? Optional.empty()
                : Optional.of(new MemoryDescriptor(found));
    }

    /**
     * The layout of an operand or result.
     *
     * @throws IllegalArgumentException if the operation has none such
     */
    public MemoryDescriptor layout(Argument argument) {
        return find(argument).orElseThrow(
                () -> new IllegalArgumentException(operation + " has no argument '" + argument + "'"));
    }

    /** What the forward primitive leaves for the backward one, if anything. */
    public Optional<MemoryDescriptor> workspace() {
        return find(Argument.WORKSPACE).filter(d -> d.size() > 0);
    }

    /** What the primitive needs while it runs, if it is the caller's to give. */
    public Optional<MemoryDescriptor> scratchpad() {
        return find(Argument.SCRATCHPAD).filter(d -> d.size() > 0);
    }

    /** Generates the code. Takes 0.1 to 1 ms, less if the library remembers an equal primitive. */
    public Primitive primitive() {
        try (CallScope scope = new CallScope()) {
            MemorySegment out = scope.result();
            long descriptor = handle();
            Calls.check(Handles.CREATE, this::toString, out.address(), descriptor);
            return new Primitive(out.get(JAVA_LONG, 0), this);
        }
    }

    @Override
    void destroy(long open) {
        Calls.check(Handles.DESTROY, this::toString, open);
    }

    @Override
    public String toString() {
        return operation + " by " + implementation;
    }

    private static String implementation(long handle) {
        try (CallScope scope = new CallScope()) {
            MemorySegment out = scope.result();
            Calls.check(Handles.QUERY, () -> "implementation", handle, QUERY_IMPLEMENTATION, 0L, out.address());
            return out.get(ADDRESS, 0).reinterpret(Long.MAX_VALUE).getString(0);
        }
    }
}
