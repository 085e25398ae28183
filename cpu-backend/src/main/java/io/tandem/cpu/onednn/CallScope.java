package io.tandem.cpu.onednn;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Native copies of values, which live for one call. */
final class CallScope implements AutoCloseable {
    private final Arena arena = Arena.ofConfined();
    private final List<Long> descriptors = new ArrayList<>();
    private final List<Long> attributes = new ArrayList<>();

    /** Room for a handle that the call returns. */
    MemorySegment result() {
        return arena.allocate(JAVA_LONG);
    }

    long descriptor(MemoryDescriptor descriptor) {
        long handle = MemoryDescriptorCalls.create(descriptor, arena);
        descriptors.add(handle);
        return handle;
    }

    /** The null handle if absent. */
    long descriptor(Optional<MemoryDescriptor> descriptor) {
        return descriptor.isPresent() ? descriptor(descriptor.get()) : 0;
    }

    /** The address of an array of handles. */
    long descriptors(List<MemoryDescriptor> all) {
        return longs(all.stream().mapToLong(this::descriptor).toArray());
    }

    long attributes(PrimitiveAttributes values) {
        long handle = PrimitiveAttributesCalls.create(values, this);
        attributes.add(handle);
        return handle;
    }

    /** The address of a copy. */
    long longs(long... values) {
        return arena.allocateFrom(JAVA_LONG, values).address();
    }

    /** The address of a copy. */
    long longs(List<Integer> values) {
        return longs(values.stream().mapToLong(Integer::longValue).toArray());
    }

    /** The address of a copy. */
    long floats(float... values) {
        return arena.allocateFrom(JAVA_FLOAT, values).address();
    }

    @Override
    public void close() {
        descriptors.forEach(MemoryDescriptorCalls::destroy);
        attributes.forEach(PrimitiveAttributesCalls::destroy);
        arena.close();
    }
}
