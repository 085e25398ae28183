package io.tandem.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Archives of arrays. */
class NpzTest {
    @TempDir
    Path folder;

    private static Map<String, NDArray> samples() {
        Map<String, NDArray> arrays = new LinkedHashMap<>();
        arrays.put("0.weight", NDArray.of(Shape.of(2, 3), 1, 2, 3, 4, 5, Float.NaN));
        arrays.put("0.bias", NDArray.ofDoubles(Shape.of(2), -0.0, Double.NEGATIVE_INFINITY));
        arrays.put("step", NDArray.scalar(Long.MIN_VALUE));
        arrays.put("empty", NDArray.zeros(TensorType.f32(0, 4)));
        arrays.put("labels", NDArray.ofInts(Shape.of(3), 1, -2, 3));
        arrays.put("bytes", NDArray.ofBytes(Shape.of(2), (byte) 255, (byte) 1));
        arrays.put("flags", NDArray.scalar(DType.BOOL, 1));
        arrays.put("half", NDArray.of(Shape.of(2), 1.5f, -2).cast(DType.F16));
        return arrays;
    }

    @Test
    void whatIsWrittenIsReadBit() {
        Path file = folder.resolve("new/folder/a.npz");
        Npz.write(file, samples());
        Map<String, NDArray> read = Npz.read(file);
        assertEquals(samples(), read);
        assertEquals(List.copyOf(samples().keySet()), List.copyOf(read.keySet()));
    }

    @Test
    void equalArraysGiveEqualFiles() throws IOException {
        Npz.write(folder.resolve("a.npz"), samples());
        Npz.write(folder.resolve("b.npz"), samples());
        assertArrayEquals(Files.readAllBytes(folder.resolve("a.npz")), Files.readAllBytes(folder.resolve("b.npz")));
    }

    /** The bytes of an npy file as the format's description gives them, without this library's writer. */
    static byte[] npy(String dictionary, int... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return npy(dictionary, bytes);
    }

    /** As above. */
    static byte[] npy(String dictionary, byte[] values) {
        byte[] text = (dictionary + " ".repeat(Math.max(0, 117 - dictionary.length())) + "\n")
                .getBytes(StandardCharsets.ISO_8859_1);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(
                new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (byte) text.length, (byte) (text.length >> 8)});
        out.writeBytes(text);
        out.writeBytes(values);
        return out.toByteArray();
    }

    /** A deflated archive, as {@code savez_compressed} makes it. */
    static byte[] archive(Map<String, byte[]> entries) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
                zip.putNextEntry(new ZipEntry(entry.getKey()));
                zip.write(entry.getValue());
                zip.closeEntry();
            }
        }
        return bytes.toByteArray();
    }

    @Test
    void archivesOfOtherProgramsAreRead() throws IOException {
        Path file = folder.resolve("other.npz");
        Files.write(
                file,
                archive(Map.of(
                        "x.npy",
                        npy("{'descr': '>i4', 'fortran_order': True, 'shape': (2, 2), }",
                                0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4))));
        assertEquals(Map.of("x", NDArray.ofInts(Shape.of(2, 2), 1, 3, 2, 4)), Npz.read(file));
    }

    private String failure(byte[] bytes) throws IOException {
        Path file = Files.write(folder.resolve("bad.npz"), bytes);
        String message = assertThrows(FormatException.class, () -> Npz.read(file)).getMessage();
        assertTrue(message.contains("bad.npz"), message);
        return message;
    }

    @Test
    void faultsAreNamed() throws IOException {
        assertTrue(failure("no zip".getBytes(StandardCharsets.UTF_8)).contains("not a valid npz file"));
        assertTrue(failure(archive(Map.of("readme.txt", new byte[3]))).contains("readme.txt"));
        assertTrue(failure(archive(Map.of("x.npy", npy("{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }"))))
                .contains("<c8"));
        assertTrue(failure(archive(Map.of(
                "x.npy", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", new byte[4]))))
                .contains("cut short"));
        assertTrue(failure(archive(Map.of(
                "x.npy", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", new byte[8]))))
                .contains("more bytes"));
        assertThrows(UncheckedIOException.class, () -> Npz.read(folder.resolve("missing.npz")));
        assertThrows(UncheckedIOException.class, () -> Npz.read(folder));
        FormatException bfloat = assertThrows(
                FormatException.class,
                () -> Npz.write(folder.resolve("b.npz"), Map.of("w", NDArray.scalar(DType.BF16, 1))));
        assertTrue(bfloat.getMessage().contains("'w'") && bfloat.getMessage().contains(".safetensors"),
                bfloat.getMessage());
        assertTrue(Files.notExists(folder.resolve("b.npz")));
    }

    @Test
    void damageIsFoundByTheChecksum() throws IOException {
        Path file = folder.resolve("a.npz");
        Npz.write(file, Map.of("x", NDArray.zeros(TensorType.f32(1000))));
        byte[] bytes = Files.readAllBytes(file);
        bytes[2000] ^= 1;
        assertTrue(failure(bytes).contains("damaged"));
    }

    @Test
    void bombsTakeNoMemory() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            zip.putNextEntry(new ZipEntry("x.npy"));
            zip.write(npy("{'descr': '|u1', 'fortran_order': False, 'shape': (4,), }"));
            byte[] zeros = new byte[1 << 20];
            for (int i = 0; i < 200; i++) {
                zip.write(zeros);
            }
            zip.closeEntry();
        }
        long taken = Allocation.of(() -> {
            try {
                failure(bytes.toByteArray());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        assertTrue(taken < 10L << 20, taken + " bytes");
    }
}
