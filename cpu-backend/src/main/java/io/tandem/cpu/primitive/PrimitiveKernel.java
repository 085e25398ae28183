package io.tandem.cpu.primitive;

import io.tandem.cpu.kernel.NativeMemory;
import io.tandem.cpu.kernel.Place;
import io.tandem.cpu.kernel.StepKernel;
import io.tandem.cpu.onednn.Argument;
import io.tandem.cpu.onednn.BoundPrimitive;
import io.tandem.cpu.onednn.Memory;
import io.tandem.cpu.onednn.MemoryDescriptor;
import io.tandem.cpu.onednn.Primitive;
import io.tandem.cpu.onednn.PrimitiveAttributes;
import io.tandem.cpu.onednn.PrimitiveDescriptor;
import io.tandem.cpu.onednn.Reorder;
import io.tandem.cpu.onednn.Stream;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A primitive with what it needs before and after: operands in another layout than it wants are reordered into
 * temporary
 * memory, results from there.
 */
final class PrimitiveKernel implements StepKernel {
    private static final long ALIGNMENT = 64;

    private final List<AutoCloseable> resources = new ArrayList<>();
    private final List<Runnable> work = new ArrayList<>();
    private final List<Bound> bound = new ArrayList<>();
    private final List<Runnable> whenBound = new ArrayList<>();
    private final String label;
    private final long temporaryBytes;
    private long temporary;

    /** A memory that lies at a place, or at an offset into the temporary memory. */
    private record Bound(Memory memory, Place place, long offset) {}

    private PrimitiveKernel(Builder builder) {
        resources.addAll(builder.resources);
        work.addAll(builder.work);
        bound.addAll(builder.bound);
        whenBound.addAll(builder.whenBound);
        label = builder.label;
        temporaryBytes = builder.temporaryBytes;
    }

    static Builder builder(OneDnnContext context) {
        return new Builder(context);
    }

    @Override
    public long temporaryBytes() {
        return temporaryBytes;
    }

    @Override
    public void bindTemporary(long address) {
        temporary = address;
    }

    @Override
    public void bind() {
        for (Bound b : bound) {
            long address = b.place == null ? temporary + b.offset : b.place.address();
            if (b.memory.segment().address() != address) {
                b.memory.pointTo(NativeMemory.ALL.asSlice(address, b.memory.descriptor().size()));
            }
        }
        whenBound.forEach(Runnable::run);
    }

    @Override
    public void run() {
        for (int i = 0; i < work.size(); i++) {
            work.get(i).run();
        }
    }

    @Override
    public String label() {
        return label;
    }

    @Override
    public void close() {
        for (AutoCloseable resource : resources.reversed()) {
            close(resource);
        }
        resources.clear();
    }

