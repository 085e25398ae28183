package io.tandem.cuda.driver;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URL;
import java.net.URLConnection;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * CUDA's libraries from a redistributable jar on the class path ({@code org.bytedeco:cuda} with the classifier
 * {@code linux-x86_64-redist}), extracted once into a private folder.
 *
 * <p>Several processes may extract at the same time: one does, the others wait; each file appears whole.
 */
final class RedistributableLibraries {

    private static final Logger LOG = LoggerFactory.getLogger(RedistributableLibraries.class);
    private static final String PLACE = "org/bytedeco/cuda/linux-x86_64/";
    private static final int MAJOR = 12;

    private final ClassLoader loader;
    private final Path cache;

    /**
     * Prepares a search.
     *
     * @param loader where resources are looked up
     * @param cache  the user's cache folder, below which libraries are extracted
     */
    RedistributableLibraries(ClassLoader loader, Path cache) {
        this.loader = loader;
        this.cache = cache;
    }

    /** Where the jar lies, if there is one with all libraries. */
    Optional<String> jar() {
        for (LibraryLocator.Part part : LibraryLocator.Part.values()) {
            for (String name : part.files(MAJOR)) {
                if (resource(name).isEmpty()) {
                    return Optional.empty();
                }
            }
        }
        String url = resource("libcublas.so." + MAJOR).orElseThrow().toString();
        return Optional.of(url.replaceFirst("^jar:file:", "").replaceFirst("!.*$", ""));
    }

    private Optional<URL> resource(String name) {
        return name.endsWith("*")
                ? IntStream.rangeClosed(0, 9)
                        .mapToObj(minor -> loader.getResource(PLACE + name.substring(0, name.length() - 1) + minor))
                        .filter(url -> url != null)
                        .findFirst()
                : Optional.ofNullable(loader.getResource(PLACE + name));
    }

    /**
     * Extracts what is not yet there of one part.
     *
     * @param part the part
     * @return its files, in loading order
     * @throws CudaException if the folder is not private, or the disk is full
     */
    List<Path> extract(LibraryLocator.Part part) {
        String version = jar().map(path -> path.replaceAll("^.*/|\\.jar$", "").replaceAll("[^\\w.-]", "_"))
                .orElseThrow(() -> new IllegalStateException("there is no jar with CUDA's libraries"));
        PrivateFolder folder = PrivateFolder.open(cache.resolve(version));
        try (FileChannel channel = FileChannel.open(
                folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            channel.lock(); // held until the channel is closed
            return part.files(MAJOR).stream()
                    .map(name -> extract(folder, resource(name).orElseThrow()))
                    .toList();
        } catch (IOException | UncheckedIOException failure) {
            throw new CudaException(
                    "extract CUDA's libraries to " + folder.path(),
                    failure.getMessage() + "; free some disk space (1.5 GB are needed) or set XDG_CACHE_HOME",
                    failure);
        }
    }

    /** The CUDA version of the jar. */
    static int major() {
        return MAJOR;
    }

    private static Path extract(PrivateFolder folder, URL resource) {
        String name = resource.getPath().substring(resource.getPath().lastIndexOf('/') + 1);
        Path target = folder.resolve(name);
        try {
            URLConnection connection = resource.openConnection();
            long size = connection.getContentLengthLong();
            if (Files.exists(target) && Files.size(target) == size) {
                return target;
            }
            LOG.info("extracting {} ({} MB) to {}, once", name, size >> 20, folder.path());
            try (InputStream in = connection.getInputStream()) {
                folder.publish(name, in);
            }
            return target;
        } catch (IOException failure) {
            throw new UncheckedIOException("cannot extract " + name, failure);
        }
    }
}
