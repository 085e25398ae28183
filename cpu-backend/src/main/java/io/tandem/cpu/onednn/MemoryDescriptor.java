package io.tandem.cpu.onednn;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Sizes, element type and layout of a tensor in memory: an immutable value, which owns nothing. Two descriptors are
 * equal if oneDNN calls them equal.
 */
public final class MemoryDescriptor {
    private final byte[] blob;
    private final long[] dims;
    private final DataType type;
    private final FormatKind kind;
    private final long[] strides;
    private final long[] innerBlocks;
    private final int[] innerAxes;
    private final long size;

    private enum FormatKind {
        UNDEFINED, ANY, BLOCKED, OPAQUE, SPARSE, HOST_SCALAR
    }

    /** Reads what a native descriptor holds; the native one stays with the caller. */
    MemoryDescriptor(long handle) {
        this.blob = MemoryDescriptorCalls.blob(handle);
        this.dims = MemoryDescriptorCalls.dims(handle);
        this.kind = FormatKind.values()[MemoryDescriptorCalls.formatKind(handle)];
        this.type = DataType.of(MemoryDescriptorCalls.dataType(handle));
        boolean blocked = kind == FormatKind.BLOCKED;
        this.strides = blocked ? MemoryDescriptorCalls.strides(handle, dims.length) : new long[0];
        this.innerBlocks = blocked ? MemoryDescriptorCalls.innerBlocks(handle) : new long[0];
        this.innerAxes = blocked ? MemoryDescriptorCalls.innerAxes(handle) : new int[0];
        this.size = MemoryDescriptorCalls.size(handle);
    }

    /**
     * A dense row-major tensor.
     *
     * @param dims sizes, 1 to 12 of them
     */
    public static MemoryDescriptor of(DataType type, long... dims) {
        return of(type, FormatTag.PLAIN, dims);
    }

    /** A tensor whose layout oneDNN may choose. It describes no memory until then. */
    public static MemoryDescriptor any(DataType type, long... dims) {
        return of(type, FormatTag.ANY, dims);
    }

    /**
     * A tensor in a named layout.
     *
     * @param dims sizes in the order batch, channels, spatial axes, whatever the layout
     */
    public static MemoryDescriptor of(DataType type, FormatTag format, long... dims) {
        requireDims(dims);
        return MemoryDescriptorCalls.withTag(type, format.code(dims.length), format.name(), dims);
    }

    /**
     * A filter in blocks; they are padded where the channels do not fill them.
     *
     * @param dims sizes in the order results, inputs, height, width
     */
    public static MemoryDescriptor filter(DataType type, FilterTag format, long... dims) {
        if (dims.length != 4) {
            throw new IllegalArgumentException(format + " needs four sizes, not " + Arrays.toString(dims));
        }
        requireDims(dims);
        return MemoryDescriptorCalls.withTag(type, format.code(), format.name(), dims);
    }

    /**
     * A tensor with given distances of neighbours.
     *
     * @param dims sizes
     * @param strides for each axis the distance of neighbouring elements, counted in elements
     */
    public static MemoryDescriptor strided(DataType type, long[] dims, long[] strides) {
        requireDims(dims);
        if (strides.length != dims.length) {
            throw new IllegalArgumentException("strides " + Arrays.toString(strides) + " and dims "
                    + Arrays.toString(dims) + " differ in length");
        }
        return MemoryDescriptorCalls.withStrides(type, dims, strides);
    }

    /**
     * A dense tensor whose axes lie in memory in another order.
     *
     * @param dims sizes
     * @param order the axes from outermost to innermost: for nhwc with dims n, c, h, w it is 0, 2, 3, 1
     */
    public static MemoryDescriptor permuted(DataType type, long[] dims, int... order) {
        if (order.length != dims.length
                || !Arrays.equals(IntStream.of(order).sorted().toArray(), IntStream.range(0, dims.length).toArray())) {
            throw new IllegalArgumentException(
                    "order " + Arrays.toString(order) + " is not a permutation of the axes of "
                            + Arrays.toString(dims));
        }
        long[] strides = new long[dims.length];
        long stride = 1;
        for (int i = order.length - 1; i >= 0; i--) {
            strides[order[i]] = stride;
            stride *= Math.max(1, dims[order[i]]);
        }
        return strided(type, dims, strides);
    }

    /**
     * A part of this tensor, in the same memory: bind it to the address of the whole.
     *
     * @param dims sizes of the part
     * @param offsets index of its first element
     * @throws OneDnnException if the part does not fit, or cuts through blocks of a blocked layout
     */
    public MemoryDescriptor slice(long[] dims, long[] offsets) {
        if (dims.length != rank() || offsets.length != rank()) {
            throw new IllegalArgumentException("a slice of " + this + " needs " + rank() + " sizes and offsets, not "
                    + Arrays.toString(dims) + " and " + Arrays.toString(offsets));
        }
        return MemoryDescriptorCalls.slice(this, dims, offsets);
    }

