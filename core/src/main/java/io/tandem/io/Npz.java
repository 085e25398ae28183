package io.tandem.io;

import io.tandem.tensor.NDArray;
import java.io.ByteArrayOutputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Enumeration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/**
 * NumPy's file format for named arrays: a zip archive of {@link Npy} entries. Read are stored and deflated entries;
 * written are stored ones, so that equal arrays give equal files.
 */
public final class Npz {
    private static final String ENDING = ".npy";
    private static final int CHUNK = 1 << 16;
    /** Deflate packs at most this many bytes into one (zlib's technical notes). */
    private static final long MAX_RATIO = 1032;

    private Npz() {}

    /**
     * Writes arrays in the map's order, atomically, in place of a file that may be there.
     *
     * @throws FormatException for bfloat16, which npy does not have
     * @throws UncheckedIOException if it cannot be written; the old file is then unchanged
     */
    public static void write(Path file, Map<String, NDArray> arrays) {
        AtomicFile.write(file, out -> write(out, arrays));
    }

    private static void write(OutputStream out, Map<String, NDArray> arrays) throws IOException {
        ZipOutputStream zip = new ZipOutputStream(out, StandardCharsets.UTF_8);
        for (Map.Entry<String, NDArray> array : arrays.entrySet()) {
            byte[] header = header(array.getKey(), array.getValue());
            ZipEntry entry = new ZipEntry(array.getKey() + ENDING);
            entry.setMethod(ZipEntry.STORED);
            // The oldest time that zip knows.
            entry.setTimeLocal(LocalDateTime.of(1980, 1, 1, 0, 0));
            entry.setSize(header.length + array.getValue().type().bytes());
            entry.setCrc(crc(header, array.getValue()));
            zip.putNextEntry(entry);
            zip.write(header);
            copy(array.getValue(), zip);
            zip.closeEntry();
        }
        zip.finish();
    }

    private static byte[] header(String name, NDArray array) throws IOException {
        ByteArrayOutputStream header = new ByteArrayOutputStream();
        try {
            Npy.writeHeader(header, array.type());
        } catch (FormatException e) {
            throw new FormatException(
                    "cannot write '" + name + "': " + e.getMessage() + ", or write a .safetensors file");
        }
        return header.toByteArray();
    }

    private static long crc(byte[] header, NDArray array) throws IOException {
        CRC32 crc = new CRC32();
        crc.update(header);
        copy(array, new OutputStream() {
            @Override
            public void write(int b) {
                crc.update(b);
            }

            @Override
            public void write(byte[] bytes, int offset, int length) {
                crc.update(bytes, offset, length);
            }
        });
        return crc.getValue();
    }

    private static void copy(NDArray array, OutputStream out) throws IOException {
        MemorySegment data = array.segment();
        byte[] chunk = new byte[CHUNK];
        for (long at = 0; at < data.byteSize(); at += CHUNK) {
            int size = (int) Math.min(CHUNK, data.byteSize() - at);
            MemorySegment.copy(data, ValueLayout.JAVA_BYTE, at, chunk, 0, size);
            out.write(chunk, 0, size);
        }
    }

    /**
     * Reads all arrays, in the archive's order; names are those of the entries without {@code .npy}.
     *
     * @throws FormatException if it is not a valid npz file, or its arrays would not fit into memory
     * @throws UncheckedIOException if it cannot be read
     */
    public static Map<String, NDArray> read(Path file) {
        try (ZipFile zip = new ZipFile(file.toFile(), StandardCharsets.UTF_8)) {
            return read(zip, file);
        } catch (NoSuchFileException e) {
            throw new UncheckedIOException("there is no file " + file, e);
        } catch (java.util.zip.ZipException | IllegalArgumentException e) {
            throw new FormatException(file + " is not a valid npz file: " + e.getMessage());
        } catch (IOException e) {
            if (Files.isDirectory(file)) {
                throw new UncheckedIOException("cannot read " + file + ": it is a folder", e);
            }
            throw new UncheckedIOException("cannot read " + file + ": " + Reason.of(e), e);
        }
    }

    private static Map<String, NDArray> read(ZipFile zip, Path file) throws IOException {
        List<ZipEntry> entries = new ArrayList<>();
        for (Enumeration<? extends ZipEntry> all = zip.entries(); all.hasMoreElements();) {
            entries.add(all.nextElement());
        }
        long fileBytes = Files.size(file);
        long left = Memory.limit();
        Map<String, NDArray> arrays = new LinkedHashMap<>();
        for (ZipEntry entry : entries) {
            String name = entry.getName();
            if (!name.endsWith(ENDING)) {
                throw new FormatException(file + ": the entry '" + name + "' is no npy file");
            }
            // What the archive says of itself may be wrong, so the file's size is a limit too.
            long bytes = entry.getMethod() == ZipEntry.STORED
                    ? Math.min(entry.getSize(), fileBytes)
                    : Math.min(entry.getSize(), fileBytes * MAX_RATIO);
            try (InputStream in = new Checked(zip.getInputStream(entry), entry, file, bytes)) {
                NDArray array = Npy.read(in, file + ": " + name, bytes, left);
                if (in.read() >= 0) {
                    throw new FormatException("%s: %s: there are more bytes than %s needs"
                            .formatted(file, name, array.type()));
                }
                left -= array.type().bytes();
                if (arrays.putIfAbsent(name.substring(0, name.length() - ENDING.length()), array) != null) {
                    throw new FormatException(file + ": there are two entries '" + name + "'");
                }
            }
        }
        return Collections.unmodifiableMap(arrays);
    }

    /** An entry's content, whose length and checksum are compared with the archive's. */
    private static final class Checked extends FilterInputStream {
        private final CRC32 crc = new CRC32();
        private final ZipEntry entry;
        private final Path file;
        private long left;

        Checked(InputStream in, ZipEntry entry, Path file, long bytes) {
            super(in);
            this.entry = entry;
            this.file = file;
            this.left = bytes;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
            int count = super.read(into, offset, length);
            if (count < 0) {
                if (crc.getValue() != entry.getCrc()) {
                    throw new FormatException("%s: %s is damaged: its checksum is %08x, not %08x"
                            .formatted(file, entry.getName(), crc.getValue(), entry.getCrc()));
                }
                return count;
            }
            crc.update(into, offset, count);
            left -= count;
            if (left < 0) {
                throw new FormatException("%s: %s unpacks to more bytes than the archive says"
                        .formatted(file, entry.getName()));
            }
            return count;
        }
    }
}
