package io.tandem.io;

import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * NumPy's file format for one array: versions 1.0, 2.0 and 3.0, either byte order, C and Fortran order (which is
 * transposed). Written are version 1.0, little endian, C order. bfloat16 has no type in this format.
 */
public final class Npy {
    private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
    private static final int LONGEST_HEADER = 1 << 20;
    private static final int ALIGNMENT = 64;
    private static final int CHUNK = 1 << 16;

    private Npy() {}

    /**
     * Reads a file.
     *
     * @throws FormatException if it is not a valid npy file, or has elements of another type than Tandem's
     * @throws UncheckedIOException if it cannot be read
     */
    public static NDArray read(Path file) {
        try (InputStream in = Files.newInputStream(file)) {
            NDArray array = read(in, file.toString(), Files.size(file), Memory.limit());
            if (in.read() >= 0) {
                throw new FormatException(
                        "%s: there are more bytes than %s needs".formatted(file, array.type()));
            }
            return array;
        } catch (NoSuchFileException e) {
            throw new UncheckedIOException("there is no file " + file, e);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + file + ": " + Reason.of(e), e);
        }
    }

    /**
     * Reads one array from a stream and leaves the stream behind it.
     *
     * @param in the stream
     * @param name what messages call it
     * @throws FormatException as {@link #read(Path)}
     * @throws IOException if the stream fails
     */
    public static NDArray read(InputStream in, String name) throws IOException {
        return read(in, name, Long.MAX_VALUE, Memory.limit());
    }

    /**
     * Reads one array from a stream.
     *
     * @param limit known to be the most bytes that the stream gives
     * @param memory bytes that may be taken
     */
    static NDArray read(InputStream in, String name, long limit, long memory) throws IOException {
        byte[] start = exactly(in, 8, name, "the start");
        for (int i = 0; i < MAGIC.length; i++) {
            if (start[i] != MAGIC[i]) {
                throw new FormatException(name + " is not an npy file: it does not start with \\x93NUMPY");
            }
        }
        int major = start[6] & 0xff;
        if (major < 1 || major > 3 || start[7] != 0) {
            throw new FormatException(
                    "%s has npy version %d.%d; 1.0, 2.0 and 3.0 are known".formatted(name, major, start[7] & 0xff));
        }
        ByteBuffer size = ByteBuffer.wrap(exactly(in, major == 1 ? 2 : 4, name, "the header's length"))
                .order(ByteOrder.LITTLE_ENDIAN);
        long length = major == 1 ? size.getShort() & 0xffff : size.getInt() & 0xffff_ffffL;
        if (length > LONGEST_HEADER) {
            throw new FormatException("%s: a header of %,d bytes is too long".formatted(name, length));
        }
        byte[] bytes = exactly(in, (int) length, name, "the header");
        NpyHeader header = NpyHeader.parse(
                name, new String(bytes, major == 3 ? StandardCharsets.UTF_8 : StandardCharsets.ISO_8859_1));
        return values(in, name, header, limit - start.length - size.capacity() - length, memory);
    }

    private static NDArray values(InputStream in, String name, NpyHeader header, long limit, long memory)
            throws IOException {
        TensorType type = header.type();
        // Before memory is asked for: a wrong shape in a short file must not take all there is.
        if (type.bytes() > limit) {
            throw truncated(name, type, limit);
        }
        boolean transposed = header.fortranOrder() && type.shape().rank() > 1;
        Memory.require(name, transposed ? 2 * type.bytes() : type.bytes(), memory);
        MemorySegment data;
        try {
            data = NDArray.allocate(type);
        } catch (IllegalArgumentException e) {
            throw new FormatException(name + ": " + e.getMessage());
        }
        byte[] chunk = new byte[CHUNK];
        for (long at = 0; at < type.bytes();) {
            int wanted = (int) Math.min(CHUNK, type.bytes() - at);
            int got = in.readNBytes(chunk, 0, wanted);
            MemorySegment.copy(chunk, 0, data, ValueLayout.JAVA_BYTE, at, got);
            if (got < wanted) {
                throw truncated(name, type, at + got);
            }
            at += got;
        }
        int width = type.dtype().bytes();
        if (header.bigEndian()) {
            swap(data, width);
        }
        if (type.dtype() == DType.BOOL) {
            for (long i = 0; i < data.byteSize(); i++) {
                data.set(ValueLayout.JAVA_BYTE, i, (byte) (data.get(ValueLayout.JAVA_BYTE, i) != 0 ? 1 : 0));
            }
        }
        return NDArray.wrap(type, transposed ? rowMajor(data, type) : data);
    }

    private static FormatException truncated(String name, TensorType type, long got) {
        return new FormatException("%s is cut short: %s needs %,d bytes of values, there are %,d"
                .formatted(name, type, type.bytes(), got));
    }

    private static void swap(MemorySegment data, int width) {
        for (long at = 0; at < data.byteSize(); at += width) {
            for (int i = 0; i < width / 2; i++) {
                byte low = data.get(ValueLayout.JAVA_BYTE, at + i);
                data.set(ValueLayout.JAVA_BYTE, at + i, data.get(ValueLayout.JAVA_BYTE, at + width - 1 - i));
                data.set(ValueLayout.JAVA_BYTE, at + width - 1 - i, low);
            }
        }
    }

    /** Values with the first axis fastest, in row-major order. */
    private static MemorySegment rowMajor(MemorySegment columns, TensorType type) {
        Shape shape = type.shape();
        int rank = shape.rank();
        int width = type.dtype().bytes();
        MemorySegment rows = NDArray.allocate(type);
        long[] strides = new long[rank];
        strides[0] = 1;
        for (int i = 1; i < rank; i++) {
            strides[i] = strides[i - 1] * shape.dim(i - 1);
        }
        int[] index = new int[rank];
        long from = 0;
        for (long to = 0; to < shape.size(); to++) {
            MemorySegment.copy(columns, from * width, rows, to * width, width);
            for (int axis = rank - 1; axis >= 0; axis--) {
                from += strides[axis];
                if (++index[axis] < shape.dim(axis)) {
                    break;
                }
                from -= strides[axis] * index[axis];
                index[axis] = 0;
            }
        }
        return rows;
    }

    /**
     * Writes a file, atomically, in place of one that may be there.
     *
     * @throws FormatException for bfloat16
     * @throws UncheckedIOException if it cannot be written
     */
    public static void write(Path file, NDArray array) {
        byte[] header = header(array.type());
        AtomicFile.write(file, out -> write(out, header, array));
    }

    /**
     * Writes one array to a stream, which stays open.
     *
     * @throws FormatException for bfloat16
     * @throws IOException if the stream fails
     */
    public static void write(OutputStream out, NDArray array) throws IOException {
        write(out, header(array.type()), array);
    }

    /** Writes what comes before the values. */
    static void writeHeader(OutputStream out, TensorType type) throws IOException {
        out.write(header(type));
    }

    private static void write(OutputStream out, byte[] header, NDArray array) throws IOException {
        out.write(header);
        MemorySegment data = array.segment();
        byte[] chunk = new byte[CHUNK];
        for (long at = 0; at < data.byteSize(); at += CHUNK) {
            int size = (int) Math.min(CHUNK, data.byteSize() - at);
            MemorySegment.copy(data, ValueLayout.JAVA_BYTE, at, chunk, 0, size);
            out.write(chunk, 0, size);
        }
    }

    /** Magic, version, length and dictionary, filled up so that the values start at a multiple of 64 bytes. */
    private static byte[] header(TensorType type) {
        byte[] text = NpyHeader.text(type).getBytes(StandardCharsets.ISO_8859_1);
        int total = Math.ceilDiv(MAGIC.length + 4 + text.length + 1, ALIGNMENT) * ALIGNMENT;
        ByteBuffer buffer = ByteBuffer.allocate(total).order(ByteOrder.LITTLE_ENDIAN);
        buffer.put(MAGIC).put((byte) 1).put((byte) 0).putShort((short) (total - MAGIC.length - 4));
        buffer.put(text);
        while (buffer.position() < total - 1) {
            buffer.put((byte) ' ');
        }
        return buffer.put((byte) '\n').array();
    }

    private static byte[] exactly(InputStream in, int count, String name, String what) throws IOException {
        byte[] bytes = in.readNBytes(count);
        if (bytes.length < count) {
            throw new FormatException("%s is cut short: %s needs %d bytes, there are %d"
                    .formatted(name, what, count, bytes.length));
        }
        return bytes;
    }
}
