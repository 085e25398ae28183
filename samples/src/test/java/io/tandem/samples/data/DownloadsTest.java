package io.tandem.samples.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Downloads from servers of this machine: good ones, wrong ones, silent ones. */
@Timeout(60)
class DownloadsTest {
    private static final byte[] CONTENT = "some content that is checked".getBytes(StandardCharsets.UTF_8);

    @TempDir
    Path folder;

    private final Map<String, byte[]> served = new TreeMap<>();
    private HttpServer server;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            byte[] body = served.get(exchange.getRequestURI().getPath());
            boolean head = exchange.getRequestMethod().equals("HEAD");
            try (exchange) {
                if (body == null) {
                    exchange.sendResponseHeaders(404, -1);
                } else {
                    exchange.sendResponseHeaders(200, head ? -1 : body.length);
                    if (!head) {
                        exchange.getResponseBody().write(body);
                    }
                }
            }
        });
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private URI mirror(String path) {
        return URI.create("http://localhost:" + server.getAddress().getPort() + path);
    }

    private static byte[] gzip(byte[] bytes) throws IOException {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
            out.write(bytes);
        }
        return packed.toByteArray();
    }

    private static Downloads.Item item(String name) {
        String sha = HexFormat.of().formatHex(Downloads.sha256().digest(CONTENT));
        return new Downloads.Item(name, 1000, CONTENT.length, sha);
    }

    private Optional<List<Path>> fetch(Downloads.Item item, URI... mirrors) {
        return new Downloads(List.of(mirrors), Duration.ofSeconds(2))
                .fetch(List.of(item), folder.resolve("cache"), Progress.SILENT);
    }

    private List<String> filesLeft() throws IOException {
        if (!Files.exists(folder.resolve("cache"))) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(folder.resolve("cache"))) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void goodFilesArriveWithProgress() throws IOException {
        served.put("/good/a.gz", gzip(CONTENT));
        served.put("/good/b", CONTENT);
        List<String> reports = new ArrayList<>();
        Optional<List<Path>> files = new Downloads(List.of(mirror("/good/")), Duration.ofSeconds(2))
                .fetch(
                        List.of(item("a.gz"), item("b")),
                        folder.resolve("cache"),
                        (name, done, total) -> reports.add(name + " " + done + "/" + total));
        assertEquals(List.of("a.gz", "b"), filesLeft());
        assertArrayEquals(gzip(CONTENT), Files.readAllBytes(files.orElseThrow().get(0)));
        assertArrayEquals(CONTENT, Files.readAllBytes(files.orElseThrow().get(1)));
        assertEquals("b 28/28", reports.getLast());
        assertTrue(reports.contains("a.gz %d/%1$d".formatted(gzip(CONTENT).length)), reports.toString());
    }

    @Test
    void theNextMirrorServesWhereTheFirstFails() throws IOException {
        served.put("/wrong/a.gz", gzip("other content".getBytes(StandardCharsets.UTF_8)));
        served.put("/good/a.gz", gzip(CONTENT));
        assertTrue(fetch(item("a.gz"), mirror("/none/"), mirror("/wrong/"), mirror("/good/")).isPresent());
        assertEquals(List.of("a.gz"), filesLeft());
    }

    @Test
    void wrongContentIsThrownAway() throws IOException {
        byte[] packed = gzip(CONTENT);
        served.put("/wrong/a.gz", gzip("some content that is chEcked".getBytes(StandardCharsets.UTF_8)));
        served.put("/longer/a.gz", gzip(Arrays.copyOf(CONTENT, 50)));
        served.put("/cut/a.gz", Arrays.copyOf(packed, packed.length - 10));
        served.put("/big/a.gz", new byte[1001]);
        for (String path : served.keySet().stream().map(name -> name.substring(0, name.length() - 4)).toList()) {
            assertFalse(fetch(item("a.gz"), mirror(path)).isPresent(), path);
        }
        assertEquals(List.of(), filesLeft());
    }

    @Test
    void withoutAServerNothingIsMade() throws IOException {
        try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            URI mute = URI.create("http://localhost:" + silent.getLocalPort() + "/");
            Downloads downloads = new Downloads(
                    List.of(mute, URI.create("http://host.invalid/"), URI.create("file:///etc/")),
                    Duration.ofMillis(300));
            assertFalse(downloads.fetch(List.of(item("a")), folder.resolve("cache"), Progress.SILENT).isPresent());
        }
        assertFalse(Downloads.none().fetch(List.of(item("a")), folder.resolve("cache"), Progress.SILENT).isPresent());
        assertFalse(Files.exists(folder.resolve("cache")));
    }
}
