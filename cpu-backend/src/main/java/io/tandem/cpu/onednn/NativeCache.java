package io.tandem.cpu.onednn;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Copies native libraries from the class path into a private folder and keeps them there for the next process.
 *
 * <p>A library is written under a temporary name and moved into place in one step, so that processes that start at
 * once never see half a file; whichever moves last wins, with the same bytes. A cached file is trusted only if folder
 * and file belong to this user, are writable for nobody else, and size and checksum fit.
 */
final class NativeCache {
    private static final Logger LOG = LoggerFactory.getLogger(NativeCache.class);
    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rwx------");

    private final List<Path> roots;

    /** A cache under the first of these folders that can be used; with none, under a fresh temporary folder. */
    NativeCache(List<Path> roots) {
        this.roots = List.copyOf(roots);
    }

    /** The cache of this user: {@code XDG_CACHE_HOME}, otherwise {@code ~/.cache}. */
    static NativeCache ofUser() {
        List<Path> roots = new ArrayList<>();
        Optional.ofNullable(System.getenv("XDG_CACHE_HOME"))
                .filter(s -> !s.isBlank())
                .map(Path::of)
                .filter(Path::isAbsolute)
                .ifPresent(p -> roots.add(p.resolve("tandem")));
        Optional.ofNullable(System.getProperty("user.home"))
                .filter(s -> !s.isBlank())
                .map(Path::of)
                .filter(Path::isAbsolute)
                .ifPresent(p -> roots.add(p.resolve(".cache").resolve("tandem")));
        return new NativeCache(roots);
    }

    /**
     * Makes sure that the libraries lie in one private folder.
     *
     * @param name name of the folder below the cache; it has to identify the libraries' contents
     * @return the folder
     */
    Path provide(String name, List<NativeResource> resources) throws IOException {
        for (Path root : roots) {
            try {
                Path folder = privateFolder(root.resolve(name));
                fill(folder, resources);
                return folder;
            } catch (IOException | SecurityException e) {
                LOG.debug("natives cannot be kept in {}: {}", root, e.toString());
            }
        }
        Path folder = Files.createTempDirectory("tandem-" + name + "-");
        folder.toFile().deleteOnExit();
        fill(folder, resources);
        for (NativeResource resource : resources) {
            folder.resolve(resource.file()).toFile().deleteOnExit();
        }
        LOG.info("no cache folder can be written ({}): natives are in {} until this process ends", roots, folder);
        return folder;
    }

    private static Path privateFolder(Path folder) throws IOException {
        boolean posix = folder.getFileSystem().supportedFileAttributeViews().contains("posix");
        if (!Files.isDirectory(folder)) {
            Path parent = folder.getParent();
            if (parent != null) {
                Files.createDirectories(parent);
            }
            try {
                Files.createDirectory(folder,
                        posix ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(OWNER_ONLY)}
                                : new FileAttribute<?>[0]);
            } catch (FileAlreadyExistsException e) {
                LOG.debug("{} was made by another process at the same time", folder);
            }
        }
        if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
            throw new IOException(folder + " is not a folder");
        }
        if (posix) {
            requireOwn(folder);
            if (!Files.getPosixFilePermissions(folder).equals(OWNER_ONLY)) {
                Files.setPosixFilePermissions(folder, OWNER_ONLY);
            }
        }
        return folder;
    }

    private static void fill(Path folder, List<NativeResource> resources) throws IOException {
        boolean posix = folder.getFileSystem().supportedFileAttributeViews().contains("posix");
        for (NativeResource resource : resources) {
            Path target = folder.resolve(resource.file());
            if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
                if (posix && Files.isRegularFile(target, LinkOption.NOFOLLOW_LINKS)) {
                    requireOwn(target);
                }
                if (Files.isRegularFile(target, LinkOption.NOFOLLOW_LINKS) && resource.matches(target)) {
                    continue;
                }
                LOG.warn("{} is damaged or not what was put there; it is written anew", target);
            }
            write(resource, target);
        }
    }

    private static void write(NativeResource resource, Path target) throws IOException {
        Path folder = target.toAbsolutePath().getParent();
        if (folder == null) {
            throw new IOException(target + " has no folder");
        }
        removeAbandoned(folder);
        Path partial = Files.createTempFile(folder, "." + resource.file(), ".part");
        try {
            try (InputStream in = resource.open()) {
                Files.copy(in, partial, StandardCopyOption.REPLACE_EXISTING);
            }
            if (!resource.matches(partial)) {
                throw new IOException(partial + " differs from " + resource.location() + " after copying: expected "
                        + resource.size() + " bytes, found " + Files.size(partial) + "; is the disk full?");
            }
            Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(partial);
        }
    }

    /** Compares owners with that of a file made just now: user names are not reliable in containers. */
    private static void requireOwn(Path path) throws IOException {
        Path probe = Files.createTempFile("tandem", ".owner");
        try {
            UserPrincipal owner = Files.getOwner(path, LinkOption.NOFOLLOW_LINKS);
            UserPrincipal self = Files.getOwner(probe, LinkOption.NOFOLLOW_LINKS);
            if (!owner.equals(self)) {
                throw new IOException(path + " belongs to " + owner.getName() + ", not to " + self.getName());
            }
        } finally {
            Files.deleteIfExists(probe);
        }
    }

    /** Removes what a process left that ended while it was copying. */
    private static void removeAbandoned(Path folder) throws IOException {
        Instant old = Instant.now().minus(Duration.ofHours(1));
        try (DirectoryStream<Path> parts = Files.newDirectoryStream(folder, ".*.part")) {
            for (Path part : parts) {
                if (Files.getLastModifiedTime(part, LinkOption.NOFOLLOW_LINKS).toInstant().isBefore(old)) {
                    Files.deleteIfExists(part);
                }
            }
        }
    }
}
