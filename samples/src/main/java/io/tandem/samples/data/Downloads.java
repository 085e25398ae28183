package io.tandem.samples.data;

import io.tandem.data.DataException;
import io.tandem.data.DataFile;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Downloads files from the first mirror that answers, checks them and puts them into a folder, whole or not at all.
 *
 * @param mirrors addresses of folders, with a slash at the end, the best one first; none means no downloads
 * @param timeout the longest time that a mirror may stay silent
 */
public record Downloads(List<URI> mirrors, Duration timeout) {
    private static final Logger LOG = LoggerFactory.getLogger(Downloads.class);
    private static final int BUFFER = 1 << 16;

    /** Copies the list. */
    public Downloads {
        mirrors = List.copyOf(mirrors);
    }

    /** No downloads at all. */
    public static Downloads none() {
        return new Downloads(List.of(), Duration.ofSeconds(1));
    }

    /**
     * A file to download.
     *
     * @param name name below the mirror's address and in the folder
     * @param maxBytes a download is ended when it is longer
     * @param unpackedBytes expected length, unpacked
     * @param sha256 expected SHA-256 of the unpacked bytes, in hexadecimal digits
     */
    public record Item(String name, long maxBytes, long unpackedBytes, String sha256) {}

    /**
     * Downloads all files.
     *
     * @param items what is needed
     * @param folder where the files go; made if it does not exist
     * @param progress told of each file
     * @return the files in the order of the items, or empty if no mirror gives them all; the reasons are logged
     */
    public Optional<List<Path>> fetch(List<Item> items, Path folder, Progress progress) {
        List<URI> reachable = reachable(items.getFirst());
        if (reachable.isEmpty()) {
            return Optional.empty();
        }
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            LOG.warn("cannot make the folder {} for downloads: {}", folder, e.toString());
            return Optional.empty();
        }
        List<Path> files = new ArrayList<>();
        for (Item item : items) {
            Optional<Path> file = Optional.empty();
            for (URI mirror : reachable) {
                file = fetch(mirror, item, folder, progress);
                if (file.isPresent()) {
                    break;
                }
            }
            if (file.isEmpty()) {
                return Optional.empty();
            }
            files.add(file.get());
        }
        return Optional.of(files);
    }

    /** Asks all mirrors at once, so that without a network this takes one timeout only. */
    private List<URI> reachable(Item item) {
        List<CompletableFuture<Integer>> answers = mirrors.stream()
                .map(mirror -> {
                    CompletableFuture<Integer> answer = new CompletableFuture<>();
                    // A thread of its own: looking up a host name cannot be interrupted.
                    Thread.ofVirtual().start(() -> {
                        try {
                            answer.complete(status(mirror.resolve(item.name())));
                        } catch (IOException | RuntimeException e) {
                            answer.completeExceptionally(e);
                        }
                    });
                    return answer;
                })
                .toList();
        long deadline = System.nanoTime() + timeout.toNanos();
        List<URI> reachable = new ArrayList<>();
        for (int i = 0; i < mirrors.size(); i++) {
            try {
                int status = answers.get(i).get(Math.max(1, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
                if (status == HttpURLConnection.HTTP_OK) {
                    reachable.add(mirrors.get(i));
                } else {
                    LOG.info("{} answers with status {}", mirrors.get(i), status);
                }
            } catch (TimeoutException e) {
                LOG.info("{} does not answer within {} s", mirrors.get(i), timeout.toSeconds());
            } catch (ExecutionException e) {
                LOG.info("{} cannot be reached: {}", mirrors.get(i),
                        e.getCause() == null ? e : e.getCause().toString());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return List.of();
            }
        }
        return reachable;
    }

    private int status(URI address) throws IOException {
        HttpURLConnection connection = connect(address);
        connection.setRequestMethod("HEAD");
        try {
            return connection.getResponseCode();
        } finally {
            connection.disconnect();
        }
    }

    private HttpURLConnection connect(URI address) throws IOException {
        if (!(address.toURL().openConnection() instanceof HttpURLConnection connection)) {
            throw new IOException("not an HTTP address: " + address);
        }
        int millis = Math.toIntExact(timeout.toMillis());
        connection.setConnectTimeout(millis);
        connection.setReadTimeout(millis);
        return connection;
    }

    private Optional<Path> fetch(URI mirror, Item item, Path folder, Progress progress) {
        URI address = mirror.resolve(item.name());
        Path part = null;
        try {
            part = Files.createTempFile(folder, item.name() + ".", ".part");
            receive(address, item, part, progress);
            check(item, part);
            Path target = folder.resolve(item.name());
            Files.move(part, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            return Optional.of(target);
        } catch (IOException | DataException e) {
            LOG.warn("download of {} failed: {}", address, e.toString());
            return Optional.empty();
        } finally {
            if (part != null) {
                delete(part);
            }
        }
    }

    private static void delete(Path part) {
        try {
            Files.deleteIfExists(part);
        } catch (IOException e) {
            LOG.warn("cannot delete {}: {}", part, e.toString());
        }
    }

    private void receive(URI address, Item item, Path part, Progress progress) throws IOException {
        HttpURLConnection connection = connect(address);
        try (InputStream in = connection.getInputStream();
                OutputStream out = Files.newOutputStream(part)) {
            long total = connection.getContentLengthLong();
            byte[] buffer = new byte[BUFFER];
            long done = 0;
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                done += count;
                if (done > item.maxBytes()) {
                    throw new IOException("longer than the expected %d bytes at most".formatted(item.maxBytes()));
                }
                out.write(buffer, 0, count);
                progress.report(item.name(), done, total);
            }
            if (total >= 0 && done != total) {
                throw new IOException("ended after %d of %d bytes".formatted(done, total));
            }
            progress.report(item.name(), done, done);
        } finally {
            connection.disconnect();
        }
    }

    private static void check(Item item, Path part) {
        MessageDigest digest = sha256();
        try (DataFile file = DataFile.open(part)) {
            byte[] buffer = new byte[BUFFER];
            for (int count = file.read(buffer, 0, BUFFER); count >= 0; count = file.read(buffer, 0, BUFFER)) {
                if (file.position() > item.unpackedBytes()) {
                    throw new DataException(
                            "unpacked it has more than the expected %d bytes".formatted(item.unpackedBytes()));
                }
                digest.update(buffer, 0, count);
            }
        }
        String found = HexFormat.of().formatHex(digest.digest());
        if (!found.equals(item.sha256())) {
            throw new DataException("SHA-256 of the unpacked bytes is %s, expected %s".formatted(found, item.sha256()));
        }
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
