package io.tandem.reference;

import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.TensorType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * A tensor's values while they are computed: doubles for floating types, longs for integers and truth values (0 or 1).
 * The arrays are never changed once a value is made, so values may share them.
 */
sealed interface Value {
    /** Element type and shape. */
    TensorType type();

    /** The double[] or long[] that holds the elements in row-major order. */
    Object array();

    /** A value of another type whose element i is this one's element {@code from[i]}. */
    Value pick(TensorType type, int[] from);

    /** Elements {@code from} (inclusive) to {@code to} (exclusive) as a value of the given type. */
    Value range(TensorType type, int from, int to);

    /** The same elements with another type of equal size. */
    Value as(TensorType type);

    /** Values of a floating type; each is exactly representable in it. */
    record Floating(TensorType type, double[] data) implements Value {
        @Override
        public Object array() {
            return data;
        }

        @Override
        public Value pick(TensorType result, int[] from) {
            double[] picked = new double[from.length];
            for (int i = 0; i < from.length; i++) {
                picked[i] = data[from[i]];
            }
            return new Floating(result, picked);
        }

        @Override
        public Value range(TensorType result, int from, int to) {
            return new Floating(result, Arrays.copyOfRange(data, from, to));
        }

        @Override
        public Value as(TensorType result) {
            return new Floating(result, data);
        }
    }

    /** Values of an integer type or truth values; each is within its range. */
    record Integral(TensorType type, long[] data) implements Value {
        @Override
        public Object array() {
            return data;
        }

        @Override
        public Value pick(TensorType result, int[] from) {
            long[] picked = new long[from.length];
            for (int i = 0; i < from.length; i++) {
                picked[i] = data[from[i]];
            }
            return new Integral(result, picked);
        }

        @Override
        public Value range(TensorType result, int from, int to) {
            return new Integral(result, Arrays.copyOfRange(data, from, to));
        }

        @Override
        public Value as(TensorType result) {
            return new Integral(result, data);
        }
    }

    /** The number of elements. */
    default int size() {
        return Math.toIntExact(type().shape().size());
    }

    /** The elements of a floating value. */
    default double[] doubles() {
        if (this instanceof Floating(_, double[] data)) {
            return data;
        }
        throw new IllegalArgumentException("a floating value is needed, this one is " + type());
    }

    /** The elements of an integer value or of truth values. */
    default long[] longs() {
        if (this instanceof Integral(_, long[] data)) {
            return data;
        }
        throw new IllegalArgumentException("integers or truth values are needed, these are " + type());
    }

    /** Zeros. The array is still to be filled by its maker, through {@link #array}. */
    static Value zeros(TensorType type) {
        int size = Math.toIntExact(type.shape().size());
        return type.dtype().isFloating()
                ? new Floating(type, new double[size])
                : new Integral(type, new long[size]);
    }

    /** Takes {@code data} over, each element rounded to the type. */
    static Value rounded(TensorType type, double[] data) {
        DType dtype = type.dtype();
        if (dtype == DType.F32) {
            for (int i = 0; i < data.length; i++) {
                data[i] = (float) data[i];
            }
        } else if (dtype != DType.F64) {
            for (int i = 0; i < data.length; i++) {
                data[i] = dtype.round(data[i]);
            }
        }
        return new Floating(type, data);
    }

    /** Takes {@code data} over, each element wrapped to the type. */
    static Value wrapped(TensorType type, long[] data) {
        DType dtype = type.dtype();
        if (dtype != DType.I64) {
            for (int i = 0; i < data.length; i++) {
                data[i] = wrap(dtype, data[i]);
            }
        }
        return new Integral(type, data);
    }

    /** The value that the type's bits hold after {@code value} is cut to them; truth values are 0 or 1. */
    static long wrap(DType dtype, long value) {
        return switch (dtype) {
            case I64 -> value;
            case I32 -> (int) value;
            case U8 -> value & 0xff;
            case BOOL -> value != 0 ? 1 : 0;
            case F64, F32, F16, BF16 -> throw new IllegalArgumentException(dtype + " does not wrap");
        };
    }

    /** The values of an array. */
    static Value of(NDArray array) {
        return switch (array.dtype()) {
            case F64 -> new Floating(array.type(), array.segment().toArray(ValueLayout.JAVA_DOUBLE_UNALIGNED));
            case F32 -> {
                float[] floats = array.toFloats();
                double[] data = new double[floats.length];
                for (int i = 0; i < data.length; i++) {
                    data[i] = floats[i];
                }
                yield new Floating(array.type(), data);
            }
            case F16, BF16 -> new Floating(array.type(), array.toDoubles());
            case I64, I32, U8, BOOL -> new Integral(array.type(), array.toLongs());
        };
    }

    /** These values as an array. */
    default NDArray toNDArray() {
        return NDArray.wrap(type(), switch (this) {
            case Floating(TensorType type, double[] data) -> switch (type.dtype()) {
                case F64 -> MemorySegment.ofArray(data);
                case F32 -> {
                    float[] floats = new float[data.length];
                    for (int i = 0; i < data.length; i++) {
                        floats[i] = (float) data[i];
                    }
                    yield MemorySegment.ofArray(floats);
                }
                case F16, BF16, I64, I32, U8, BOOL -> {
                    MemorySegment memory = NDArray.allocate(type);
                    for (int i = 0; i < data.length; i++) {
                        NDArray.put(memory, type.dtype(), i, data[i]);
                    }
                    yield memory;
                }
            };
            case Integral(TensorType type, long[] data) -> {
                MemorySegment memory = NDArray.allocate(type);
                for (int i = 0; i < data.length; i++) {
                    NDArray.putLong(memory, type.dtype(), i, data[i]);
                }
                yield memory;
            }
        });
    }
}
