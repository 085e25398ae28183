package io.tandem.data;

import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;

/** One column of an {@link ArrayDataset}: an array with one row per sample, and how its rows are read. */
public sealed interface Column {
    /** The number of samples. */
    int rows();

    /** The type of one sample as it is read. */
    TensorType type();

    /**
     * Writes rows one after the other.
     *
     * @param indices valid indices of rows
     * @param into memory of {@code indices.length} samples of {@link #type()}
     */
    void read(int[] indices, MemorySegment into);

    /**
     * A column that is read as it is.
     *
     * @param values array of shape {@code [samples, ...]}
     */
    static Column of(NDArray values) {
        return new Plain(values);
    }

    /**
     * Bytes that stay bytes in memory and are read as float32, {@code (byte / 255 - mean) / std}. With one mean and one
     * std they hold for all values; with several, there is one of each per channel, the second axis of the array.
     *
     * @param values {@code u8[samples, channels, ...]}
     * @param mean mean of the values, scaled to 0..1
     * @param std standard deviation of the values, scaled to 0..1, positive
     */
    static Column normalized(NDArray values, float[] mean, float[] std) {
        return new Normalized(values, mean, std);
    }

    /** Bytes that are read as float32 from 0 to 1: {@code byte / 255}. */
    static Column unit(NDArray values) {
        return new Normalized(values, new float[] {0}, new float[] {1});
    }

    /**
     * Class numbers that are read as float32 vectors with a 1 at the class and 0 elsewhere.
     *
     * @param labels integers of shape {@code [samples]}, each from 0 to {@code classes - 1}
     * @param classes number of classes
     */
    static Column oneHot(NDArray labels, int classes) {
        return new OneHot(labels, classes);
    }

    private static NDArray checkRows(NDArray values) {
        if (values.shape().isScalar()) {
            throw new IllegalArgumentException(
                    "a column of a data set needs a first axis that counts the samples, got the scalar type "
                            + values.type());
        }
        return values;
    }

    /** Rows that are copied as they are. */
    record Plain(NDArray values) implements Column {
        /** Checks that there is an axis of samples. */
        public Plain {
            checkRows(values);
        }

        @Override
        public int rows() {
            return values.shape().dim(0);
        }

        @Override
        public TensorType type() {
            return values.type().with(values.shape().without(0));
        }

        @Override
        public void read(int[] indices, MemorySegment into) {
            long row = type().bytes();
            MemorySegment from = values.segment();
            for (int i = 0; i < indices.length; i++) {
                MemorySegment.copy(from, indices[i] * row, into, i * row, row);
            }
        }
    }

    /** Bytes that are read as normalised float32. */
    final class Normalized implements Column {
        private static final ValueLayout.OfFloat F32 =
                ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

        private final NDArray values;
        private final int channels;
        private final float[] table;

        private Normalized(NDArray values, float[] mean, float[] std) {
            this.values = checkRows(values);
            if (values.dtype() != DType.U8) {
                throw new IllegalArgumentException(
                        "bytes are normalised while reading: needs u8[samples, ...], got " + values.type());
            }
            if (mean.length != std.length || mean.length == 0) {
                throw new IllegalArgumentException("as many means as standard deviations are needed, got %s and %s"
                        .formatted(Arrays.toString(mean), Arrays.toString(std)));
            }
            Shape shape = values.shape();
            if (mean.length > 1 && (shape.rank() < 2 || shape.dim(1) != mean.length)) {
                throw new IllegalArgumentException(
                        "%d means need u8[samples, %d, ...], got %s"
                                .formatted(mean.length, mean.length, values.type()));
            }
            this.channels = mean.length;
            this.table = new float[256 * channels];
            for (int c = 0; c < channels; c++) {
                if (!(std[c] > 0) || !Float.isFinite(std[c]) || !Float.isFinite(mean[c])) {
                    throw new IllegalArgumentException(
                            "mean must be finite and standard deviation positive, got %s and %s for channel %d"
                                    .formatted(mean[c], std[c], c));
                }
                for (int value = 0; value < 256; value++) {
                    table[256 * c + value] = (value / 255f - mean[c]) / std[c];
                }
            }
        }

        @Override
        public int rows() {
            return values.shape().dim(0);
        }

        @Override
        public TensorType type() {
            return new TensorType(DType.F32, values.shape().without(0));
        }

        @Override
        public void read(int[] indices, MemorySegment into) {
            int row = Math.toIntExact(type().shape().size());
            int plane = row / channels;
            byte[] bytes = new byte[row];
            float[] floats = new float[row];
            for (int i = 0; i < indices.length; i++) {
                MemorySegment.copy(values.segment(), ValueLayout.JAVA_BYTE, (long) indices[i] * row, bytes, 0, row);
                for (int c = 0; c < channels; c++) {
                    int base = 256 * c;
                    for (int p = c * plane; p < (c + 1) * plane; p++) {
                        floats[p] = table[base + (bytes[p] & 0xff)];
                    }
                }
                MemorySegment.copy(floats, 0, into, F32, 4L * i * row, row);
            }
        }
    }

    /** Class numbers that are read as vectors of 0 and 1. */
    record OneHot(NDArray labels, int classes) implements Column {
        /** Checks every label. */
        public OneHot {
            if (labels.shape().rank() != 1 || !labels.dtype().isInteger()) {
                throw new IllegalArgumentException("labels must be integers of shape [samples], got " + labels.type());
            }
            for (int i = 0; i < labels.shape().dim(0); i++) {
                long label = labels.getLong(i);
                if (label < 0 || label >= classes) {
                    throw new IllegalArgumentException(
                            "label %d of sample %d is outside of %d classes (0 to %d)"
                                    .formatted(label, i, classes, classes - 1));
                }
            }
        }

        @Override
        public int rows() {
            return labels.shape().dim(0);
        }

        @Override
        public TensorType type() {
            return TensorType.f32(classes);
        }

        @Override
        public void read(int[] indices, MemorySegment into) {
            into.fill((byte) 0);
            for (int i = 0; i < indices.length; i++) {
                NDArray.put(into, DType.F32, (long) i * classes + labels.getLong(indices[i]), 1);
            }
        }
    }
}
