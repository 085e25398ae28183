package io.tandem.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Safetensors files, right and wrong. */
class SafetensorsTest {
    @TempDir
    Path folder;

    private static Map<String, NDArray> samples() {
        Map<String, NDArray> arrays = new LinkedHashMap<>();
        for (DType dtype : DType.values()) {
            arrays.put("values." + dtype,
                    NDArray.generate(TensorType.of(dtype, 3, 1), i -> i - (dtype.isFloating() ? 1.25 : 0)));
        }
        arrays.put("scalar \"quoted\" \u00e4\u4e2d", NDArray.scalar(DType.F64, Math.PI));
        arrays.put("empty", NDArray.zeros(TensorType.f32(2, 0)));
        return arrays;
    }

    @Test
    void whatIsWrittenIsRead() throws IOException {
        Path file = folder.resolve("a.safetensors");
        Safetensors.write(file, samples(), Map.of("license", "none", "\u00fc", "line\nbreak"));
        assertEquals(samples(), Safetensors.read(file));
        try (SafetensorsFile open = Safetensors.open(file)) {
            assertEquals(Map.of("license", "none", "\u00fc", "line\nbreak"), open.metadata());
            assertEquals(TensorType.of(DType.BF16, 3, 1), open.types().get("values.BF16"));
            samples().forEach((name, value) -> assertEquals(value, open.get(name)));
        }
        byte[] bytes = Files.readAllBytes(file);
        assertEquals(0, bytes[0] % 8, "arrays begin at a multiple of eight");
    }

    @Test
    void viewsCopyNothingAndEndWithTheFile() {
        Path file = folder.resolve("a.safetensors");
        Safetensors.write(file, Map.of("x", NDArray.zeros(TensorType.f32(1 << 20))));
        SafetensorsFile open = Safetensors.open(file);
        long taken = Allocation.of(() -> open.get("x"));
        assertTrue(taken < 10_000, taken + " bytes");
        NDArray x = open.get("x");
        assertTrue(x.segment().isNative());
        assertEquals(0, x.getDouble(12345));
        open.close();
        open.close();
        assertThrows(IllegalStateException.class, () -> x.getDouble(12345));
        assertThrows(IllegalStateException.class, () -> open.get("x"));
    }

