package io.tandem.tensor;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** The sizes of a tensor's axes; {@code Shape.of()} is the shape of a scalar. Immutable; sizes are at least 0. */
public final class Shape {
    private static final Shape SCALAR = new Shape(new int[0]);

    private final int[] dims;

    private Shape(int[] dims) {
        this.dims = dims;
    }

    /**
     * A shape with the given sizes.
     *
     * @throws IllegalArgumentException if a size is negative or the number of elements exceeds 2^59, so that bytes can be counted
     */
    public static Shape of(int... dims) {
        if (dims.length == 0) {
            return SCALAR;
        }
        double size = 1;
        for (int dim : dims) {
            if (dim < 0) {
                throw new IllegalArgumentException("shape " + Arrays.toString(dims) + ": sizes must not be negative");
            }
            size *= dim;
        }
        if (size > 0x1p59) {
            throw new IllegalArgumentException("shape " + Arrays.toString(dims) + " has too many elements");
        }
        return new Shape(dims.clone());
    }

    /** A shape with the given sizes. */
    public static Shape of(List<Integer> dims) {
        return of(dims.stream().mapToInt(Integer::intValue).toArray());
    }

    /** The number of axes. */
    public int rank() {
        return dims.length;
    }

    /** The size of an axis; negative axes count from the end. */
    public int dim(int axis) {
        return dims[axis(axis)];
    }

    /**
     * The axis as a number from 0: negative ones count from the end.
     *
     * @throws IllegalArgumentException if there is no such axis
     */
    public int axis(int axis) {
        int from0 = axis < 0 ? axis + dims.length : axis;
        if (from0 < 0 || from0 >= dims.length) {
            throw new IllegalArgumentException("axis " + axis + " does not exist in shape " + this);
        }
        return from0;
    }

    /** The number of elements: the product of all sizes, 1 for a scalar. */
    public long size() {
        long size = 1;
        for (int dim : dims) {
            size *= dim;
        }
        return size;
    }

    /** The sizes as a new array. */
    public int[] toArray() {
        return dims.clone();
    }

    /** The sizes as an immutable list. */
    public List<Integer> dims() {
        return IntStream.of(dims).boxed().toList();
    }

    /** The distance in elements between neighbours on each axis, in row-major order. */
    public long[] strides() {
        long[] strides = new long[dims.length];
        long stride = 1;
        for (int i = dims.length - 1; i >= 0; i--) {
            strides[i] = stride;
            stride *= dims[i];
        }
        return strides;
    }

    /** This shape with the size of one axis replaced. */
    public Shape with(int axis, int size) {
        int[] copy = dims.clone();
        copy[axis(axis)] = size;
        return of(copy);
    }

    /** This shape without the given axis. */
    public Shape without(int axis) {
        int removed = axis(axis);
        return of(IntStream.range(0, dims.length)
                .filter(i -> i != removed)
                .map(i -> dims[i])
                .toArray());
    }

    /** This shape with an axis of the given size inserted before {@code axis}, which may be the rank. */
    public Shape insert(int axis, int size) {
        int at = axis < 0 ? axis + dims.length + 1 : axis;
        int[] copy = new int[dims.length + 1];
        System.arraycopy(dims, 0, copy, 0, at);
        copy[at] = size;
        System.arraycopy(dims, at, copy, at + 1, dims.length - at);
        return of(copy);
    }

    /** The sizes of this shape followed by those of another. */
    public Shape concat(Shape other) {
        int[] copy = Arrays.copyOf(dims, dims.length + other.dims.length);
        System.arraycopy(other.dims, 0, copy, dims.length, other.dims.length);
        return of(copy);
    }

    /** The sizes of axes {@code from} (inclusive) to {@code to} (exclusive). */
    public Shape subShape(int from, int to) {
        return of(Arrays.copyOfRange(dims, from, to));
    }

    /** Whether this is the shape of a scalar (rank 0). */
    public boolean isScalar() {
        return dims.length == 0;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Shape shape && Arrays.equals(dims, shape.dims);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(dims);
    }

    /** For example {@code [3, 4]}. */
    @Override
    public String toString() {
        return Arrays.toString(dims);
    }
}
