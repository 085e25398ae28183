package io.tandem.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.tensor.NDArray;
import io.tandem.tensor.TensorType;
import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Valid files that need more memory than there is, most of them packed a thousandfold: each is refused with a clear error,
 * in a process whose memory would not bear them.
 */
class BombTest {
    private static final int LARGE = 60_000_000;

    @TempDir
    Path folder;

    private interface Packed {
        OutputStream open(OutputStream file) throws IOException;
    }

    private void write(String name, Packed packed, byte[] start, String repeated, int bytes) throws IOException {
        byte[] unit = repeated.getBytes(StandardCharsets.UTF_8);
        byte[] piece = new byte[unit.length * 100_000];
        for (int i = 0; i < piece.length; i++) {
            piece[i] = unit[i % unit.length];
        }
        try (OutputStream out = packed.open(Files.newOutputStream(folder.resolve(name)))) {
            out.write(start);
            for (int left = bytes; left > 0; left -= piece.length) {
                out.write(piece, 0, Math.min(left, piece.length));
            }
        }
    }

    private static OutputStream zip(OutputStream file) throws IOException {
        ZipOutputStream zip = new ZipOutputStream(file);
        zip.putNextEntry(new ZipEntry("x.npy"));
        return zip;
    }

    private void sparse(String name, byte[] start) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(folder.resolve(name).toFile(), "rw")) {
            file.write(start);
            file.setLength(start.length + (long) LARGE);
        }
    }

    private static byte[] safetensors() {
        byte[] header = "{\"x\":{\"dtype\":\"U8\",\"shape\":[%d],\"data_offsets\":[0,%d]}}".formatted(LARGE, LARGE)
                .getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(8 + header.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(header.length)
                .put(header)
                .array();
    }

    @Test
    void memoryIsNeverExhausted() throws Exception {
        byte[] npy = NpzTest.npy("{'descr': '|u1', 'fortran_order': False, 'shape': (%d,), }".formatted(LARGE));
        byte[] idx = ByteBuffer.allocate(8).put(new byte[] {0, 0, 8, 1}).putInt(LARGE).array();
        byte[] none = new byte[0];
        write("a.npz", BombTest::zip, npy, "\0", LARGE);
        sparse("b.npy", npy);
        sparse("c.safetensors", safetensors());
        write("d.idx.gz", GZIPOutputStream::new, idx, "\0", LARGE);
        write("e.bin.gz", GZIPOutputStream::new, none, "\0", 3073 * 20_000);
        write("f.txt.gz", GZIPOutputStream::new, none, "a", LARGE);
        // Few bytes, but their characters take two each, and several copies of them are needed.
        write("g.txt.gz", GZIPOutputStream::new, "\u20ac".getBytes(StandardCharsets.UTF_8), "a", 8_000_000);
        write("h.numbers.gz", GZIPOutputStream::new, none, "1\n", 9_000_000);
        write("i.names.gz", GZIPOutputStream::new, none, "a\n", 2_000_000);
        write("j.wide.gz", GZIPOutputStream::new, none, ",", 4_000_000);
        Npy.write(folder.resolve("k.npy"), NDArray.zeros(TensorType.f32(1000, 1000)));

        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        String classes = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        Path log = Files.createTempFile("bombs", ".txt");
        Process process = new ProcessBuilder(
                java, "-Xmx40m", "-XX:+UseSerialGC", "-cp", classes, BombProcess.class.getName(), folder.toString())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        assertEquals(0, process.waitFor(), Files.readString(log));
        List<String> lines = Files.readAllLines(log);
        Files.delete(log);
        assertEquals(11, lines.size(), lines.toString());
        for (String line : lines.subList(0, 9)) {
            assertTrue(line.contains(": refused: ") && line.contains(" MB of memory"), line);
        }
        assertTrue(lines.get(9).contains("refused: ") && lines.get(9).contains("the row has more than"), lines.get(9));
        assertEquals("k.npy: read", lines.getLast());
        assertTrue(Arrays.stream(folder.toFile().listFiles())
                .filter(file -> file.getName().endsWith("gz"))
                .allMatch(file -> file.length() < 100_000));
    }
}
