package io.tandem.reference;

import io.tandem.tensor.Shape;

/**
 * Regularly spaced elements of a row-major array: what slices, transposes, repetitions and reversals have in common.
 *
 * @param shape sizes of the axes
 * @param offset place of the first element
 * @param strides distance in elements between neighbours on each axis; 0 repeats, negative ones run backwards
 */
record Strided(Shape shape, long offset, long[] strides) {

    /** All elements of a dense array. */
    static Strided dense(Shape shape) {
        return new Strided(shape, 0, shape.strides());
    }

    /** The places of the elements, in row-major order of the shape. */
    int[] places() {
        int[] places = new int[Math.toIntExact(shape.size())];
        if (places.length == 0) {
            return places;
        }
        int rank = shape.rank();
        int[] dims = shape.toArray();
        int row = rank == 0 ? 1 : dims[rank - 1];
        long step = rank == 0 ? 0 : strides[rank - 1];
        int[] index = new int[rank];
        long start = offset;
        for (int at = 0; at < places.length;) {
            for (int i = 0; i < row; i++) {
                places[at++] = (int) (start + i * step);
            }
            // The next row: the last axis but one moves on, and carries into those before it.
            for (int axis = rank - 2; axis >= 0; axis--) {
                start += strides[axis];
                if (++index[axis] < dims[axis]) {
                    break;
                }
                start -= strides[axis] * dims[axis];
                index[axis] = 0;
            }
        }
        return places;
    }
}
