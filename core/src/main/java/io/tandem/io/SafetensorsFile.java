package io.tandem.io;

import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * An open safetensors file. Arrays are views of the file's memory mapping: nothing is copied, and after {@link #close}
 * their use is an {@link IllegalStateException}. The file must not be shortened by others while it is open; replacing it,
 * as {@link Safetensors#write} does, is harmless.
 */
public final class SafetensorsFile implements AutoCloseable {
    /** The limit that the format's own library has. */
    private static final long LONGEST_HEADER = 100_000_000;

    private static final ValueLayout.OfLong LENGTH =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final Path path;
    private final Arena arena;
    private final MemorySegment data;
    private final SafetensorsHeader header;

    private SafetensorsFile(Path path, Arena arena, MemorySegment data, SafetensorsHeader header) {
        this.path = path;
        this.arena = arena;
        this.data = data;
        this.header = header;
    }

    static SafetensorsFile open(Path path) {
        Arena arena = Arena.ofShared();
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            long size = channel.size();
            if (size < Long.BYTES) {
                throw new FormatException(
                        "%s is not a safetensors file: it has %d bytes, the header's length alone needs 8"
                                .formatted(path, size));
            }
            MemorySegment file = channel.map(FileChannel.MapMode.READ_ONLY, 0, size, arena);
            long length = file.get(LENGTH, 0);
            if (length < 2 || length > Math.min(LONGEST_HEADER, size - Long.BYTES)) {
                throw new FormatException(
                        "%s is not a safetensors file, or it is cut short: a header of %s bytes in a file of %,d bytes"
                                .formatted(path, Long.toUnsignedString(length), size));
            }
            byte[] text = file.asSlice(Long.BYTES, length).toArray(ValueLayout.JAVA_BYTE);
            long start = Long.BYTES + length;
            SafetensorsHeader header = SafetensorsHeader.parse(path.toString(), decode(path, text), size - start);
            return new SafetensorsFile(path, arena, file.asSlice(start), header);
        } catch (IOException e) {
            arena.close();
            throw failure(path, e);
        } catch (RuntimeException | Error e) {
            arena.close();
            throw e;
        }
    }

    private static String decode(Path path, byte[] text) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(java.nio.ByteBuffer.wrap(text))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new FormatException(path + ": the header is not UTF-8 text");
        }
    }

    private static UncheckedIOException failure(Path path, IOException e) {
        if (e instanceof NoSuchFileException) {
            return new UncheckedIOException("there is no file or folder " + path, e);
        }
        String reason = Files.isDirectory(path) ? "it is a folder" : Reason.of(e);
        return new UncheckedIOException("cannot read " + path + ": " + reason, e);
    }

    /** The text that is stored beside the arrays. */
    public Map<String, String> metadata() {
        return header.metadata();
    }

    /** The names of the arrays, in the order of the header. */
    public Set<String> names() {
        return header.entries().keySet();
    }

    /**
     * The types that the arrays have in Tandem, by name.
     *
     * @throws FormatException if one of them has elements that Tandem cannot represent
     */
    public Map<String, TensorType> types() {
        Map<String, TensorType> types = new LinkedHashMap<>();
        header.entries().forEach((name, entry) -> types.put(name, new TensorType(target(name, entry), entry.shape())));
        return Collections.unmodifiableMap(types);
    }

    /**
     * An array: a view of the file, or a converted copy where Tandem does not have its element type.
     *
     * @throws IllegalArgumentException if there is none of that name
     * @throws FormatException if Tandem cannot represent it
     * @throws IllegalStateException if the file is closed
     */
    public NDArray get(String name) {
        if (!arena.scope().isAlive()) {
            throw new IllegalStateException(path + " is closed");
        }
        SafetensorsHeader.Entry entry = header.entries().get(name);
        if (entry == null) {
            throw new IllegalArgumentException(
                    "%s has no array '%s'; it has %s".formatted(path, name, names()));
        }
        MemorySegment values = data.asSlice(entry.begin(), entry.end() - entry.begin());
        TensorType type = new TensorType(target(name, entry), entry.shape());
        return Safetensors.dtype(entry.dtype()).isPresent()
                ? NDArray.wrap(type, truths(name, type, values))
                : converted(name, entry, type, values);
    }

    /**
     * Copies of all arrays, in the order of the header; they outlive this file.
     *
     * @throws FormatException if Tandem cannot represent one of them, or they do not fit into memory
     */
    public Map<String, NDArray> copies() {
        Map<String, NDArray> copies = new LinkedHashMap<>();
        Memory.require(path.toString(), types().values().stream().mapToLong(TensorType::bytes).sum());
        for (String name : names()) {
            NDArray array = get(name);
            if (array.segment().isNative()) {
                MemorySegment copy = NDArray.allocate(array.type());
                copy.copyFrom(array.segment());
                array = NDArray.wrap(array.type(), copy);
            }
            copies.put(name, array);
        }
        return copies;
    }

    private MemorySegment truths(String name, TensorType type, MemorySegment values) {
        if (type.dtype() == DType.BOOL) {
            for (long i = 0; i < values.byteSize(); i++) {
                byte value = values.get(ValueLayout.JAVA_BYTE, i);
                if (value != 0 && value != 1) {
                    throw new FormatException("%s: '%s' has the truth value %d at %d; 0 and 1 are allowed"
                            .formatted(path, name, value, i));
                }
            }
        }
        return values;
    }

    private DType target(String name, SafetensorsHeader.Entry entry) {
        return switch (entry.dtype()) {
            case "I8", "I16", "U16" -> DType.I32;
            case "U32", "U64" -> DType.I64;
            default ->
                Safetensors.dtype(entry.dtype())
                        .orElseThrow(() -> new FormatException(
                                "%s: '%s' has elements of type %s, which Tandem does not have; convert them to F32 first"
                                        .formatted(path, name, entry.dtype())));
        };
    }

    private NDArray converted(String name, SafetensorsHeader.Entry entry, TensorType type, MemorySegment values) {
        Shape shape = entry.shape();
        MemorySegment copy = NDArray.allocate(type);
        for (long i = 0; i < shape.size(); i++) {
            long value =
                    switch (entry.dtype()) {
                        case "I8" -> values.get(ValueLayout.JAVA_BYTE, i);
                        case "I16" -> values.getAtIndex(SHORT, i);
                        case "U16" -> Short.toUnsignedLong(values.getAtIndex(SHORT, i));
                        case "U32" -> Integer.toUnsignedLong(values.getAtIndex(INT, i));
                        default -> values.getAtIndex(LENGTH, i);
                    };
            if (entry.dtype().equals("U64") && value < 0) {
                throw new FormatException("%s: '%s' has the value %s at %d, which is too large for I64"
                        .formatted(path, name, Long.toUnsignedString(value), i));
            }
            NDArray.putLong(copy, type.dtype(), i, value);
        }
        return NDArray.wrap(type, copy);
    }

    /** Ends the mapping; closing twice has no effect. */
    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
