package io.tandem.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.StringJoiner;
import java.util.function.IntToDoubleFunction;

/**
 * An immutable array of values in host memory: dense, row-major, little endian. It carries data into and out of
 * devices; computing is the business of graphs.
 */
public final class NDArray {
    private static final ValueLayout.OfDouble F64 =
            ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort I16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt I32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong I64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final TensorType type;
    private final MemorySegment data;

    private NDArray(TensorType type, MemorySegment data) {
        if (data.byteSize() != type.bytes()) {
            int each = type.dtype().bytes();
            throw new IllegalArgumentException(data.byteSize() % each == 0
                    ? "%s needs %d values, got %d".formatted(type, type.shape().size(), data.byteSize() / each)
                    : "%s needs %d bytes, got %d".formatted(type, type.bytes(), data.byteSize()));
        }
        this.type = type;
        this.data = data.asReadOnly();
    }

    /**
     * Wraps memory without copying; the caller must not change it afterwards.
     *
     * @throws IllegalArgumentException if the size of the memory does not fit the type
     */
    public static NDArray wrap(TensorType type, MemorySegment data) {
        return new NDArray(type, data);
    }

    /** A float32 array with the given values in row-major order. */
    public static NDArray of(Shape shape, float... values) {
        return new NDArray(new TensorType(DType.F32, shape), MemorySegment.ofArray(values.clone()));
    }

    /** A float64 array with the given values in row-major order. */
    public static NDArray ofDoubles(Shape shape, double... values) {
        return new NDArray(new TensorType(DType.F64, shape), MemorySegment.ofArray(values.clone()));
    }

    /** An int32 array with the given values in row-major order. */
    public static NDArray ofInts(Shape shape, int... values) {
        return new NDArray(new TensorType(DType.I32, shape), MemorySegment.ofArray(values.clone()));
    }

    /** An int64 array with the given values in row-major order. */
    public static NDArray ofLongs(Shape shape, long... values) {
        return new NDArray(new TensorType(DType.I64, shape), MemorySegment.ofArray(values.clone()));
    }

    /** An array of unsigned bytes with the given values in row-major order. */
    public static NDArray ofBytes(Shape shape, byte... values) {
        return new NDArray(new TensorType(DType.U8, shape), MemorySegment.ofArray(values.clone()));
    }

    /** An array of the given type whose elements are {@code value} of the flat index, rounded to the type. */
    public static NDArray generate(TensorType type, IntToDoubleFunction value) {
        int size = Math.toIntExact(type.shape().size());
        if (type.dtype() == DType.F32) {
            float[] values = new float[size];
            for (int i = 0; i < size; i++) {
                values[i] = (float) value.applyAsDouble(i);
            }
            return new NDArray(type, MemorySegment.ofArray(values));
        }
        MemorySegment data = allocate(type);
        for (int i = 0; i < size; i++) {
            put(data, type.dtype(), i, value.applyAsDouble(i));
        }
        return new NDArray(type, data);
    }

    /** A scalar of the given type. */
    public static NDArray scalar(DType dtype, double value) {
        return full(new TensorType(dtype, Shape.of()), value);
    }

    /** An int64 scalar; unlike {@link #scalar} exact for all values. */
    public static NDArray scalar(long value) {
        return ofLongs(Shape.of(), value);
    }

    /** An array with all elements equal to {@code value}, rounded to the type. */
    public static NDArray full(TensorType type, double value) {
        return generate(type, i -> value);
    }

    /** An array of zeros. */
    public static NDArray zeros(TensorType type) {
        return new NDArray(type, allocate(type));
    }

    /** A zeroed heap segment for a value of the given type, as {@link #wrap} takes it. */
    public static MemorySegment allocate(TensorType type) {
        long bytes = type.bytes();
        if (bytes <= Integer.MAX_VALUE - 16 && bytes % 8 != 0) {
            return MemorySegment.ofArray(new byte[Math.toIntExact(bytes)]);
        }
        if (bytes / 8 > Integer.MAX_VALUE - 16) {
            throw new IllegalArgumentException(type + " is too large for one array in host memory");
        }
        return MemorySegment.ofArray(new long[Math.toIntExact(bytes / 8)]);
    }

    /** Element type and shape. */
    public TensorType type() {
        return type;
    }

    /** The shape. */
    public Shape shape() {
        return type.shape();
    }

