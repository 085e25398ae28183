package io.tandem.data;

import io.tandem.tensor.NDArray;
import java.util.List;

/**
 * Some samples of a {@link Dataset}, one array per column whose first axis counts the samples.
 *
 * @param columns one array per column, each of shape {@code [size, ...]}; inputs usually come first, then the target
 * @param size number of samples
 * @param index position of the batch in its epoch, from 0
 */
public record Batch(List<NDArray> columns, int size, int index) {
    /** Checks that every column has {@code size} rows. */
    public Batch {
        columns = List.copyOf(columns);
        for (int c = 0; c < columns.size(); c++) {
            NDArray column = columns.get(c);
            if (column.shape().isScalar() || column.shape().dim(0) != size) {
                throw new IllegalArgumentException(
                        "column %d of a batch of %d samples has type %s".formatted(c, size, column.type()));
            }
        }
    }

    /**
     * The values of one column.
     *
     * @throws IndexOutOfBoundsException if there is no such column
     */
    public NDArray column(int column) {
        return columns.get(column);
    }
}
