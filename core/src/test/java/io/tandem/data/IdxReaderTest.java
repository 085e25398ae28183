package io.tandem.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** All types of IDX, packed or not, and every way in which a file can be wrong. */
class IdxReaderTest {
    @TempDir
    Path folder;

    /** What a test writes into a file. */
    interface Content {
        void write(DataOutputStream out) throws IOException;
    }

    private Path file(String name, Content content) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        content.write(new DataOutputStream(bytes));
        return Files.write(folder.resolve(name), bytes.toByteArray());
    }

    static byte[] gzip(byte[] bytes) throws IOException {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
            out.write(bytes);
        }
        return packed.toByteArray();
    }

    private static void header(DataOutputStream out, int type, int... dims) throws IOException {
        out.write(new byte[] {0, 0, (byte) type, (byte) dims.length});
        for (int dim : dims) {
            out.writeInt(dim);
        }
    }

    private String failure(Path path) {
        String message = assertThrows(DataException.class, () -> IdxReader.read(path)).getMessage();
        assertTrue(message.contains(path.toString()), message);
        return message;
    }

    @Test
    void allTypes() throws IOException {
        assertEquals(NDArray.ofBytes(Shape.of(2, 2), (byte) 0, (byte) 127, (byte) 128, (byte) 255),
                IdxReader.read(file("u8", out -> {
                    header(out, 8, 2, 2);
                    out.write(new byte[] {0, 127, (byte) 128, (byte) 255});
                })));
        assertEquals(NDArray.ofInts(Shape.of(2), -128, 127), IdxReader.read(file("i8", out -> {
            header(out, 9, 2);
            out.write(new byte[] {-128, 127});
        })));
        assertEquals(NDArray.ofInts(Shape.of(3), -32768, 258, 32767), IdxReader.read(file("i16", out -> {
            header(out, 11, 3);
            out.writeShort(-32768);
            out.writeShort(258);
            out.writeShort(32767);
        })));
        assertEquals(NDArray.ofInts(Shape.of(1, 2), -5, 0x01020304), IdxReader.read(file("i32", out -> {
            header(out, 12, 1, 2);
            out.writeInt(-5);
            out.writeInt(0x01020304);
        })));
        assertEquals(NDArray.of(Shape.of(2), -1.5f, 1e-20f), IdxReader.read(file("f32", out -> {
            header(out, 13, 2);
            out.writeFloat(-1.5f);
            out.writeFloat(1e-20f);
        })));
        assertEquals(NDArray.ofDoubles(Shape.of(2), -1.5, 1e-200), IdxReader.read(file("f64", out -> {
            header(out, 14, 2);
            out.writeDouble(-1.5);
            out.writeDouble(1e-200);
        })));
        assertEquals(NDArray.ofBytes(Shape.of(0)), IdxReader.read(file("empty", out -> header(out, 8, 0))));
    }

    @Test
    void valuesBeyondOneTileAndGzip() throws IOException {
        int count = 100_000;
        Content content = out -> {
            header(out, 12, count / 10, 10);
            for (int i = 0; i < count; i++) {
                out.writeInt(i * 31);
            }
        };
        Path plain = file("plain", content);
        Path packed = Files.write(folder.resolve("packed.gz"), gzip(Files.readAllBytes(plain)));
        NDArray values = IdxReader.read(plain);
        assertEquals(Shape.of(count / 10, 10), values.shape());
        assertEquals(99_999L * 31, values.getLong(99_999));
        assertEquals(values, IdxReader.read(packed));
    }

    @Test
    void notIdx() throws IOException {
        assertTrue(failure(file("text", out -> out.writeBytes("label,pixel"))).contains("not an IDX file: it starts"));
        assertTrue(failure(file("type", out -> header(out, 10, 1))).contains("not an IDX file"));
        assertTrue(failure(file("short", out -> out.write(new byte[] {0, 0}))).contains("within the IDX header"));
        assertTrue(failure(file("nothing", out -> {})).contains("2 bytes are missing")
                || failure(folder.resolve("nothing")).contains("4 bytes are missing"));
        assertEquals("file not found: " + folder.resolve("none"),
                assertThrows(DataException.class, () -> IdxReader.read(folder.resolve("none"))).getMessage());
        assertTrue(failure(folder).contains("is a folder"));
    }

    @Test
    void anotherKindOfFile() throws IOException {
        Path labels = file("labels", out -> {
            header(out, 8, 2);
            out.write(new byte[2]);
        });
        assertEquals(Shape.of(2), IdxReader.read(labels, DType.U8, 1).shape());
        String message = assertThrows(DataException.class, () -> IdxReader.read(labels, DType.U8, 3)).getMessage();
        assertTrue(message.contains("with 1 axes (magic number 2049), expected type U8 with 3 axes"), message);
    }

    @Test
    void wrongSizes() throws IOException {
        assertTrue(failure(file("few", out -> {
            header(out, 8, 3, 3);
            out.write(new byte[8]);
        })).contains("announces values of shape [3, 3] (9 bytes), but the file can hold 8 bytes"));
        assertTrue(failure(file("many", out -> {
            header(out, 8, 3, 3);
            out.write(new byte[10]);
        })).contains("more bytes after the values of shape [3, 3], which end at byte 21"));
        assertTrue(failure(file("negative", out -> header(out, 8, 1, -1)))
                .contains("gives axis 1 the size 4294967295 at byte 8"));
        assertTrue(failure(file("axes", out -> header(out, 8, new int[100]))).contains("announces 100 axes"));
        assertTrue(
                failure(file("huge", out -> header(out, 8, 1 << 30, 1 << 30))).contains("values; the file is damaged"));
        assertTrue(failure(file("cut", out -> out.write(new byte[] {0, 0, 8, 3, 0, 0, 0, 1, 0})))
                .contains("ends at byte 9 within the IDX header"));
    }

    @Test
    void aGzipFileCannotAskForMoreThanItHolds() throws IOException {
        Path plain = file("bomb", out -> header(out, 8, 1_000_000_000));
        Path packed = Files.write(folder.resolve("bomb.gz"), gzip(Files.readAllBytes(plain)));
        String message = failure(packed);
        assertTrue(message.contains("(1000000000 bytes), but the file can hold"), message);
        // More packed zeros than the header says are not unpacked.
        Path longer = Files.write(folder.resolve("longer.gz"),
                gzip(Arrays.copyOf(new byte[] {0, 0, 8, 1, 0, 0, 0, 1}, 50_000_000)));
        assertTrue(failure(longer).contains("there are more bytes after the values of shape [1]"));
    }

    @Test
    void truncatedAndDamagedGzip() throws IOException {
        byte[] noise = new byte[20_000];
        new Random(1).nextBytes(noise);
        Path plain = file("noise", out -> {
            header(out, 8, noise.length);
            out.write(noise);
        });
        byte[] packed = gzip(Files.readAllBytes(plain));
        for (int length : new int[] {5, 12, 100, packed.length / 2, packed.length - 9, packed.length - 3}) {
            Path cut = Files.write(folder.resolve("cut" + length + ".gz"), Arrays.copyOf(packed, length));
            String message = failure(cut);
            assertTrue(message.contains("truncated"), length + ": " + message);
        }
        packed[packed.length - 6] ^= 1;
        Path damaged = Files.write(folder.resolve("damaged.gz"), packed);
        assertTrue(failure(damaged).contains("the gz file is damaged after"));
    }
}
