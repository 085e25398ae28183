package io.tandem.tensor;

import java.util.Objects;

/**
 * What is known of a tensor before it is computed: element type and shape.
 *
 * @param dtype element type
 * @param shape sizes of the axes
 */
public record TensorType(DType dtype, Shape shape) {
    /** Checks that both parts are there. */
    public TensorType {
        Objects.requireNonNull(dtype, "dtype");
        Objects.requireNonNull(shape, "shape");
    }

    /** A type with the given element type and sizes. */
    public static TensorType of(DType dtype, int... dims) {
        return new TensorType(dtype, Shape.of(dims));
    }

    /** A float32 type with the given sizes. */
    public static TensorType f32(int... dims) {
        return of(DType.F32, dims);
    }

    /** Size of the values in bytes. */
    public long bytes() {
        return shape.size() * dtype.bytes();
    }

    /** This type with another shape. */
    public TensorType with(Shape other) {
        return new TensorType(dtype, other);
    }

    /** This type with another element type. */
    public TensorType with(DType other) {
        return new TensorType(other, shape);
    }

    /** For example {@code f32[3, 4]}. */
    @Override
    public String toString() {
        return dtype.name().toLowerCase(java.util.Locale.ROOT) + shape;
    }
}