    /** The element type. */
    public DType dtype() {
        return type.dtype();
    }

    /** The values as read-only memory. */
    public MemorySegment segment() {
        return data;
    }

    /** The element at a flat row-major index, widened to double ({@code BOOL} as 0 or 1). */
    public double getDouble(long index) {
        return get(data, type.dtype(), index);
    }

    /** The integer or truth value at a flat row-major index; floating values are truncated. */
    public long getLong(long index) {
        return switch (type.dtype()) {
            case I64 -> data.getAtIndex(I64, index);
            case I32 -> data.getAtIndex(I32, index);
            case U8, BOOL -> data.get(ValueLayout.JAVA_BYTE, index) & 0xff;
            case F64, F32, F16, BF16 -> (long) getDouble(index);
        };
    }

    /** The value of an array with one element. */
    public double item() {
        if (type.shape().size() != 1) {
            throw new IllegalStateException("item() needs an array with one element, this one is " + type);
        }
        return getDouble(0);
    }

    /** All elements as floats, in row-major order. */
    public float[] toFloats() {
        if (type.dtype() == DType.F32) {
            return data.toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
        }
        float[] values = new float[Math.toIntExact(type.shape().size())];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) getDouble(i);
        }
        return values;
    }

    /** All elements as doubles, in row-major order. */
    public double[] toDoubles() {
        double[] values = new double[Math.toIntExact(type.shape().size())];
        for (int i = 0; i < values.length; i++) {
            values[i] = getDouble(i);
        }
        return values;
    }

    /** All elements as longs, in row-major order; floating values are truncated. */
    public long[] toLongs() {
        long[] values = new long[Math.toIntExact(type.shape().size())];
        for (int i = 0; i < values.length; i++) {
            values[i] = getLong(i);
        }
        return values;
    }

    /** All elements as ints, in row-major order; floating values are truncated. */
    public int[] toInts() {
        return Arrays.stream(toLongs()).mapToInt(Math::toIntExact).toArray();
    }

    /** The same values with another element type, each rounded to nearest. */
    public NDArray cast(DType dtype) {
        if (dtype == type.dtype()) {
            return this;
        }
        TensorType target = type.with(dtype);
        MemorySegment copy = allocate(target);
        boolean exact = !dtype.isFloating() && !type.dtype().isFloating();
        for (long i = 0; i < type.shape().size(); i++) {
            if (exact) {
                putLong(copy, dtype, i, getLong(i));
            } else {
                put(copy, dtype, i, getDouble(i));
            }
        }
        return new NDArray(target, copy);
    }

    /**
     * The same values in another shape of equal size.
     *
     * @param dims the sizes; one of them may be -1, for what the others leave
     * @throws IllegalArgumentException if the sizes differ
     */
    public NDArray reshape(int... dims) {
        long known = Arrays.stream(dims).filter(d -> d != -1).asLongStream().reduce(1, Math::multiplyExact);
        long unknown = Arrays.stream(dims).filter(d -> d == -1).count();
        long size = shape().size();
        if (unknown > 1 || unknown == 1 && (known == 0 || size % known != 0) || unknown == 0 && known != size) {
            throw new IllegalArgumentException("%s with %d values cannot be reshaped to %s%s"
                    .formatted(type, size, Arrays.toString(dims), unknown > 1 ? ": only one size may be -1" : ""));
        }
        return new NDArray(
                type.with(Shape.of(Arrays.stream(dims)
                        .map(d -> d == -1 ? Math.toIntExact(size / known) : d)
                        .toArray())),
                data);
    }

    /**
     * Rows {@code from} (inclusive) to {@code to} (exclusive) of the first axis, without copying.
     *
     * @throws IndexOutOfBoundsException if the range is not within the array
     */
    public NDArray rows(int from, int to) {
        if (shape().isScalar() || from < 0 || to < from || to > shape().dim(0)) {
            throw new IndexOutOfBoundsException("rows %d to %d of %s".formatted(from, to, type));
        }
        long row = shape().size() == 0 ? 0 : type.bytes() / shape().dim(0);
        return new NDArray(type.with(shape().with(0, to - from)), data.asSlice(from * row, (to - from) * row));
    }

    /**
     * Indices (int32) of the largest elements along an axis, which vanishes; the first of equal ones, and NaN counts as
     * largest. As {@link io.tandem.graph.Tensor#argMax}.
     *
     * @param axis from 0, or from -1 backwards
     * @throws IllegalArgumentException if there is no such axis, or it is empty
     */
    public NDArray argMax(int axis) {
        int at = axis < 0 ? axis + shape().rank() : axis;
        if (at < 0 || at >= shape().rank() || shape().dim(at) == 0) {
            throw new IllegalArgumentException("argMax: %s has no elements along axis %d".formatted(type, axis));
        }
        int size = shape().dim(at);
        int inner = Math.toIntExact(shape().strides()[at]);
        return generate(new TensorType(DType.I32, shape().without(at)), i -> {
            int first = i / inner * inner * size + i % inner;
            int best = 0;
            for (int k = 1; k < size; k++) {
                if (isAbove(getDouble(first + (long) k * inner), getDouble(first + (long) best * inner))) {
                    best = k;
                }
            }
            return best;
        });
    }

    private static boolean isAbove(double x, double y) {
        return x > y || Double.isNaN(x) && !Double.isNaN(y);
    }

    /** Reads one element of dense memory, widened to double. */
    public static double get(MemorySegment data, DType dtype, long index) {
        return switch (dtype) {
            case F64 -> data.getAtIndex(F64, index);
            case F32 -> data.getAtIndex(F32, index);
            case F16 -> Float.float16ToFloat(data.getAtIndex(I16, index));
            case BF16 -> DType.bfloat16ToFloat(data.getAtIndex(I16, index));
            case I64 -> data.getAtIndex(I64, index);
            case I32 -> data.getAtIndex(I32, index);
            case U8, BOOL -> data.get(ValueLayout.JAVA_BYTE, index) & 0xff;
        };
    }

    /** Writes one element of dense memory, rounded to the type. */
    public static void put(MemorySegment data, DType dtype, long index, double value) {
        switch (dtype) {
            case F64 -> data.setAtIndex(F64, index, value);
            case F32 -> data.setAtIndex(F32, index, (float) value);
            case F16 -> data.setAtIndex(I16, index, Float.floatToFloat16((float) value));
            case BF16 -> data.setAtIndex(I16, index, DType.floatToBfloat16((float) value));
            case I64 -> data.setAtIndex(I64, index, (long) value);
            case I32 -> data.setAtIndex(I32, index, (int) value);
            case U8 -> data.set(ValueLayout.JAVA_BYTE, index, (byte) (int) value);
            case BOOL -> data.set(ValueLayout.JAVA_BYTE, index, (byte) (value != 0 ? 1 : 0));
        }
    }

    /** Writes one integer or truth value of dense memory. */
    public static void putLong(MemorySegment data, DType dtype, long index, long value) {
        switch (dtype) {
            case I64 -> data.setAtIndex(I64, index, value);
            case I32 -> data.setAtIndex(I32, index, (int) value);
            case U8 -> data.set(ValueLayout.JAVA_BYTE, index, (byte) value);
            case BOOL -> data.set(ValueLayout.JAVA_BYTE, index, (byte) (value != 0 ? 1 : 0));
            case F64, F32, F16, BF16 -> put(data, dtype, index, value);
        }
    }

    /** Equal types and equal bytes (so NaN equals itself, and 0.0 differs from -0.0). */
    @Override
    public boolean equals(Object other) {
        return other instanceof NDArray array && type.equals(array.type) && data.mismatch(array.data) == -1;
    }

    @Override
    public int hashCode() {
        int hash = type.hashCode();
        for (long i = 0; i < Math.min(16, type.shape().size()); i++) {
            hash = 31 * hash + Double.hashCode(getDouble(i));
        }
        return hash;
    }

    /** The type and the first values, for example {@code f32[2, 2] {1.0, 2.0, 3.0, 4.0}}. */
    @Override
    public String toString() {
        StringJoiner values = new StringJoiner(", ", " {", "}");
        long shown = Math.min(8, type.shape().size());
        for (long i = 0; i < shown; i++) {
            values.add(type.dtype().isFloating() ? number(getDouble(i)) : Long.toString(getLong(i)));
        }
        if (shown < type.shape().size()) {
            values.add("...");
        }
        return type + values.toString();
    }

    private String number(double value) {
        return type.dtype() == DType.F64 ? Double.toString(value) : Float.toString((float) value);
    }
}
