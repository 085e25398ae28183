package io.tandem.data;

import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;

/**
 * Reads the binary form of CIFAR-10 (Krizhevsky 2009): records of one byte label and 3072 bytes image, the planes red,
 * green and blue of 32 rows of 32 pixels. Files may be packed by gzip.
 */
public final class Cifar10Reader {
    /** The names of the classes 0 to 9. */
    public static final List<String> CLASSES = List.of(
            "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck");

    private static final int IMAGE = 3 * 32 * 32;
    private static final int RECORD = 1 + IMAGE;

    private Cifar10Reader() {}

    /**
     * Images and labels of equal number.
     *
     * @param images {@code u8[samples, 3, 32, 32]}
     * @param labels {@code i32[samples]}, from 0 to 9
     */
    public record Content(NDArray images, NDArray labels) {}

    /**
     * Reads files one after the other.
     *
     * @throws DataException if a file is missing, damaged or not of this form, or they do not fit into memory
     */
    public static Content read(Path... files) {
        if (files.length == 0) {
            throw new IllegalArgumentException("at least one CIFAR-10 file is needed");
        }
        // A first pass counts, so that memory is taken once and a damaged gz file cannot ask for too much.
        int records = 0;
        int[] counts = new int[files.length];
        for (int f = 0; f < files.length; f++) {
            Path path = files[f];
            long bytes = DataFile.unpackedBytes(path);
            if (bytes == 0 || bytes % RECORD != 0) {
                throw new DataException(
                        ("%s: %d bytes are not a whole number of CIFAR-10 records of %d bytes; the "
                                + "file is truncated or of another format")
                                .formatted(path, bytes, RECORD));
            }
            counts[f] = Math.toIntExact(bytes / RECORD);
            records = Math.addExact(records, counts[f]);
        }
        TensorType imageType = TensorType.of(DType.U8, records, 3, 32, 32);
        MemorySegment images = NDArray.allocate(imageType);
        int[] labels = new int[records];
        byte[] record = new byte[RECORD];
        MemorySegment recordMemory = MemorySegment.ofArray(record);
        int at = 0;
        for (int f = 0; f < files.length; f++) {
            Path path = files[f];
            try (DataFile file = DataFile.open(path)) {
                for (int i = 0; i < counts[f]; i++) {
                    file.readFully(record, 0, RECORD, "record " + i);
                    labels[at] = record[0] & 0xff;
                    if (labels[at] > 9) {
                        throw new DataException(
                                ("%s: record %d at byte %d has the label %d, expected 0 to 9; the "
                                        + "file is not CIFAR-10 in its binary form")
                                        .formatted(path, i, (long) i * RECORD, labels[at]));
                    }
                    MemorySegment.copy(recordMemory, 1, images, (long) at * IMAGE, IMAGE);
                    at++;
                }
            }
        }
        return new Content(
                NDArray.wrap(imageType, images), NDArray.ofInts(Shape.of(records), labels));
    }
}
