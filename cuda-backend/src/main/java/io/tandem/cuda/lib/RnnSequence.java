package io.tandem.cuda.lib;

import java.util.Collections;
import java.util.List;
import java.util.Objects;

/**
 * A batch of sequences with padding: the input or output of a recurrent network.
 *
 * @param type       element type
 * @param batchMajor whether the layout is [batch, time, features] instead of [time, batch, features]
 * @param time       longest length
 * @param features   elements of one time step
 * @param lengths    length of each sequence, from 1 to {@code time}; outputs behind it are zero
 */
public record RnnSequence(DataType type, boolean batchMajor, int time, int features, List<Integer> lengths) {

    /** Copies and checks the lengths. */
    public RnnSequence {
        Objects.requireNonNull(type, "type");
        lengths = List.copyOf(lengths);
        if (time < 1 || features < 1 || lengths.isEmpty()) {
            throw new IllegalArgumentException(
                    "time " + time + ", features " + features + " and batch " + lengths.size() + " must be positive");
        }
        for (int length : lengths) {
            if (length < 1 || length > time) {
                throw new IllegalArgumentException("length " + length + " is not in 1.." + time);
            }
        }
    }

    /**
     * Sequences of equal length.
     *
     * @param type       element type
     * @param batchMajor whether the layout is [batch, time, features]
     * @param time       the length
     * @param batch      number of sequences
     * @param features   elements of one time step
     */
    public static RnnSequence of(DataType type, boolean batchMajor, int time, int batch, int features) {
        return new RnnSequence(type, batchMajor, time, features, Collections.nCopies(batch, time));
    }

    /** Number of sequences. */
    public int batch() {
        return lengths.size();
    }

    /** Bytes of the whole array. */
    public long bytes() {
        return (long) time * batch() * features * type.bytes();
    }
}
