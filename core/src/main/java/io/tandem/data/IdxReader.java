package io.tandem.data;

import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;

/**
 * Reads the IDX format, in which MNIST and its relatives come: two zero bytes, an element type, the number of axes,
 * their sizes as 32-bit integers, then the values row-major, all big endian. The file may be packed by gzip.
 *
 * <p>Unsigned bytes give {@code u8}; signed bytes, 16-bit and 32-bit integers give {@code i32}; floats {@code f32} and
 * {@code f64}.
 */
public final class IdxReader {
    private static final int MAX_RANK = 16;
    private static final int TILE = 1 << 16;

    private IdxReader() {}

    /**
     * Reads a whole file.
     *
     * @throws DataException if the file is missing, not IDX, damaged, truncated or longer than its header says, or does
     *     not fit into memory
     */
    public static NDArray read(Path path) {
        try (DataFile file = DataFile.open(path)) {
            byte[] magic = new byte[4];
            file.readFully(magic, 0, 4, "IDX header");
            return readValues(file, magic);
        }
    }

    /**
     * Reads a file of a known kind: images are {@code (U8, 3)}, magic number 2051, labels {@code (U8, 1)}, magic number
     * 2049.
     *
     * @param path the file
     * @param dtype expected type of the result
     * @param rank expected number of axes
     * @throws DataException as {@link #read(Path)}, and if the file holds something else
     */
    public static NDArray read(Path path, DType dtype, int rank) {
        try (DataFile file = DataFile.open(path)) {
            byte[] magic = new byte[4];
            file.readFully(magic, 0, 4, "IDX header");
            IdxType type = IdxType.of(file, magic);
            if (type.dtype != dtype || magic[3] != rank) {
                throw new DataException(
                        ("%s: holds values of type %s with %d axes (magic number %d), expected type "
                                + "%s with %d axes; is it another file of the set?")
                                .formatted(path, type, magic[3] & 0xff, number(magic, 0), dtype, rank));
            }
            return readValues(file, magic);
        }
    }

    private static NDArray readValues(DataFile file, byte[] magic) {
        IdxType type = IdxType.of(file, magic);
        int rank = magic[3] & 0xff;
        if (rank > MAX_RANK) {
            throw new DataException("%s: the IDX header announces %d axes, at most %d are sensible; the file is damaged"
                    .formatted(file.path(), rank, MAX_RANK));
        }
        byte[] sizes = new byte[4 * rank];
        file.readFully(sizes, 0, sizes.length, "IDX header");
        int[] dims = new int[rank];
        double elements = 1;
        for (int axis = 0; axis < rank; axis++) {
            dims[axis] = number(sizes, 4 * axis);
            if (dims[axis] < 0) {
                throw new DataException("%s: the IDX header gives axis %d the size %d at byte %d; the file is damaged"
                        .formatted(file.path(), axis, dims[axis] & 0xffffffffL, 4 + 4 * axis));
            }
            elements *= dims[axis];
        }
        if (elements > 0x1p40) {
            throw new DataException("%s: the IDX header announces %.0f values; the file is damaged"
                    .formatted(file.path(), elements));
        }
        Shape shape = Shape.of(dims);
        file.require(shape.size() * type.bytes, "values of shape " + shape);
        NDArray values = type.read(file, shape);
        if (!file.atEnd()) {
            throw new DataException(
                    "%s: there are more bytes after the values of shape %s, which end at byte %d; the file is damaged"
                            .formatted(file.path(), shape, file.position() - 1));
        }
        return values;
    }

    private static int number(byte[] bytes, int at) {
        return bytes[at] << 24 | (bytes[at + 1] & 0xff) << 16 | (bytes[at + 2] & 0xff) << 8 | bytes[at + 3] & 0xff;
    }

    private enum IdxType {
        UNSIGNED_BYTE(8, 1, DType.U8),
        SIGNED_BYTE(9, 1, DType.I32),
        SHORT(11, 2, DType.I32),
        INT(12, 4, DType.I32),
        FLOAT(13, 4, DType.F32),
        DOUBLE(14, 8, DType.F64);

        private static final ValueLayout.OfShort I16_BIG =
                ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
        private static final ValueLayout.OfInt I32_BIG = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
        private static final ValueLayout.OfLong I64_BIG =
                ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
        private static final ValueLayout.OfInt I32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
        private static final ValueLayout.OfLong I64 =
                ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

        private final int code;
        private final int bytes;
        private final DType dtype;

        IdxType(int code, int bytes, DType dtype) {
            this.code = code;
            this.bytes = bytes;
            this.dtype = dtype;
        }

        static IdxType of(DataFile file, byte[] magic) {
            if (magic[0] == 0 && magic[1] == 0) {
                for (IdxType type : values()) {
                    if (type.code == magic[2]) {
                        return type;
                    }
                }
            }
            throw new DataException(
                    ("%s: not an IDX file: it starts with the bytes %02x %02x %02x %02x; expected 00 "
                            + "00, a type (08, 09, 0b to 0e) and the number of axes")
                            .formatted(file.path(), magic[0], magic[1], magic[2], magic[3]));
        }

        NDArray read(DataFile file, Shape shape) {
            TensorType result = new TensorType(dtype, shape);
            MemorySegment into = NDArray.allocate(result);
            byte[] tile = new byte[TILE];
            MemorySegment from = MemorySegment.ofArray(tile);
            long total = shape.size() * bytes;
            long done = 0;
            while (done < total) {
                int length = (int) Math.min(TILE, total - done);
                file.readFully(tile, 0, length, "values of shape " + shape);
                convert(from, into, done / bytes, length / bytes);
                done += length;
            }
            return NDArray.wrap(result, into);
        }

        private void convert(MemorySegment from, MemorySegment into, long first, int count) {
            switch (this) {
                case UNSIGNED_BYTE -> MemorySegment.copy(from, 0, into, first, count);
                case SIGNED_BYTE -> {
                    for (int i = 0; i < count; i++) {
                        into.setAtIndex(I32, first + i, from.get(ValueLayout.JAVA_BYTE, i));
                    }
                }
                case SHORT -> {
                    for (int i = 0; i < count; i++) {
                        into.setAtIndex(I32, first + i, from.getAtIndex(I16_BIG, i));
                    }
                }
                case INT, FLOAT -> {
                    for (int i = 0; i < count; i++) {
                        into.setAtIndex(I32, first + i, from.getAtIndex(I32_BIG, i));
                    }
                }
                case DOUBLE -> {
                    for (int i = 0; i < count; i++) {
                        into.setAtIndex(I64, first + i, from.getAtIndex(I64_BIG, i));
                    }
                }
            }
        }
    }
}
