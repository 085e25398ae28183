package io.tandem.cuda.driver;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Compiled kernels on disk, keyed by the SHA-256 of source, options, architecture and compiler version. Safe for
 * several processes: files appear whole or not at all, and each carries the hash of its contents, so that a damaged
 * one is compiled again. The folder is private to its owner.
 */
public final class KernelCache {

    private static final Logger LOG = LoggerFactory.getLogger(KernelCache.class);
    private static final int HASH_BYTES = 32;

    private final PrivateFolder folder;

    /**
     * Opens a cache.
     *
     * @param folder where, created with mode 700 if it does not exist
     */
    public KernelCache(Path folder) {
        this.folder = PrivateFolder.open(folder);
    }

    /**
     * The cache of this user: {@code ~/.cache/tandem/kernels}, or below {@code XDG_CACHE_HOME}. Where that cannot be
     * written, a temporary folder serves this process alone, which is logged.
     */
    public static KernelCache ofUser() {
        return ofUser(System.getenv());
    }

    static KernelCache ofUser(Map<String, String> environment) {
        Path home = Path.of(System.getProperty("user.home"));
        try {
            return new KernelCache(PrivateFolder.cache(environment, home).resolve("kernels"));
        } catch (CudaException unusable) {
            LOG.warn("compiled kernels are not kept: {}", unusable.getMessage());
            try {
                return new KernelCache(Files.createTempDirectory("tandem-kernels"));
            } catch (IOException failure) {
                throw new CudaException("open the kernel cache", unusable.getMessage(), failure);
            }
        }
    }

    /**
     * The key of a compilation.
     *
     * @param compiler name and version of the compiler
     * @param target   what it compiles for, for example {@code sm_80}
     * @param source   source and options
     */
    public static String key(String compiler, String target, KernelSource source) {
        MessageDigest digest = sha256();
        for (String part : new String[] {compiler, target, String.join("\n", source.options()), source.text()}) {
            byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
            digest.update((bytes.length + ":").getBytes(StandardCharsets.US_ASCII));
            digest.update(bytes);
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    /** Where the compiled kernels are. */
    public Path folder() {
        return folder.path();
    }

    /**
     * Finds compiled code.
     *
     * @param key what {@link #key} returned
     * @return the code, nothing if it is missing or damaged
     */
    public Optional<byte[]> find(String key) {
        try {
            byte[] file = Files.readAllBytes(folder.resolve(key));
            if (file.length < HASH_BYTES) {
                return Optional.empty();
            }
            byte[] content = Arrays.copyOfRange(file, HASH_BYTES, file.length);
            byte[] hash = Arrays.copyOf(file, HASH_BYTES);
            return MessageDigest.isEqual(hash, sha256().digest(content)) ? Optional.of(content) : Optional.empty();
        } catch (IOException absent) {
            return Optional.empty();
        }
    }

    /**
     * Stores compiled code. A file that cannot be written is logged, no failure: the code is compiled again next time.
     *
     * @param key     what {@link #key} returned
     * @param content the code
     */
    public void put(String key, byte[] content) {
        byte[] file = new byte[HASH_BYTES + content.length];
        System.arraycopy(sha256().digest(content), 0, file, 0, HASH_BYTES);
        System.arraycopy(content, 0, file, HASH_BYTES, content.length);
        try {
            folder.publish(key, file);
        } catch (UncheckedIOException failure) {
            LOG.warn("a compiled kernel is not kept: {}", failure.getCause().toString());
        }
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException missing) {
            throw new IllegalStateException("every Java platform has SHA-256", missing);
        }
    }
}
