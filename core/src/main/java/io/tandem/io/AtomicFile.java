package io.tandem.io;

import java.io.BufferedOutputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.OptionalLong;
import java.util.UUID;

/**
 * Writes files so that at any moment, also after a crash or on a full disk, there is either the old content or the new
 * one: the content goes to a file beside, reaches the disk, and then takes the name.
 */
public final class AtomicFile {
    private static final int BUFFER = 1 << 16;
    private static final String SUFFIX = ".part";

    private AtomicFile() {}

    /** Writes the content of a file. */
    @FunctionalInterface
    public interface Content {
        /** Writes everything to the stream, and leaves it open. */
        void write(OutputStream out) throws IOException;
    }

    /**
     * Writes a file in place of one that may be there; folders are made. An interrupt of the thread does not disturb it.
     *
     * @throws UncheckedIOException if it cannot be written; the old file is then unchanged
     */
    public static void write(Path file, Content content) {
        Path target = file.toAbsolutePath();
        Path folder = folder(file);
        Path part = part(folder, target);
        try {
            Files.createDirectories(folder);
            // Not a channel: channels are closed by an interrupt.
            try (FileOutputStream raw = new FileOutputStream(part.toFile())) {
                OutputStream out = new BufferedOutputStream(raw, BUFFER);
                content.write(out);
                out.flush();
                raw.getFD().sync();
            }
            move(part, target);
            syncFolder(folder);
        } catch (IOException e) {
            UncheckedIOException failure = new UncheckedIOException(
                    "cannot write " + file + ": " + Reason.of(e)
                            + (Files.exists(target) ? "; the file that was there is unchanged" : ""),
                    e);
            delete(part, failure);
            throw failure;
        } catch (RuntimeException | Error e) {
            delete(part, e);
            throw e;
        }
    }

    /**
     * Makes sure, before the work whose result goes there, that a file can be written; folders are made, the file is left
     * as it is.
     *
     * @throws UncheckedIOException if it cannot be written
     */
    public static void requireWritable(Path file) {
        Path folder = folder(file);
        Path part = part(folder, file.toAbsolutePath());
        try {
            Files.createDirectories(folder);
            Files.createFile(part);
            Files.delete(part);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write " + file + ": " + Reason.of(e), e);
        }
    }

    private static Path folder(Path file) {
        Path target = file.toAbsolutePath();
        Path folder = target.getParent();
        if (folder == null || Files.isDirectory(target)) {
            throw new UncheckedIOException("cannot write " + file + ": it is a folder",
                    new FileSystemException(file.toString()));
        }
        return folder;
    }

    private static Path part(Path folder, Path target) {
        return folder.resolve("." + target.getFileName() + "."
                + ProcessHandle.current().pid() + "." + UUID.randomUUID().toString().substring(0, 8) + SUFFIX);
    }

    private static void delete(Path part, Throwable failure) {
        try {
            Files.deleteIfExists(part);
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
    }

    private static void move(Path from, Path to) throws IOException {
        try {
            Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (AtomicMoveNotSupportedException e) {
            Files.move(from, to, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    /** Makes the new name itself reach the disk, where the system can do that for folders. */
    private static void syncFolder(Path folder) {
        if (Thread.currentThread().isInterrupted()) {
            return;
        }
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (IOException e) {
            // Some systems do not open folders; the content itself is safe already.
            return;
        }
    }

    /**
     * Deletes what writers that no longer run have left unfinished in a folder.
     *
     * @throws UncheckedIOException if the folder cannot be read
     */
    public static void deleteUnfinished(Path folder) {
        try (DirectoryStream<Path> parts = Files.newDirectoryStream(folder, ".*" + SUFFIX)) {
            for (Path part : parts) {
                OptionalLong writer = writer(part.getFileName().toString());
                if (writer.isPresent() && ProcessHandle.of(writer.getAsLong()).isEmpty()) {
                    Files.deleteIfExists(part);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot clean " + folder + ": " + Reason.of(e), e);
        }
    }

    /** The process that a name such as {@code .weights.npz.1234.89abcdef.part} speaks of. */
    private static OptionalLong writer(String name) {
        String[] parts = name.split("\\.");
        try {
            return OptionalLong.of(Long.parseLong(parts[Math.max(0, parts.length - 3)]));
        } catch (NumberFormatException e) {
            return OptionalLong.empty();
        }
    }
}
