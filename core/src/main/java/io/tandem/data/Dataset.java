package io.tandem.data;

import io.tandem.tensor.NDArray;
import io.tandem.tensor.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A finite number of samples that can be read in any order. Each sample has the same columns, for example an image
 * {@code f32[1, 28, 28]} and a label {@code i32[]}.
 *
 * <p>Samples are read straight into the memory of a batch; there is no object per sample. {@link #read} may be called
 * by several threads at once.
 */
public interface Dataset {
    /** The number of samples. */
    int size();

    /** The type of one sample in each column, without the batch axis. */
    List<TensorType> types();

    /**
     * Writes samples one after the other into the memory of each column, in the order of {@code indices}.
     *
     * @param indices indices of samples, each from 0 to {@code size() - 1}; repeats are allowed
     * @param pass seed and epoch that random changes of the samples depend on; most data sets ignore it
     * @param into for each column the memory of {@code indices.length} samples, row-major, little endian
     * @throws IllegalArgumentException if the number or the size of the memories does not fit
     * @throws IndexOutOfBoundsException if there is no sample with one of the indices
     */
    void read(int[] indices, Pass pass, List<MemorySegment> into);

    /** Reads samples into new arrays; {@code index} is the position that the batch is to carry. */
    default Batch read(int[] indices, Pass pass, int index) {
        List<TensorType> types = types();
        List<TensorType> batchTypes = new ArrayList<>(types.size());
        List<MemorySegment> memory = new ArrayList<>(types.size());
        for (TensorType type : types) {
            TensorType batchType = type.with(type.shape().insert(0, indices.length));
            batchTypes.add(batchType);
            memory.add(NDArray.allocate(batchType));
        }
        read(indices, pass, memory);
        List<NDArray> columns = new ArrayList<>(types.size());
        for (int c = 0; c < types.size(); c++) {
            columns.add(NDArray.wrap(batchTypes.get(c), memory.get(c)));
        }
        return new Batch(columns, indices.length, index);
    }

    /**
     * The samples from {@code from} (inclusive) to {@code to} (exclusive) as arrays.
     *
     * @throws IndexOutOfBoundsException if the range is not within the data set
     */
    default Batch rows(int from, int to) {
        checkRange(from, to, size());
        return read(IntStream.range(from, to).toArray(), new Pass(0, 0), 0);
    }

    /** All samples as arrays. */
    default Batch all() {
        return rows(0, size());
    }

    /**
     * The samples with the given indices, in that order; repeats are allowed.
     *
     * @throws IndexOutOfBoundsException if there is no sample with one of the indices
     */
    default Dataset subset(int... indices) {
        return new SubsetDataset(this, indices);
    }

    /**
     * The samples from {@code from} (inclusive) to {@code to} (exclusive), in order.
     *
     * @throws IndexOutOfBoundsException if the range is not within the data set
     */
    default Dataset slice(int from, int to) {
        checkRange(from, to, size());
        return subset(IntStream.range(from, to).toArray());
    }

    /** The first {@code count} samples, or all if there are fewer. */
    default Dataset take(int count) {
        return slice(0, Math.min(checkCount(count), size()));
    }

    /** All but the first {@code count} samples. */
    default Dataset skip(int count) {
        return slice(Math.min(checkCount(count), size()), size());
    }

    /**
     * Splits in order, as series in time need it: {@code split(0.8, 0.2)} gives the first 80 % and the last 20 %.
     *
     * @param fractions sizes of the parts, positive, with a sum of 1
     * @throws IllegalArgumentException if the fractions are wrong or a part would be empty
     */
    default List<Dataset> split(double... fractions) {
        int[] bounds = Fractions.bounds(size(), fractions);
        return IntStream.range(0, fractions.length)
                .mapToObj(i -> slice(bounds[i], bounds[i + 1]))
                .toList();
    }

    /**
     * Splits at random, as independent samples want it. The parts depend on the seed alone and have no sample in
     * common.
     *
     * @param seed seed of the permutation
     * @param fractions sizes of the parts, positive, with a sum of 1
     * @throws IllegalArgumentException if the fractions are wrong or a part would be empty
     */
    default List<Dataset> randomSplit(long seed, double... fractions) {
        return shuffled(seed).split(fractions);
    }

    /** The samples in an order that depends on the seed alone. */
    default Dataset shuffled(long seed) {
        return subset(Permutation.of(size(), new Pass(seed, 0)));
    }

    /**
     * Samples drawn from this data set at random, with replacement, anew in each epoch: for data of which one pass
     * would be too long. Which ones depends on the loader's seed and on the epoch.
     *
     * @param samples samples per epoch, at least 1
     */
    default Dataset resampled(int samples) {
        return new ResampledDataset(this, samples);
    }

    /** The samples of this data set changed by {@code transform} each time they are read. */
    default Dataset map(Transform transform) {
        return new TransformedDataset(this, transform);
    }

    /**
     * The samples of this data set, then those of others.
     *
     * @throws IllegalArgumentException if the types differ
     */
    default Dataset concat(Dataset... others) {
        List<Dataset> parts = new ArrayList<>(List.of(this));
        parts.addAll(List.of(others));
        return new ConcatDataset(parts);
    }

    /**
     * Some columns of this data set, in the given order. A column may come twice: {@code columns(0, 0)} gives an
     * autoencoder its input as target.
     *
     * @throws IndexOutOfBoundsException if there is no such column
     */
    default Dataset columns(int... columns) {
        return new ColumnsDataset(this, columns);
    }

    /** Batches of this data set in order; see {@link DataLoader} for shuffling and more. */
    default DataLoader batches(int batchSize) {
        return DataLoader.of(this, batchSize);
    }

    private static int checkCount(int count) {
        if (count < 0) {
            throw new IllegalArgumentException("number of samples must not be negative, is " + count);
        }
        return count;
    }

    private static void checkRange(int from, int to, int size) {
        if (from < 0 || to < from || to > size) {
            throw new IndexOutOfBoundsException(
                    "samples %d (inclusive) to %d (exclusive) of a data set of %d samples".formatted(from, to, size));
        }
    }
}
