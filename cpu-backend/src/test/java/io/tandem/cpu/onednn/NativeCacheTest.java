package io.tandem.cpu.onednn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;

class NativeCacheTest {
    private static final int SIZE = 3_000_001;

    @TempDir
    Path temp;

    private byte[] content() {
        byte[] bytes = new byte[SIZE];
        new Random(7).nextBytes(bytes);
        return bytes;
    }

    private URL jar() throws IOException {
        Path jar = temp.resolve("natives.jar");
        try (OutputStream out = Files.newOutputStream(jar); JarOutputStream zip = new JarOutputStream(out)) {
            zip.putNextEntry(new JarEntry("a/liba.so"));
            zip.write(content());
            zip.closeEntry();
        }
        return URI.create("jar:" + jar.toUri() + "!/a/liba.so").toURL();
    }

    @Test
    void copiesOnceIntoAPrivateFolder() throws IOException {
        NativeResource resource = NativeResource.of("liba.so", jar());
        assertEquals(SIZE, resource.size());
        NativeCache cache = new NativeCache(List.of(temp.resolve("cache")));
        Path folder = cache.provide("n-1", List.of(resource));
        assertEquals(temp.resolve("cache").resolve("n-1"), folder);
        Path file = folder.resolve("liba.so");
        assertArrayEquals(content(), Files.readAllBytes(file));
        if (Files.getFileStore(folder).supportsFileAttributeView("posix")) {
            assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(folder)));
        }
        FileTime old = FileTime.from(Instant.parse("2001-02-03T04:05:06Z"));
        Files.setLastModifiedTime(file, old);
        assertEquals(folder, cache.provide("n-1", List.of(resource)));
        assertEquals(old, Files.getLastModifiedTime(file));
    }

    @Test
    void aDamagedCopyIsReplaced() throws IOException {
        NativeResource resource = NativeResource.of("liba.so", jar());
        NativeCache cache = new NativeCache(List.of(temp.resolve("cache")));
        Path file = cache.provide("n-1", List.of(resource)).resolve("liba.so");
        byte[] flipped = content();
        flipped[SIZE / 2] ^= 1;
        Files.write(file, flipped);
        cache.provide("n-1", List.of(resource));
        assertArrayEquals(content(), Files.readAllBytes(file));
        Files.write(file, new byte[10]);
        cache.provide("n-1", List.of(resource));
        assertArrayEquals(content(), Files.readAllBytes(file));
    }

    @Test
    void aFolderOpenToOthersIsClosed() throws IOException {
        Path folder = Files.createDirectories(temp.resolve("cache").resolve("n-1"));
        Assumptions.assumeTrue(Files.getFileStore(folder).supportsFileAttributeView("posix"),
                "needs POSIX permissions");
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
        new NativeCache(List.of(temp.resolve("cache"))).provide("n-1", List.of(NativeResource.of("liba.so", jar())));
        assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(folder)));
    }

    @Test
    void aLinkIsNeverFollowed() throws IOException {
        Path folder = Files.createDirectories(temp.resolve("cache").resolve("n-1"));
        Path victim = Files.writeString(temp.resolve("victim"), "untouched");
        Files.createSymbolicLink(folder.resolve("liba.so"), victim);
        new NativeCache(List.of(temp.resolve("cache"))).provide("n-1", List.of(NativeResource.of("liba.so", jar())));
        assertEquals("untouched", Files.readString(victim));
        assertFalse(Files.isSymbolicLink(folder.resolve("liba.so")));
        assertArrayEquals(content(), Files.readAllBytes(folder.resolve("liba.so")));
    }

    @Test
    void withoutAWritableFolderATemporaryOneServes() throws IOException {
        Path file = Files.writeString(temp.resolve("file"), "in the way");
        NativeCache cache = new NativeCache(List.of(file.resolve("cache")));
        Path folder = cache.provide("n-1", List.of(NativeResource.of("liba.so", jar())));
        assertTrue(folder.getFileName().toString().startsWith("tandem-n-1-"), folder.toString());
        assertArrayEquals(content(), Files.readAllBytes(folder.resolve("liba.so")));
        Path other = cache.provide("n-1", List.of(NativeResource.of("liba.so", jar())));
        assertNotEquals(folder, other);
        for (Path used : List.of(folder, other)) {
            Files.delete(used.resolve("liba.so"));
            Files.delete(used);
        }
    }

    @Test
    void readsResourcesOutsideOfJars() throws IOException {
        Path file = Files.write(temp.resolve("libb.so"), content());
        NativeResource outside = NativeResource.of("liba.so", file.toUri().toURL());
        NativeResource inside = NativeResource.of("liba.so", jar());
        assertEquals(inside.size(), outside.size());
        assertEquals(inside.checksum(), outside.checksum());
        assertTrue(inside.matches(file));
        assertFalse(inside.matches(temp.resolve("none")));
    }

    @Test
    void processesThatStartAtOnceShareOneCopy() throws IOException, InterruptedException {
        URL jar = jar();
        Path root = temp.resolve("cache");
        Path go = temp.resolve("go");
        String classPath = Fixture.classPathOf(NativeCache.class, NativeCacheTest.class, Logger.class);
        List<Process> processes = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            processes.add(Fixture.start(temp.resolve("out" + i), classPath, Provider.class, jar.toString(),
                    root.toString(), go.toString()));
        }
        for (int i = 0; i < 3; i++) {
            Path ready = temp.resolve("out" + i);
            while (processes.get(i).isAlive() && !Files.readString(ready).contains("ready")) {
                Thread.sleep(25);
            }
        }
        Files.createFile(go);
        for (int i = 0; i < 3; i++) {
            assertTrue(processes.get(i).waitFor(60, TimeUnit.SECONDS), "process " + i + " hangs");
            String output = Files.readString(temp.resolve("out" + i));
            assertEquals(0, processes.get(i).exitValue(), output);
            assertTrue(output.contains("provided " + root.resolve("n-1")), output);
        }
        try (Stream<Path> files = Files.list(root.resolve("n-1"))) {
            assertEquals(List.of("liba.so"), files.map(f -> f.getFileName().toString()).toList());
        }
        assertArrayEquals(content(), Files.readAllBytes(root.resolve("n-1").resolve("liba.so")));
    }

    /** One process of the test above: waits for the signal, provides the library and checks what it got. */
    static final class Provider {
        private Provider() {}

        /** Arguments: location of the library, root of the cache, file whose creation is the signal. */
        public static void main(String[] arguments) throws Exception {
            NativeResource resource = NativeResource.of("liba.so", URI.create(arguments[0]).toURL());
            NativeCache cache = new NativeCache(List.of(Path.of(arguments[1])));
            System.out.write("ready\n".getBytes(StandardCharsets.UTF_8));
            System.out.flush();
            while (!Files.exists(Path.of(arguments[2]))) {
                Thread.onSpinWait();
            }
            for (int i = 0; i < 20; i++) {
                Path folder = cache.provide("n-1", List.of(resource));
                if (!resource.matches(folder.resolve("liba.so"))) {
                    throw new IllegalStateException("a damaged copy in round " + i);
                }
                System.out.println("provided " + folder);
            }
        }
    }
}