    /** The number of axes. */
    public int rank() {
        return dims.length;
    }

    /** The sizes. */
    public long[] dims() {
        return dims.clone();
    }

    /** The size of an axis. */
    public long dim(int axis) {
        return dims[axis];
    }

    /** The element type. */
    public DataType type() {
        return type;
    }

    /** The bytes that the tensor takes, with what its layout pads. 0 if the layout is still open. */
    public long size() {
        return size;
    }

    /** Whether the layout is still open. */
    public boolean isAny() {
        return kind == FormatKind.ANY;
    }

    /** Whether each element stands at the sum of its indices times the strides. */
    public boolean isPlain() {
        return kind == FormatKind.BLOCKED && innerBlocks.length == 0;
    }

    /** Whether the tensor is plain, dense and row-major, which is Tandem's canonical layout. */
    public boolean isRowMajor() {
        if (!isPlain()) {
            return false;
        }
        long dense = 1;
        for (int i = dims.length - 1; i >= 0; i--) {
            if (dims[i] != 1 && strides[i] != dense) {
                return false;
            }
            dense *= dims[i];
        }
        return true;
    }

    /**
     * The distances of neighbours in elements; of blocks, where an axis is blocked.
     *
     * @throws IllegalStateException if the layout is open or opaque
     */
    public long[] strides() {
        if (kind != FormatKind.BLOCKED) {
            throw new IllegalStateException(this + " has no strides");
        }
        return strides.clone();
    }

    /** This descriptor with the layout left to oneDNN. */
    public MemoryDescriptor withAnyLayout() {
        return any(type, dims);
    }

    /** A dense row-major descriptor of the same sizes and type. */
    public MemoryDescriptor withPlainLayout() {
        return of(type, dims);
    }

    byte[] blob() {
        return blob;
    }

    boolean sameDims(long... others) {
        return Arrays.equals(dims, others);
    }

    private static void requireDims(long[] dims) {
        if (dims.length < 1 || dims.length > 12) {
            throw new IllegalArgumentException("oneDNN takes 1 to 12 axes, not " + Arrays.toString(dims));
        }
        for (long dim : dims) {
            if (dim < 0) {
                throw new IllegalArgumentException("sizes must not be negative: " + Arrays.toString(dims));
            }
        }
    }

    @Override
    public boolean equals(Object other) {
        return this == other || other instanceof MemoryDescriptor that
                && type == that.type && Arrays.equals(dims, that.dims)
                && (Arrays.equals(blob, that.blob) || MemoryDescriptorCalls.equal(this, that));
    }

    @Override
    public int hashCode() {
        // Less than equality looks at, on purpose: oneDNN ignores the strides of axes of size 1.
        return 31 * Arrays.hashCode(dims) + type.hashCode();
    }

    /** Type, sizes and layout, as in {@code f32[2, 32, 7, 7] aBcd16b}: axes as letters, blocked ones in upper case. */
    @Override
    public String toString() {
        return type.name().toLowerCase(Locale.ROOT) + Arrays.toString(dims) + " " + layout();
    }

    /** The layout alone, as in {@code abcd}, {@code acdb}, {@code aBcd16b}, {@code any}; strides where axes overlap. */
    public String layout() {
        return switch (kind) {
            case UNDEFINED -> "undefined";
            case ANY -> "any";
            case OPAQUE -> "opaque";
            case SPARSE -> "sparse";
            case HOST_SCALAR -> "scalar";
            case BLOCKED -> blockedLayout();
        };
    }

    private String blockedLayout() {
        long[] blockOf = new long[dims.length];
        Arrays.fill(blockOf, 1);
        for (int i = 0; i < innerBlocks.length; i++) {
            blockOf[innerAxes[i]] *= innerBlocks[i];
        }
        int[] order = IntStream.range(0, dims.length).boxed().sorted((x, y) -> {
            int byStride = Long.compare(strides[y], strides[x]);
            return byStride != 0 ? byStride : Integer.compare(x, y);
        }).mapToInt(i -> i).toArray();
        long dense = Arrays.stream(innerBlocks).reduce(1, (x, y) -> x * y);
        boolean isDense = true;
        for (int i = order.length - 1; i >= 0; i--) {
            int axis = order[i];
            long blocks = (dims[axis] + blockOf[axis] - 1) / blockOf[axis];
            isDense &= blocks == 1 || strides[axis] == dense;
            dense *= blocks;
        }
        String letters = IntStream.of(order)
                .mapToObj(axis -> String.valueOf((char) ((blockOf[axis] == 1 ? 'a' : 'A') + axis)))
                .collect(Collectors.joining());
        StringBuilder inner = new StringBuilder();
        for (int i = 0; i < innerBlocks.length; i++) {
            inner.append(innerBlocks[i]).append((char) ('a' + innerAxes[i]));
        }
        return letters + inner + (isDense ? "" : " strides " + Arrays.toString(strides));
    }
}
