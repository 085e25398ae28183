package io.tandem.cuda.driver;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KernelCacheTest {

    @TempDir
    Path folder;

    @Test
    void keysDependOnEverythingButTheName() {
        KernelSource source = new KernelSource("a", "text", List.of("-x", "-y"));
        String key = KernelCache.key("c 1", "sm_80", source);
        assertEquals(key, KernelCache.key("c 1", "sm_80", new KernelSource("b", "text", List.of("-x", "-y"))));
        assertNotEquals(key, KernelCache.key("c 2", "sm_80", source));
        assertNotEquals(key, KernelCache.key("c 1", "sm_90", source));
        assertNotEquals(key, KernelCache.key("c 1", "sm_80", new KernelSource("a", "text", List.of("-x"))));
        assertNotEquals(key, KernelCache.key("c 1", "sm_80", new KernelSource("a", "texts", List.of("-x", "-y"))));
        assertNotEquals(KernelCache.key("ab", "c", source), KernelCache.key("a", "bc", source));
    }

    @Test
    void storesInAPrivateFolderAndForgetsDamagedFiles() throws IOException {
        Path place = folder.resolve("cache");
        KernelCache cache = new KernelCache(place);
        assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(place)));
        byte[] code = {1, 2, 3};
        assertTrue(cache.find("key").isEmpty());
        cache.put("key", code);
        assertArrayEquals(code, cache.find("key").orElseThrow());
        assertArrayEquals(code, new KernelCache(place).find("key").orElseThrow());
        byte[] file = Files.readAllBytes(place.resolve("key"));
        file[file.length - 1] ^= 1;
        Files.write(place.resolve("key"), file);
        assertTrue(cache.find("key").isEmpty());
        Files.write(place.resolve("key"), new byte[5]);
        assertTrue(cache.find("key").isEmpty());
        cache.put("key", code);
        assertArrayEquals(code, cache.find("key").orElseThrow());
        try (var entries = Files.list(place)) {
            assertEquals(1, entries.count());
        }
    }

    @Test
    void foldersThatOthersCanWriteToAreRefused() throws IOException {
        Path open = Files.createDirectory(folder.resolve("open"));
        Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxrwxrwx"));
        CudaException refused = assertThrows(CudaException.class, () -> new KernelCache(open));
        assertTrue(refused.getMessage().contains("chmod 700"), refused.getMessage());
    }

    @Test
    void writersDoNotDisturbReaders() throws Exception {
        KernelCache cache = new KernelCache(folder.resolve("busy"));
        byte[] code = new byte[100_000];
        try (ExecutorService pool = Executors.newFixedThreadPool(4)) {
            List<Future<?>> running = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                running.add(pool.submit(() -> {
                    for (int n = 0; n < 20; n++) {
                        cache.put("shared", code);
                        assertArrayEquals(code, cache.find("shared").orElseThrow());
                    }
                }));
            }
            for (Future<?> future : running) {
                future.get();
            }
        }
    }

    @Test
    void theUsersCacheFollowsTheEnvironment() {
        KernelCache.ofUser(Map.of("XDG_CACHE_HOME", folder.toString())).put("k", new byte[1]);
        assertTrue(Files.exists(folder.resolve("tandem/kernels/k")));
    }
}
