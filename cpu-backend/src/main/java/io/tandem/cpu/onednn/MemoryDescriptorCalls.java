package io.tandem.cpu.onednn;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
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

    private static final MethodHandle WITH_TAG =
            Calls.status("dnnl_memory_desc_create_with_tag", ADDRESS, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT);
    private static final MethodHandle WITH_STRIDES =
            Calls.status("dnnl_memory_desc_create_with_strides", ADDRESS, JAVA_INT, ADDRESS, JAVA_INT, ADDRESS);
    private static final MethodHandle WITH_BLOB =
            Calls.status("dnnl_memory_desc_create_with_blob", ADDRESS, ADDRESS);
    private static final MethodHandle SLICE =
            Calls.status("dnnl_memory_desc_create_submemory", ADDRESS, JAVA_LONG, ADDRESS, ADDRESS);
    private static final MethodHandle BLOB = Calls.status("dnnl_memory_desc_get_blob", ADDRESS, ADDRESS, JAVA_LONG);
    private static final MethodHandle DESTROY = Calls.status("dnnl_memory_desc_destroy", JAVA_LONG);
    private static final MethodHandle QUERY =
            Calls.status("dnnl_memory_desc_query", JAVA_LONG, JAVA_INT, ADDRESS);
    private static final MethodHandle EQUAL = Calls.function("dnnl_memory_desc_equal", JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle SIZE = Calls.function("dnnl_memory_desc_get_size", JAVA_LONG, JAVA_LONG);

    private MemoryDescriptorCalls() {}

    /** @param tag the library's number for a layout */
    static MemoryDescriptor withTag(DataType type, int tag, String name, long[] dims) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(JAVA_LONG);
            MemorySegment sizes = arena.allocateFrom(JAVA_LONG, dims);
            Calls.check("dnnl_memory_desc_create_with_tag", () -> type + Arrays.toString(dims) + " " + name,
                    () -> (int) WITH_TAG.invokeExact(out, dims.length, sizes, type.code(), tag));
            return take(out);
        }
    }

    static MemoryDescriptor withStrides(DataType type, long[] dims, long[] strides) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(JAVA_LONG);
            MemorySegment sizes = arena.allocateFrom(JAVA_LONG, dims);
            MemorySegment steps = arena.allocateFrom(JAVA_LONG, strides);
            Calls.check("dnnl_memory_desc_create_with_strides",
                    () -> type + Arrays.toString(dims) + " strides " + Arrays.toString(strides),
                    () -> (int) WITH_STRIDES.invokeExact(out, dims.length, sizes, type.code(), steps));
            return take(out);
        }
    }

    static MemoryDescriptor slice(MemoryDescriptor whole, long[] dims, long[] offsets) {
        try (CallScope scope = new CallScope()) {
            MemorySegment out = scope.result();
            long parent = scope.descriptor(whole);
            MemorySegment sizes = scope.longs(dims);
            MemorySegment starts = scope.longs(offsets);
            Calls.check("dnnl_memory_desc_create_submemory",
                    () -> Arrays.toString(dims) + " at " + Arrays.toString(offsets) + " of " + whole,
                    () -> (int) SLICE.invokeExact(out, parent, sizes, starts));
            return take(out);
        }
    }

    /** A native descriptor, which the caller destroys. */
    static long create(MemoryDescriptor descriptor, Arena arena) {
        MemorySegment out = arena.allocate(JAVA_LONG);
        MemorySegment blob = arena.allocateFrom(JAVA_BYTE, descriptor.blob());
        Calls.check("dnnl_memory_desc_create_with_blob", descriptor::toString,
                () -> (int) WITH_BLOB.invokeExact(out, blob));
        return out.get(JAVA_LONG, 0);
    }

    static void destroy(long handle) {
        Calls.check("dnnl_memory_desc_destroy", () -> "", () -> (int) DESTROY.invokeExact(handle));
    }

    static boolean equal(MemoryDescriptor a, MemoryDescriptor b) {
        try (CallScope scope = new CallScope()) {
            long first = scope.descriptor(a);
            long second = scope.descriptor(b);
            return Calls.value("dnnl_memory_desc_equal", () -> (int) EQUAL.invokeExact(first, second)) != 0;
        }
    }

    static byte[] blob(long handle) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment size = arena.allocate(JAVA_LONG);
            Calls.check("dnnl_memory_desc_get_blob", () -> "size",
                    () -> (int) BLOB.invokeExact(MemorySegment.NULL, size, handle));
            MemorySegment blob = arena.allocate(size.get(JAVA_LONG, 0));
            Calls.check("dnnl_memory_desc_get_blob", () -> blob.byteSize() + " bytes",
                    () -> (int) BLOB.invokeExact(blob, size, handle));
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
        return Calls.value("dnnl_memory_desc_get_size", () -> (long) SIZE.invokeExact(handle));
    }

    /** The number of axes; 0 for a descriptor that describes nothing. */
    static int rank(long handle) {
        return integer(handle, QUERY_RANK);
    }

    private static int integer(long handle, int what) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(JAVA_LONG);
            Calls.check("dnnl_memory_desc_query", () -> "query " + what,
                    () -> (int) QUERY.invokeExact(handle, what, out));
            return out.get(JAVA_INT, 0);
        }
    }

    private static long[] array(long handle, int what, int length) {
        if (length == 0) {
            return new long[0];
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(ADDRESS);
            Calls.check("dnnl_memory_desc_query", () -> "query " + what,
                    () -> (int) QUERY.invokeExact(handle, what, out));
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
