package io.tandem.data;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * A file that is read from its start to its end, packed by gzip or not (the first two bytes tell). All failures are
 * {@link DataException}s that name the file and the position.
 */
public final class DataFile implements AutoCloseable {
    /** Deflate packs at most this many bytes into one (zlib's technical notes). */
    private static final long MAX_RATIO = 1032;

    private static final int BUFFER = 1 << 16;

    private final Path path;
    private final long fileBytes;
    private final boolean packed;
    private final InputStream in;
    private long position;

    private DataFile(Path path, long fileBytes, boolean packed, InputStream in) {
        this.path = path;
        this.fileBytes = fileBytes;
        this.packed = packed;
        this.in = in;
    }

    /**
     * Opens a file.
     *
     * @throws DataException if there is no such file or it cannot be read
     */
    public static DataFile open(Path path) {
        if (Files.isDirectory(path)) {
            throw new DataException(path + " is a folder, a file is needed");
        }
        InputStream raw = null;
        try {
            raw = new BufferedInputStream(Files.newInputStream(path), BUFFER);
            raw.mark(2);
            boolean packed = raw.read() == 0x1f && raw.read() == 0x8b;
            raw.reset();
            InputStream in = packed ? new GZIPInputStream(raw, BUFFER) : raw;
            return new DataFile(path, Files.size(path), packed, in);
        } catch (IOException e) {
            if (raw != null) {
                try {
                    raw.close();
                } catch (IOException closing) {
                    e.addSuppressed(closing);
                }
            }
            throw failure(path, 0, e);
        }
    }

    private static DataException failure(Path path, long position, IOException e) {
        String what =
                switch (e) {
                    case NoSuchFileException _ -> "file not found: " + path;
                    case AccessDeniedException _ -> path + ": no permission to read this file";
                    case EOFException _ ->
                        ("%s: the gz file is truncated: it ends in the middle of the data after %d "
                                + "unpacked bytes; get it again")
                                .formatted(path, position);
                    case ZipException _ ->
                        "%s: the gz file is damaged after %d unpacked bytes (%s); get it again"
                                .formatted(path, position, e.getMessage());
                    default -> "%s: cannot be read at byte %d: %s".formatted(path, position, e);
                };
        return new DataException(what, e);
    }

    /** The file. */
    public Path path() {
        return path;
    }

    /** The number of unpacked bytes read so far. */
    public long position() {
        return position;
    }

    /**
     * Reads up to {@code length} bytes.
     *
     * @return the number of bytes read, at least 1, or -1 at the end of the file
     */
    public int read(byte[] into, int offset, int length) {
        try {
            int count = in.read(into, offset, length);
            if (count > 0) {
                position += count;
            }
            return count;
        } catch (IOException e) {
            throw failure(path, position, e);
        }
    }

    /**
     * Reads exactly {@code length} bytes.
     *
     * @param what names the bytes in the error message
     * @throws DataException if the file ends before
     */
    public void readFully(byte[] into, int offset, int length, String what) {
        int done = 0;
        while (done < length) {
            int count = read(into, offset + done, length - done);
            if (count < 0) {
                throw new DataException("%s: the file ends at byte %d within the %s, %d bytes are missing; get it again"
                        .formatted(path, position, what, length - done));
            }
            done += count;
        }
    }

    /** Whether the end of the file is reached. Reads one byte if not, so call it where no more data is expected. */
    public boolean atEnd() {
        return read(new byte[1], 0, 1) < 0;
    }

    /**
     * Checks that the file can hold so many more unpacked bytes and that they fit into memory, before memory is taken
     * for them.
     *
     * @param bytes what a header asks for
     * @param what describes the data in the error message
     * @throws DataException if they cannot
     */
    public void require(long bytes, String what) {
        long possible = packed ? fileBytes * MAX_RATIO : fileBytes - position;
        if (bytes > possible) {
            throw new DataException(
                    ("%s: the header announces %s (%d bytes), but the file can hold %d bytes at most; "
                            + "it is truncated or damaged, get it again")
                            .formatted(path, what, bytes, possible));
        }
        requireMemory(path, bytes, what);
    }

    /**
     * The number of unpacked bytes of a whole file. Memory does not grow with the file, however well it is packed.
     *
     * @throws DataException if the file cannot be read, or would not fit into memory
     */
    public static long unpackedBytes(Path path) {
        try (DataFile file = open(path)) {
            byte[] buffer = new byte[BUFFER];
            while (file.read(buffer, 0, buffer.length) >= 0) {
                requireMemory(path, file.position, "unpacked, it");
            }
            return file.position;
        }
    }

    /**
     * Checks that so many bytes may be taken.
     *
     * @param what what needs them, for the message
     * @throws DataException otherwise
     */
    static void requireMemory(Path path, long bytes, String what) {
        long limit = Runtime.getRuntime().maxMemory() / 4 * 3;
        if (bytes > limit) {
            throw new DataException(
                    "%s: %s needs more than %d MB of memory, Java may use %d MB; use a smaller file or raise -Xmx"
                            .formatted(path, what, limit >> 20, Runtime.getRuntime().maxMemory() >> 20));
        }
    }

    /** The rest of the file as a stream that ends with it. Failures are {@link DataException}s here too. */
    public InputStream stream() {
        return new InputStream() {
            @Override
            public int read() {
                byte[] one = new byte[1];
                return DataFile.this.read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
            }

            @Override
            public int read(byte[] into, int offset, int length) {
                return length == 0 ? 0 : DataFile.this.read(into, offset, length);
            }
        };
    }

    @Override
    public void close() {
        try {
            in.close();
        } catch (IOException e) {
            throw failure(path, position, e);
        }
    }
}
