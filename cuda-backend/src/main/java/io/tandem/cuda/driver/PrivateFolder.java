package io.tandem.cuda.driver;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Set;

/**
 * A folder that only its owner can read and write. Code is loaded from such folders: in a world-writable one, anybody
 * could put a library under the expected name.
 */
final class PrivateFolder {

    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rwx------");

    private final Path path;

    private PrivateFolder(Path path) {
        this.path = path;
    }

    /**
     * Opens or creates a folder.
     *
     * @throws CudaException if it cannot be created, or belongs to somebody else, or others can write to it
     */
    static PrivateFolder open(Path path) {
        try {
            Path absolute = path.toAbsolutePath();
            boolean posix = absolute.getFileSystem().supportedFileAttributeViews().contains("posix");
            if (!posix) {
                Files.createDirectories(absolute);
                return new PrivateFolder(absolute);
            }
            Files.createDirectories(absolute, PosixFilePermissions.asFileAttribute(OWNER_ONLY));
            Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(absolute);
            if (permissions.contains(PosixFilePermission.OTHERS_WRITE)
                    || permissions.contains(PosixFilePermission.GROUP_WRITE)) {
                throw new CudaException(
                        "private folder " + absolute,
                        "others can write to it; run 'chmod 700 " + absolute + "' or remove it",
                        null);
            }
            return new PrivateFolder(absolute);
        } catch (IOException failure) {
            throw new CudaException("private folder " + path, "cannot be created: " + failure.getMessage(), failure);
        }
    }

    /**
     * The user's cache of this project: {@code $XDG_CACHE_HOME/tandem}, else {@code ~/.cache/tandem}.
     *
     * @param environment the process' environment
     * @param home        the user's home folder
     */
    static Path cache(Map<String, String> environment, Path home) {
        String base = environment.getOrDefault("XDG_CACHE_HOME", "");
        return (base.isBlank() ? home.resolve(".cache") : Path.of(base)).resolve("tandem");
    }

    Path path() {
        return path;
    }

    Path resolve(String name) {
        return path.resolve(name);
    }

    /** Writes a file so that other processes see all of it or nothing; the last of several writers wins. */
    void publish(String name, byte[] content) {
        try {
            Path part = Files.createTempFile(path, name, ".part");
            try {
                Files.write(part, content);
                Files.move(part, path.resolve(name), StandardCopyOption.ATOMIC_MOVE);
            } finally {
                Files.deleteIfExists(part);
            }
        } catch (IOException failure) {
            throw new UncheckedIOException("cannot write " + path.resolve(name), failure);
        }
    }

    /** Copies a stream to a file in the same way. */
    void publish(String name, InputStream content) throws IOException {
        Path part = Files.createTempFile(path, name, ".part");
        try {
            Files.copy(content, part, StandardCopyOption.REPLACE_EXISTING);
            Files.move(part, path.resolve(name), StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(part);
        }
    }
}