    /** A file as the format's description gives it, without this library's writer. */
    static byte[] file(String header, int... data) {
        byte[] text = header.getBytes(StandardCharsets.UTF_8);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(text.length)
                .array());
        out.writeBytes(text);
        for (int b : data) {
            out.write(b);
        }
        return out.toByteArray();
    }

    private Map<String, NDArray> read(byte[] bytes) {
        try {
            return Safetensors.read(Files.write(folder.resolve("x.safetensors"), bytes));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void filesOfOtherProgramsAreRead() {
        // Written without padding and with the arrays in another order than the header's.
        Map<String, NDArray> arrays = read(file(
                "{\"b\":{\"dtype\":\"I16\",\"shape\":[2],\"data_offsets\":[4,8]},"
                        + "\"a\":{\"shape\":[1,1],\"dtype\":\"F32\",\"data_offsets\":[0,4]},"
                        + "\"c\":{\"dtype\":\"U32\",\"shape\":[],\"data_offsets\":[8,12]},"
                        + "\"d\":{\"dtype\":\"I8\",\"shape\":[1],\"data_offsets\":[12,13]},"
                        + "\"e\":{\"dtype\":\"U16\",\"shape\":[1],\"data_offsets\":[13,15]},"
                        + "\"f\":{\"dtype\":\"U64\",\"shape\":[1],\"data_offsets\":[15,23]}}   ",
                0, 0, 0x80, 0x3f, 1, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x80, 0xff, 0xff, 9, 0, 0, 0, 0, 0, 0, 0));
        assertEquals(NDArray.of(Shape.of(1, 1), 1), arrays.get("a"));
        assertEquals(NDArray.ofInts(Shape.of(2), 1, -1), arrays.get("b"));
        assertEquals(NDArray.scalar(4294967295L), arrays.get("c"));
        assertEquals(NDArray.ofInts(Shape.of(1), -128), arrays.get("d"));
        assertEquals(NDArray.ofInts(Shape.of(1), 65535), arrays.get("e"));
        assertEquals(NDArray.ofLongs(Shape.of(1), 9), arrays.get("f"));
        assertEquals(Map.of(), read(file("{}")));
    }

    private String failure(byte[] bytes) {
        String message = assertThrows(FormatException.class, () -> read(bytes)).getMessage();
        assertTrue(message.contains("x.safetensors"), message);
        return message;
    }

    private static String array(String dtype, String shape, int begin, int end) {
        return "{\"dtype\":\"" + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":[" + begin + "," + end + "]}";
    }

    @Test
    void faultsAreNamed() {
        assertTrue(failure(new byte[3]).contains("3 bytes"));
        assertTrue(failure(new byte[] {-1, -1, -1, -1, -1, -1, -1, -1}).contains("18446744073709551615"));
        assertTrue(failure(new byte[] {100, 0, 0, 0, 0, 0, 0, 0, '{', '}'}).contains("cut short"));
        assertTrue(failure(file("[]")).contains("does not start with {"));
        assertTrue(failure(file("{\"a\":")).contains("not valid JSON"));
        assertTrue(failure(file("{} {}")).contains("after the header's end"));
        assertTrue(failure(file("{\"a\":1}")).contains("'a' must be an object"));
        assertTrue(failure(file("{\"a\":{}}")).contains("'a' needs a dtype"));
        assertTrue(failure(file("{\"__metadata__\":{\"k\":1}}")).contains("'k'"));
        assertTrue(
                failure(file("{\"a\":" + array("F32", "[1]", 0, 4) + "}")).contains("'a' lies at bytes 0 to 4 of 0"));
        assertTrue(failure(file("{\"a\":" + array("F32", "[2]", 0, 4) + "}", 0, 0, 0, 0))
                .contains("do not fit F32 of [2]"));
        assertTrue(failure(file("{\"a\":" + array("F33", "[1]", 0, 4) + "}", 0, 0, 0, 0)).contains("'F33'"));
        assertTrue(failure(file("{\"a\":" + array("F32", "[-1]", 0, 4) + "}", 0, 0, 0, 0)).contains("size -1"));
        assertTrue(failure(file("{\"a\":" + array("F32", "[99999999999999999999]", 0, 4) + "}", 0, 0, 0, 0))
                .contains("not valid JSON"));
        assertTrue(failure(file("{\"a\":" + array("F32", "[2147483647,2147483647,2147483647]", 0, 4) + "}", 0, 0, 0, 0))
                .contains("too many"));
        String overlap = "{\"a\":" + array("U8", "[3]", 0, 3) + ",\"b\":" + array("U8", "[2]", 2, 4) + "}";
        assertTrue(failure(file(overlap, 1, 2, 3, 4)).contains("'b' lies at bytes 2 to 4"));
        String gap = "{\"a\":" + array("U8", "[1]", 0, 1) + ",\"b\":" + array("U8", "[1]", 2, 3) + "}";
        assertTrue(failure(file(gap, 1, 2, 3)).contains("next free byte is 1"));
        assertTrue(failure(file("{\"a\":" + array("U8", "[1]", 0, 1) + "}", 1, 2)).contains("end at byte 1 of 2"));
        String twice = "{\"a\":" + array("U8", "[1]", 0, 1) + ",\"a\":" + array("U8", "[1]", 0, 1) + "}";
        assertTrue(failure(file(twice, 1)).contains("Duplicate"));
        assertTrue(failure(file("{\"a\":" + array("F8_E4M3", "[1]", 0, 1) + "}", 1)).contains("F8_E4M3"));
        assertTrue(failure(file("{\"a\":" + array("BOOL", "[1]", 0, 1) + "}", 2)).contains("truth value 2"));
        assertTrue(failure(file("{\"a\":" + array("U64", "[1]", 0, 8) + "}", 0, 0, 0, 0, 0, 0, 0, 0x80))
                .contains("9223372036854775808"));
        byte[] text = file("{\"ab\":" + array("U8", "[1]", 0, 1) + "}", 1);
        text[11] = (byte) 0xff;
        assertTrue(failure(text).contains("UTF-8"));
        assertThrows(UncheckedIOException.class, () -> Safetensors.read(folder.resolve("missing.safetensors")));
        assertThrows(UncheckedIOException.class, () -> Safetensors.read(folder));
        assertThrows(
                IllegalArgumentException.class,
                () -> Safetensors.write(folder.resolve("m"), Map.of("__metadata__", NDArray.scalar(1))));
        assertFalse(Files.exists(folder.resolve("m")));
    }
}
