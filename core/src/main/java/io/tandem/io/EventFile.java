package io.tandem.io;

import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.CRC32C;

/**
 * Writes a file that TensorBoard shows: scalars, histograms, images and text by tag and step. It is a sequence of records
 * (length, checksum, data, checksum), each with a protocol buffer of type {@code tensorflow.Event}.
 *
 * <p>Events are collected until {@link #flush}, which appends them; between flushes no file is open. Used by one thread at
 * a time.
 */
public final class EventFile {
    private static final AtomicInteger COUNT = new AtomicInteger();
    private static final int BUCKETS = 64;

    private final Path file;
    private final ByteArrayOutputStream pending = new ByteArrayOutputStream();
    private long written;

    private EventFile(Path file) {
        this.file = file;
    }

    /**
     * A new file in a folder, which is made.
     *
     * @param folder TensorBoard's log folder, or one in it: its name is then that of the run
     * @throws UncheckedIOException if it cannot be written
     */
    public static EventFile create(Path folder) {
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot make the folder " + folder + ": " + Reason.of(e), e);
        }
        EventFile events = new EventFile(folder.resolve(String.format(
                Locale.ROOT,
                "events.out.tfevents.%010d.tandem.%d.%d",
                System.currentTimeMillis() / 1000,
                ProcessHandle.current().pid(),
                COUNT.getAndIncrement())));
        events.event(0, out -> out.writeString(3, "brain.Event:2"));
        events.flush();
        return events;
    }

    /** Where the events are. */
    public Path file() {
        return file;
    }

    private void event(long step, ProtobufMessage.Fields what) {
        record(ProtobufMessage.of(out -> {
            out.writeDouble(1, System.currentTimeMillis() / 1e3);
            out.writeInt64(2, step);
            what.write(out);
        }));
    }

    private void summary(String tag, long step, ProtobufMessage.Fields value) {
        byte[] tagged = ProtobufMessage.of(out -> {
            out.writeString(1, tag);
            value.write(out);
        });
        event(step, out -> out.writeByteArray(5, ProtobufMessage.of(summary -> summary.writeByteArray(1, tagged))));
    }

    /** A number. */
    public void scalar(String tag, long step, double value) {
        summary(tag, step, out -> out.writeFloat(2, (float) value));
    }

    /** How the values of an array are distributed, in buckets of equal width; values that are not finite are left out. */
    public void histogram(String tag, long step, NDArray values) {
        double min = Double.POSITIVE_INFINITY;
        double max = Double.NEGATIVE_INFINITY;
        double sum = 0;
        double squares = 0;
        long count = 0;
        long size = values.shape().size();
        for (long i = 0; i < size; i++) {
            double value = values.getDouble(i);
            if (Double.isFinite(value)) {
                min = Math.min(min, value);
                max = Math.max(max, value);
                sum += value;
                squares += value * value;
                count++;
            }
        }
        if (count == 0) {
            return;
        }
        double width = max > min ? (max - min) / BUCKETS : 1;
        double[] buckets = new double[BUCKETS];
        for (long i = 0; i < size; i++) {
            double value = values.getDouble(i);
            if (Double.isFinite(value)) {
                buckets[(int) Math.min(BUCKETS - 1.0, (value - min) / width)]++;
            }
        }
        double[] numbers = {min, max, count, sum, squares};
        double[] limits = new double[BUCKETS];
        for (int i = 0; i < BUCKETS; i++) {
            limits[i] = min + (i + 1) * width;
        }
        summary(tag, step, out -> out.writeByteArray(5, ProtobufMessage.of(histogram -> {
            for (int i = 0; i < numbers.length; i++) {
                histogram.writeDouble(i + 1, numbers[i]);
            }
            histogram.writeByteArray(6, packed(limits));
            histogram.writeByteArray(7, packed(buckets));
        })));
    }

    private static byte[] packed(double[] values) {
        ByteBuffer bytes = ByteBuffer.allocate(values.length * Double.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (double value : values) {
            bytes.putDouble(value);
        }
        return bytes.array();
    }

    /**
     * A picture.
     *
     * @param image [channels, height, width] with 1 (grey), 3 (RGB) or 4 (RGBA) channels; bytes, or floats from 0 to 1
     * @throws IllegalArgumentException if it is of another shape
     */
    public void image(String tag, long step, NDArray image) {
        byte[] png = Png.encode(image);
        summary(tag, step, out -> out.writeByteArray(4, ProtobufMessage.of(picture -> {
            picture.writeInt32(1, image.shape().dim(1));
            picture.writeInt32(2, image.shape().dim(2));
            picture.writeInt32(3, image.shape().dim(0));
            picture.writeByteArray(4, png);
        })));
    }

    /** A text, in Markdown. */
    public void text(String tag, long step, String text) {
        int string = 7;
        byte[] dimension = ProtobufMessage.of(out -> out.writeInt64(1, 1));
        byte[] tensor = ProtobufMessage.of(out -> {
            out.writeEnum(1, string);
            out.writeByteArray(2, ProtobufMessage.of(shape -> shape.writeByteArray(2, dimension)));
            out.writeByteArray(8, text.getBytes(StandardCharsets.UTF_8));
        });
        byte[] plugin = ProtobufMessage
                .of(out -> out.writeByteArray(1, ProtobufMessage.of(data -> data.writeString(1, "text"))));
        summary(tag, step, out -> {
            out.writeByteArray(8, tensor);
            out.writeByteArray(9, plugin);
        });
    }

    private void record(byte[] data) {
        byte[] length = ByteBuffer.allocate(Long.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(data.length)
                .array();
        pending.writeBytes(length);
        pending.writeBytes(masked(length));
        pending.writeBytes(data);
        pending.writeBytes(masked(data));
    }

    /** The checksum of the record format: rotated and shifted, so that checksums of checksums are no problem. */
    private static byte[] masked(byte[] data) {
        CRC32C crc = new CRC32C();
        crc.update(data);
        int value = (int) crc.getValue();
        return ByteBuffer.allocate(Integer.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt((value >>> 15 | value << 17) + 0xa282ead8)
                .array();
    }

    /**
     * Appends what has been collected to the file.
     *
     * @throws UncheckedIOException if it cannot be written; what was collected can be flushed again
     */
    public void flush() {
        try (RandomAccessFile out = new RandomAccessFile(file.toFile(), "rw")) {
            // A flush that failed may have written a part of a record.
            out.setLength(written);
            out.seek(written);
            out.write(pending.toByteArray());
            written += pending.size();
            pending.reset();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write " + file + ": " + Reason.of(e), e);
        }
    }

    /** Whether an array can be shown as a picture. */
    static boolean isImage(NDArray image) {
        return image.shape().rank() == 3
                && (image.dtype() == DType.U8 || image.dtype().isFloating())
                && image.shape().size() > 0
                && switch (image.shape().dim(0)) {
                    case 1, 3, 4 -> true;
                    default -> false;
                };
    }
}
