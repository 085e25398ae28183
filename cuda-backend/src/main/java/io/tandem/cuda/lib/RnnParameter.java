package io.tandem.cuda.lib;

/**
 * Where one matrix or bias lies in the weight space of a recurrent network.
 *
 * @param layer       index of the layer
 * @param reverse     whether it belongs to the backward direction
 * @param linearLayer gate for the input products, number of gates + gate for the recurrent ones
 * @param bias        whether it is a bias instead of a matrix
 * @param offset      bytes from the start of the weight space
 * @param rows        hidden size
 * @param columns     size of the multiplied vector, 1 for a bias; matrices are dense and row-major
 */
public record RnnParameter(
        int layer, boolean reverse, int linearLayer, boolean bias, long offset, int rows, int columns) {

    /** Number of elements. */
    public int elements() {
        return rows * columns;
    }
}
