package io.tandem.cpu.onednn;

import io.tandem.cpu.foreign.ForeignFunction;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** Generated code of an operation. It may be bound to several sets of memories; runs take turns. */
public final class Primitive extends NativeObject {
    private final Operation operation;
    private final String implementation;
    private final Map<Argument, MemoryDescriptor> layouts;

    Primitive(long handle, PrimitiveDescriptor descriptor) {
        super(handle);
        this.operation = descriptor.operation();
        this.implementation = descriptor.implementation();
        Map<Argument, MemoryDescriptor> found = new LinkedHashMap<>();
        OperationArguments.of(descriptor).forEach(argument -> {
            boolean optional = argument.equals(Argument.WORKSPACE) || argument.equals(Argument.SCRATCHPAD);
            Optional<MemoryDescriptor> layout = descriptor.find(argument);
            layout.filter(d -> !optional || d.size() > 0).ifPresent(d -> found.put(argument, d));
        });
        this.layouts = found;
    }

    private static final class Handles {
        static final ForeignFunction DESTROY = Calls.function("dnnl_primitive_destroy");
    }

    /**
     * Prepares runs on given memories.
     *
     * @param memories one for each argument of the operation, in the layouts that the primitive descriptor tells
     * @throws IllegalArgumentException if one is missing or has another layout, or is not an argument of the operation
     */
    public BoundPrimitive bind(Stream stream, Map<Argument, Memory> memories) {
        layouts.forEach((argument, layout) -> {
            Memory memory = memories.get(argument);
            if (memory == null) {
                throw new IllegalArgumentException(this + ": no memory for '" + argument + "', which is " + layout);
            }
            if (!memory.descriptor().equals(layout)) {
                throw new IllegalArgumentException(this + ": '" + argument + "' must be " + layout + ", not "
                        + memory.descriptor());
            }
        });
        memories.forEach((argument, memory) -> {
            if (!layouts.containsKey(argument) && memory.descriptor().size() > 0) {
                throw new IllegalArgumentException(this + " has no argument '" + argument + "'; it has "
                        + layouts.keySet().stream().map(Argument::name).collect(Collectors.joining(", ")));
            }
        });
        handle();
        return new BoundPrimitive(this, stream, memories);
    }

    /** The arguments that {@link #bind} asks for, and their layouts. */
    public Map<Argument, MemoryDescriptor> arguments() {
        return Map.copyOf(layouts);
    }

    @Override
    void destroy(long open) {
        Calls.check(Handles.DESTROY, this::toString, open);
    }

    @Override
    public String toString() {
        return operation + " by " + implementation;
    }
}
