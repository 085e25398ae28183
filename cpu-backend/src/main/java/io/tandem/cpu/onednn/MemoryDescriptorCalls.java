package io.tandem.cpu.onednn;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.tandem.cpu.foreign.ForeignFunction;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** The C functions on memory descriptors. */
final class MemoryDescriptorCalls {
    private static final int QUERY_STRIDES = 14;
    private static final int QUERY_RANK = 256;
    private static final int QUERY_DIMS = 257;
    private static final int QUERY_DATA_TYPE = 258;
    private static final int QUERY_FORMAT_KIND = 262;
    private static final int QUERY_INNER_COUNT = 263;
    private static final int QUERY_INNER_BLOCKS = 264;
    private static final int QUERY_INNER_AXES = 265;

    private static final ForeignFunction WITH_TAG =
            Calls.function("dnnl_memory_desc_create_with_tag");
    private static final ForeignFunction WITH_STRIDES =
            Calls.function("dnnl_memory_desc_create_with_strides");
    private static final ForeignFunction WITH_BLOB =
            Calls.function("dnnl_memory_desc_create_with_blob");
    private static final ForeignFunction SLICE =
            Calls.function("dnnl_memory_desc_create_submemory");
    private static final ForeignFunction BLOB = Calls.function("dnnl_memory_desc_get_blob");
    private static final ForeignFunction DESTROY = Calls.function("dnnl_memory_desc_destroy");
    private static final ForeignFunction QUERY =
            Calls.function("dnnl_memory_desc_query");
    private static final ForeignFunction EQUAL = Calls.function("dnnl_memory_desc_equal");
    private static final ForeignFunction SIZE = Calls.function("dnnl_memory_desc_get_size");

    private MemoryDescriptorCalls() {}

    /** @param tag the library's number for a layout */
    static MemoryDescriptor withTag(DataType type, int tag, String name, long[] dims) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(JAVA_LONG);
            MemorySegment sizes = arena.allocateFrom(JAVA_LONG, dims);
            Calls.check(WITH_TAG, () -> type + Arrays.toString(dims) + " " + name, out.address(), dims.length,
                    sizes.address(),
                    type.code(), tag);
            return take(out);
        }
    }

    static MemoryDescriptor withStrides(DataType type, long[] dims, long[] strides) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(JAVA_LONG);
            MemorySegment sizes = arena.allocateFrom(JAVA_LONG, dims);
            MemorySegment steps = arena.allocateFrom(JAVA_LONG, strides);
            Calls.check(WITH_STRIDES, () -> type + Arrays.toString(dims) + " strides " + Arrays.toString(strides),
                    out.address(), dims.length, sizes.address(),
                    type.code(),
                    steps.address());
            return take(out);
        }
    }

    static MemoryDescriptor slice(MemoryDescriptor whole, long[] dims, long[] offsets) {
        try (CallScope scope = new CallScope()) {
            MemorySegment out = scope.result();
            long parent = scope.descriptor(whole);
            long sizes = scope.longs(dims);
            long starts = scope.longs(offsets);
            Calls.check(SLICE, () -> Arrays.toString(dims) + " at " + Arrays.toString(offsets) + " of " + whole,
                    out.address(), parent, sizes, starts);
            return take(out);
        }
    }

    /** A native descriptor, which the caller destroys. */
    static long create(MemoryDescriptor descriptor, Arena arena) {
        MemorySegment out = arena.allocate(JAVA_LONG);
        MemorySegment blob = arena.allocateFrom(JAVA_BYTE, descriptor.blob());
        Calls.check(WITH_BLOB, descriptor::toString, out.address(), blob.address());
        return out.get(JAVA_LONG, 0);
    }

    static void destroy(long handle) {
        Calls.check(DESTROY, () -> "", handle);
    }

    static boolean equal(MemoryDescriptor a, MemoryDescriptor b) {
        try (CallScope scope = new CallScope()) {
            long first = scope.descriptor(a);
            long second = scope.descriptor(b);
            return (int) EQUAL.call(first, second)
                    != 0;
        }
    }

    static byte[] blob(long handle) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment size = arena.allocate(JAVA_LONG);
            Calls.check(BLOB, () -> "size", 0L, size.address(), handle);
            MemorySegment blob = arena.allocate(size.get(JAVA_LONG, 0));
            Calls.check(BLOB, () -> blob.byteSize() + " bytes", blob.address(), size.address(), handle);
            return blob.toArray(JAVA_BYTE);
        }
    }

    static long[] dims(long handle) {
        return array(handle, QUERY_DIMS, integer(handle, QUERY_RANK));
    }

    static long[] strides(long handle, int rank) {
        return array(handle, QUERY_STRIDES, rank);
    }

    static long[] innerBlocks(long handle) {
        return array(handle, QUERY_INNER_BLOCKS, integer(handle, QUERY_INNER_COUNT));
    }

    static int[] innerAxes(long handle) {
        return Arrays.stream(array(handle, QUERY_INNER_AXES, integer(handle, QUERY_INNER_COUNT)))
                .mapToInt(Math::toIntExact).toArray();
    }

    static int dataType(long handle) {
        return integer(handle, QUERY_DATA_TYPE);
    }

    static int formatKind(long handle) {
        return integer(handle, QUERY_FORMAT_KIND);
    }

    static long size(long handle) {
        return SIZE.call(handle);
    }

    /** The number of axes; 0 for a descriptor that describes nothing. */
    static int rank(long handle) {
        return integer(handle, QUERY_RANK);
    }

    private static int integer(long handle, int what) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(JAVA_LONG);
            Calls.check(QUERY, () -> "query " + what, handle, what, out.address());
            return out.get(JAVA_INT, 0);
        }
    }

    private static long[] array(long handle, int what, int length) {
        if (length == 0) {
            return new long[0];
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(ADDRESS);
            Calls.check(QUERY, () -> "query " + what, handle, what, out.address());
            return out.get(ADDRESS, 0).reinterpret(8L * length).toArray(JAVA_LONG);
        }
    }

    /** Reads a native descriptor that a call has just made, and destroys it. */
    private static MemoryDescriptor take(MemorySegment out) {
        long handle = out.get(JAVA_LONG, 0);
        try {
            return new MemoryDescriptor(handle);
        } finally {
            destroy(handle);
        }
    }
}