    private static void close(AutoCloseable resource) {
        try {
            resource.close();
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    /** Collects the parts of a kernel; closes them all if one cannot be made. */
    static final class Builder implements AutoCloseable {
        private final OneDnnContext context;
        private final List<AutoCloseable> resources = new ArrayList<>();
        private final List<Runnable> work = new ArrayList<>();
        private final List<Bound> bound = new ArrayList<>();
        private final List<Runnable> whenBound = new ArrayList<>();
        private final Map<Place, Map<MemoryDescriptor, Memory>> atPlaces = new LinkedHashMap<>();
        private String label = "oneDNN";
        private long temporaryBytes;
        private boolean done;

        private Builder(OneDnnContext context) {
            this.context = context;
        }

        /** Temporary memory for a tensor. */
        Memory temporary(MemoryDescriptor descriptor) {
            Memory memory = memory(descriptor, null, temporaryBytes);
            temporaryBytes += Math.ceilDiv(descriptor.size(), ALIGNMENT) * ALIGNMENT;
            return memory;
        }

        /** Zeros, which are written once. */
        Memory zeros(MemoryDescriptor descriptor) {
            Arena arena = Arena.ofShared();
            resources.add(arena);
            Memory memory = context.engine().memory(descriptor);
            resources.add(memory);
            memory.pointTo(arena.allocate(descriptor.size(), ALIGNMENT));
            return memory;
        }

        /** The memory at a place, seen as the descriptor says. */
        Memory at(Place place, MemoryDescriptor descriptor) {
            return atPlaces
                    .computeIfAbsent(place, p -> new LinkedHashMap<>())
                    .computeIfAbsent(descriptor, d -> memory(d, place, 0));
        }

        private Memory memory(MemoryDescriptor descriptor, Place place, long offset) {
            Memory memory = context.engine().memory(descriptor);
            resources.add(memory);
            bound.add(new Bound(memory, place, offset));
            return memory;
        }

        /** The operand at a place in the layout that a primitive wants; {@code seen} is its layout there. */
        Memory operand(Place place, MemoryDescriptor seen, MemoryDescriptor wanted) {
            return in(at(place, seen), wanted);
        }

        /** A memory's content in the layout that a primitive wants. */
        Memory in(Memory here, MemoryDescriptor wanted) {
            if (here.descriptor().equals(wanted)) {
                return here;
            }
            Memory there = temporary(wanted);
            reorder(here, there);
            return there;
        }

        /** Copies one memory into another, of another layout. */
        void reorder(Memory from, Memory to) {
            PrimitiveDescriptor descriptor = context.engine()
                    .describe(
                            new Reorder(from.descriptor(), to.descriptor()),
                            context.attributes().withFpMath(PrimitiveAttributes.FpMath.STRICT));
            try (descriptor) {
                execute(descriptor, Map.of(Argument.SRC, from, Argument.DST, to));
            }
        }

        /** Adds a primitive with its memories; scratchpad memory is added here. */
        void execute(PrimitiveDescriptor descriptor, Map<Argument, Memory> memories) {
            work.add(ready(descriptor, memories)::execute);
        }

        /** A primitive with its memories, which runs when other work of this kernel calls it. */
        BoundPrimitive ready(PrimitiveDescriptor descriptor, Map<Argument, Memory> memories) {
            return ready(descriptor, memories, context.stream());
        }

        /** A stream for primitives that run on another thread than others of this kernel. */
        Stream stream() {
            Stream stream = context.engine().stream();
            resources.add(stream);
            return stream;
        }

        /** A primitive with its memories, on a stream of its own thread. */
        BoundPrimitive ready(PrimitiveDescriptor descriptor, Map<Argument, Memory> memories, Stream stream) {
            Map<Argument, Memory> all = new LinkedHashMap<>(memories);
            descriptor.scratchpad().ifPresent(d -> all.put(Argument.SCRATCHPAD, temporary(d)));
            Primitive primitive = descriptor.primitive();
            resources.add(primitive);
            BoundPrimitive ready = primitive.bind(stream, all);
            resources.add(ready);
            return ready;
        }

        /** A memory that other work of this kernel points to where it needs it. */
        Memory movable(MemoryDescriptor descriptor) {
            Memory memory = context.engine().memory(descriptor);
            resources.add(memory);
            return memory;
        }

        /** Closes something with the kernel. */
        <T extends AutoCloseable> T owns(T resource) {
            resources.add(resource);
            return resource;
        }

        /** Adds what is to be done each time when places and temporary memory have moved. */
        void whenBound(Runnable action) {
            whenBound.add(action);
        }

        /** Adds work of another kind. */
        void then(Runnable other) {
            work.add(other);
        }

        /** Sets what the kernel is called in tables. */
        Builder label(String text) {
            label = text;
            return this;
        }

        /** Sets what the kernel is called in tables. */
        Builder label(PrimitiveDescriptor descriptor) {
            label = "oneDNN " + descriptor.implementation();
            return this;
        }

        /** The kernel, which owns all parts from now on. */
        PrimitiveKernel build() {
            done = true;
            return new PrimitiveKernel(this);
        }

        @Override
        public void close() {
            if (!done) {
                resources.reversed().forEach(PrimitiveKernel::close);
            }
        }
    }

    /** Results of a primitive, which go through temporary memory where their place has another layout. */
    static final class Results {
        private final Builder builder;
        private final List<Runnable> reorders = new ArrayList<>();

        Results(Builder builder) {
            this.builder = builder;
        }

        /** Where a primitive that wants a layout writes the result for a place; {@code seen} is its layout there. */
        Memory at(Place place, MemoryDescriptor seen, MemoryDescriptor wanted) {
            Memory here = builder.at(place, seen);
            if (seen.equals(wanted)) {
                return here;
            }
            Memory written = builder.temporary(wanted);
            reorders.add(() -> builder.reorder(written, here));
            return written;
        }

        /** Brings the results to their places; after the primitive. */
        void finish() {
            reorders.forEach(Runnable::run);
        }
    }
}
