package io.tandem.io;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import java.io.IOException;
import java.io.OutputStream;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/**
 * The safetensors format: named arrays with a JSON header, and text as metadata. Reading never runs code and copies
 * nothing where {@link #open} is used.
 *
 * <p>All of Tandem's element types are written and read as they are. Of the format's others, I8, I16 and U16 are read as
 * I32, and U32 and U64 as I64; the 8-bit and smaller floating types are errors.
 */
public final class Safetensors {
    private static final int ALIGNMENT = 8;
    private static final int CHUNK = 1 << 16;

    private Safetensors() {}

    /**
     * Writes arrays without metadata; see {@link #write(Path, Map, Map)}.
     *
     * @throws UncheckedIOException if it cannot be written; the old file is then unchanged
     */
    public static void write(Path file, Map<String, NDArray> arrays) {
        write(file, arrays, Map.of());
    }

    /**
     * Writes arrays, atomically, in place of a file that may be there. Arrays with wider elements come first, in the map's
     * order otherwise, so that all of them are aligned.
     *
     * @param metadata text to store with them
     * @throws IllegalArgumentException if an array is called {@code __metadata__}
     * @throws UncheckedIOException if it cannot be written; the old file is then unchanged
     */
    public static void write(Path file, Map<String, NDArray> arrays, Map<String, String> metadata) {
        if (arrays.containsKey(SafetensorsHeader.METADATA)) {
            throw new IllegalArgumentException(
                    "no array can be called " + SafetensorsHeader.METADATA + " in a safetensors file");
        }
        List<Map.Entry<String, NDArray>> order = new ArrayList<>(arrays.entrySet());
        order.sort(Comparator.comparingInt(entry -> -entry.getValue().dtype().bytes()));
        byte[] header = header(order, metadata);
        AtomicFile.write(file, out -> {
            out.write(ByteBuffer.allocate(Long.BYTES)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(header.length)
                    .array());
            out.write(header);
            byte[] chunk = new byte[CHUNK];
            for (Map.Entry<String, NDArray> entry : order) {
                copy(entry.getValue().segment(), chunk, out);
            }
        });
    }

    private static void copy(MemorySegment data, byte[] chunk, OutputStream out) throws IOException {
        for (long at = 0; at < data.byteSize(); at += chunk.length) {
            int size = (int) Math.min(chunk.length, data.byteSize() - at);
            MemorySegment.copy(data, ValueLayout.JAVA_BYTE, at, chunk, 0, size);
            out.write(chunk, 0, size);
        }
    }

    private static byte[] header(List<Map.Entry<String, NDArray>> arrays, Map<String, String> metadata) {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
            json.writeStartObject();
            if (!metadata.isEmpty()) {
                json.writeObjectFieldStart(SafetensorsHeader.METADATA);
                for (Map.Entry<String, String> entry : metadata.entrySet()) {
                    json.writeStringField(entry.getKey(), entry.getValue());
                }
                json.writeEndObject();
            }
            long at = 0;
            for (Map.Entry<String, NDArray> entry : arrays) {
                NDArray array = entry.getValue();
                json.writeObjectFieldStart(entry.getKey());
                json.writeStringField("dtype", array.dtype().name());
                json.writeArrayFieldStart("shape");
                for (int dim : array.shape().toArray()) {
                    json.writeNumber(dim);
                }
                json.writeEndArray();
                json.writeArrayFieldStart("data_offsets");
                json.writeNumber(at);
                json.writeNumber(at += array.type().bytes());
                json.writeEndArray();
                json.writeEndObject();
            }
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write a header of JSON", e);
        }
        byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
        // Spaces at the end let the arrays begin at a multiple of eight.
        byte[] padded = new byte[Math.ceilDiv(bytes.length, ALIGNMENT) * ALIGNMENT];
        java.util.Arrays.fill(padded, (byte) ' ');
        System.arraycopy(bytes, 0, padded, 0, bytes.length);
        return padded;
    }

    /**
     * Opens a file: its header is read and checked, its arrays are views of the file.
     *
     * @throws FormatException if it is not a valid safetensors file
     * @throws UncheckedIOException if it cannot be read
     */
    public static SafetensorsFile open(Path file) {
        return SafetensorsFile.open(file);
    }

    /**
     * Copies of all arrays of a file, in the order of the header.
     *
     * @throws FormatException if it is not a valid safetensors file, or has elements that Tandem cannot represent
     * @throws UncheckedIOException if it cannot be read
     */
    public static Map<String, NDArray> read(Path file) {
        try (SafetensorsFile open = open(file)) {
            return open.copies();
        }
    }

    /** The element type of a format's name that Tandem has too. */
    static java.util.Optional<DType> dtype(String name) {
        return java.util.Arrays.stream(DType.values())
                .filter(d -> d.name().equals(name))
                .findFirst();
    }
}
