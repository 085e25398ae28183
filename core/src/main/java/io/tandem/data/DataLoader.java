package io.tandem.data;

import java.util.Objects;

/**
 * How a data set is read in batches, epoch after epoch. Immutable; each {@code with} method gives a changed copy.
 *
 * <p>The order of an epoch depends on the seed and the number of the epoch alone, and any batch of it can be the first
 * one, so a run can be resumed in the middle of an epoch:
 *
 * <pre>{@code
 * DataLoader loader = DataLoader.of(train, 128).shuffled(1);
 * try (Batches batches = loader.epoch(0)) {
 *     for (Batch batch : batches) {
 *         step.run(List.of(batch.column(0)), batch.column(1));
 *     }
 * }
 * }</pre>
 *
 * @param dataset what is read
 * @param batchSize samples per batch, at least 1
 * @param shuffle whether each epoch has an order of its own
 * @param seed seed of order and augmentation
 * @param dropLast whether a last batch with fewer samples is left out
 * @param prefetch batches that are read ahead in the background; 0 reads in the thread of the consumer
 * @param threads threads that read ahead; the batches come in the same order, with the same values, for any number
 */
public record DataLoader(
        Dataset dataset, int batchSize, boolean shuffle, long seed, boolean dropLast, int prefetch, int threads) {
    /**
     * Checks the numbers.
     *
     * @throws IllegalArgumentException if a number is out of its range or the data set yields no batch
     */
    public DataLoader {
        Objects.requireNonNull(dataset, "dataset");
        check("batch size", batchSize, 1);
        check("number of batches read ahead", prefetch, 0);
        check("number of reading threads", threads, 1);
        if (dataset.size() == 0) {
            throw new IllegalArgumentException("the data set has no samples");
        }
        if (dropLast && dataset.size() < batchSize) {
            throw new IllegalArgumentException(
                    "the data set has %d samples, fewer than one batch of %d, and incomplete batches are left out"
                            .formatted(dataset.size(), batchSize));
        }
    }

    private static void check(String what, int value, int least) {
        if (value < least) {
            throw new IllegalArgumentException("%s must be at least %d, is %d".formatted(what, least, value));
        }
    }

    /** Batches in order, the last one with the samples that are left, two batches read ahead by one thread. */
    public static DataLoader of(Dataset dataset, int batchSize) {
        return new DataLoader(dataset, batchSize, false, 0, false, 2, 1);
    }

    /** Shuffles each epoch; order and augmentation follow {@code seed}. */
    public DataLoader shuffled(long seed) {
        return new DataLoader(dataset, batchSize, true, seed, dropLast, prefetch, threads);
    }

    /** Sets the seed of order and augmentation. */
    public DataLoader withSeed(long seed) {
        return new DataLoader(dataset, batchSize, shuffle, seed, dropLast, prefetch, threads);
    }

    /** Sets whether a last batch with fewer samples is left out. */
    public DataLoader withDropLast(boolean dropLast) {
        return new DataLoader(dataset, batchSize, shuffle, seed, dropLast, prefetch, threads);
    }

    /** Sets how many batches are read ahead in the background; 0 reads in the thread of the consumer. */
    public DataLoader withPrefetch(int batches) {
        return new DataLoader(dataset, batchSize, shuffle, seed, dropLast, batches, threads);
    }

    /** Sets how many threads read ahead; more than one pays where augmentation is slow. */
    public DataLoader withThreads(int threads) {
        return new DataLoader(
                dataset, batchSize, shuffle, seed, dropLast, Math.max(prefetch, threads), threads);
    }

    /** The number of batches in one epoch. */
    public int batchesPerEpoch() {
        int size = dataset.size();
        return dropLast ? size / batchSize : (int) (((long) size + batchSize - 1) / batchSize);
    }

    /** The number of samples in one epoch, without those of a left out last batch. */
    public int samplesPerEpoch() {
        return dropLast ? batchesPerEpoch() * batchSize : dataset.size();
    }

    /** All batches of one epoch. Close them when done. */
    public Batches epoch(long epoch) {
        return epoch(epoch, 0);
    }

    /**
     * The batches of one epoch from {@code firstBatch} on, equal to those that {@link #epoch(long)} gives after the
     * first ones. Close them when done.
     *
     * @param epoch number of the epoch, from 0
     * @param firstBatch from 0 to {@link #batchesPerEpoch()}
     * @throws IndexOutOfBoundsException if there is no such batch
     */
    public Batches epoch(long epoch, int firstBatch) {
        if (firstBatch < 0 || firstBatch > batchesPerEpoch()) {
            throw new IndexOutOfBoundsException(
                    "batch %d of an epoch of %d batches".formatted(firstBatch, batchesPerEpoch()));
        }
        return new Batches(this, epoch, firstBatch);
    }
}
