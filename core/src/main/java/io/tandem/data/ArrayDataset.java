package io.tandem.data;

import io.tandem.tensor.NDArray;
import io.tandem.tensor.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.stream.Stream;

/**
 * Samples that lie in memory, one array per column whose first axis counts the samples. Reading copies rows of memory.
 *
 * <p>Example: {@code ArrayDataset.of(images, labels)} with images {@code f32[60000, 1, 28, 28]} and labels
 * {@code i32[60000]} has the sample types {@code f32[1, 28, 28]} and {@code i32[]}.
 */
public final class ArrayDataset implements Dataset {
    private final List<Column> columns;
    private final List<TensorType> types;
    private final int size;

    /**
     * A data set of columns that may be converted while they are read.
     *
     * @throws IllegalArgumentException if there is no column or the numbers of rows differ
     */
    public ArrayDataset(List<Column> columns) {
        this.columns = List.copyOf(columns);
        this.types = ReadArguments.checkTypes(columns.stream().map(Column::type).toList());
        this.size = columns.getFirst().rows();
        for (int c = 1; c < columns.size(); c++) {
            if (columns.get(c).rows() != size) {
                throw new IllegalArgumentException(
                        "column 0 has %d rows, column %d has %d: every column needs one row per sample"
                                .formatted(size, c, columns.get(c).rows()));
            }
        }
    }

    /**
     * A data set of arrays that are read as they are.
     *
     * @param columns arrays of shape {@code [samples, ...]}
     * @throws IllegalArgumentException if there is no array, one is a scalar, or the numbers of rows differ
     */
    public static ArrayDataset of(NDArray... columns) {
        return new ArrayDataset(Stream.of(columns).map(Column::of).toList());
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public List<TensorType> types() {
        return types;
    }

    @Override
    public void read(int[] indices, Pass pass, List<MemorySegment> into) {
        ReadArguments.check(this, indices, into);
        for (int c = 0; c < columns.size(); c++) {
            columns.get(c).read(indices, into.get(c));
        }
    }

    @Override
    public String toString() {
        return size + " samples of " + types;
    }
}
