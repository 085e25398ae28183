package io.tandem.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files that are replaced as a whole. */
class AtomicFileTest {
    @TempDir
    Path folder;

    private long count() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.count();
        }
    }

    @Test
    void aStreamThatFailsLeavesTheOldFile() throws IOException {
        Path file = Files.writeString(folder.resolve("a"), "old");
        UncheckedIOException failure = assertThrows(
                UncheckedIOException.class,
                () -> AtomicFile.write(file, out -> {
                    out.write(new byte[200_000]);
                    throw new IOException("No space left on device");
                }));
        assertTrue(failure.getMessage().contains("No space left on device"), failure.getMessage());
        assertTrue(failure.getMessage().contains("unchanged"), failure.getMessage());
        assertEquals("old", Files.readString(file));
        assertEquals(1, count());
    }

    @Test
    void whatCannotBeWrittenIsToldBefore() throws IOException {
        Path file = Files.writeString(folder.resolve("a"), "old");
        AtomicFile.requireWritable(file);
        AtomicFile.requireWritable(folder.resolve("new/b"));
        assertEquals("old", Files.readString(file));
        try (Stream<Path> files = Files.list(folder.resolve("new"))) {
            assertEquals(0, files.count());
        }
        for (Path wrong : List.of(folder, file.resolve("c"))) {
            String message = assertThrows(UncheckedIOException.class, () -> AtomicFile.requireWritable(wrong))
                    .getMessage();
            assertTrue(message.startsWith("cannot write " + wrong), message);
            assertTrue(message.contains("folder"), message);
        }
    }

    @Test
    void aContentThatThrowsLeavesTheOldFile() throws IOException {
        Path file = Files.writeString(folder.resolve("a"), "old");
        assertThrows(IllegalStateException.class, () -> AtomicFile.write(file, out -> {
            throw new IllegalStateException("no content");
        }));
        assertEquals("old", Files.readString(file));
        assertEquals(1, count());
    }

    @Test
    void aFullDiskLeavesNothing() {
        Path full = Path.of("/dev/full");
        org.junit.jupiter.api.Assumptions.assumeTrue(Files.isWritable(full), "there is no /dev/full here");
        // A folder entry cannot be made in /dev/full, so the stream itself is tried: its error is what a full disk gives.
        UncheckedIOException failure = assertThrows(
                UncheckedIOException.class,
                () -> AtomicFile.write(folder.resolve("a"), out -> {
                    try (var device = new java.io.FileOutputStream(full.toFile())) {
                        device.write(1);
                    }
                }));
        assertTrue(failure.getMessage().contains("No space left"), failure.getMessage());
        assertTrue(Files.notExists(folder.resolve("a")));
    }

    @Test
    void anInterruptDoesNotDisturb() throws IOException {
        Path file = folder.resolve("a");
        Thread.currentThread().interrupt();
        AtomicFile.write(file, out -> out.write(new byte[100_000]));
        assertTrue(Thread.interrupted());
        assertEquals(100_000, Files.size(file));
    }

    @Test
    void foldersAreNoFiles() {
        assertEquals(
                "cannot write " + folder + ": it is a folder",
                assertThrows(UncheckedIOException.class, () -> AtomicFile.write(folder, out -> out.write(1)))
                        .getMessage());
    }

    @Test
    void aFileInTheWayOfAFolderIsNamed() throws IOException {
        Path file = Files.writeString(folder.resolve("a"), "old");
        Path below = file.resolve("b").resolve("c");
        String message = assertThrows(
                UncheckedIOException.class, () -> AtomicFile.write(below, out -> out.write(1))).getMessage();
        assertTrue(message.startsWith("cannot write " + below + ": "), message);
        assertTrue(message.length() > ("cannot write " + below + ": " + below).length(), message);
    }

    @Test
    void whatDeadWritersLeftIsDeleted() throws IOException {
        Path dead = Files.writeString(folder.resolve(".a.npz.99999999.0123abcd.part"), "half");
        Path alive = Files.writeString(
                folder.resolve(".a.npz." + ProcessHandle.current().pid() + ".0123abcd.part"), "half");
        Path other = Files.writeString(folder.resolve(".mine.part"), "mine");
        AtomicFile.deleteUnfinished(folder);
        assertTrue(Files.notExists(dead));
        assertTrue(Files.exists(alive) && Files.exists(other));
    }
}
