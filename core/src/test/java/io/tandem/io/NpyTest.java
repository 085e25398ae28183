package io.tandem.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class NpyTest {
    @TempDir
    private Path folder;

    private static byte[] file(int major, String header, ByteBuffer values) {
        byte[] text = header.getBytes(StandardCharsets.UTF_8);
        ByteBuffer buffer = ByteBuffer.allocate(16 + text.length + values.remaining())
                .order(ByteOrder.LITTLE_ENDIAN);
        buffer.put(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', (byte) major, 0});
        if (major == 1) {
            buffer.putShort((short) text.length);
        } else {
            buffer.putInt(text.length);
        }
        buffer.put(text).put(values);
        return Arrays.copyOf(buffer.array(), buffer.position());
    }

    private static NDArray read(byte[] bytes) throws IOException {
        return Npy.read(new ByteArrayInputStream(bytes), "array.npy");
    }

    private static String message(byte[] bytes) {
        return assertThrows(FormatException.class, () -> read(bytes)).getMessage();
    }

    private static ByteBuffer floats(ByteOrder order, float... values) {
        ByteBuffer buffer = ByteBuffer.allocate(4 * values.length).order(order);
        for (float value : values) {
            buffer.putFloat(value);
        }
        return buffer.flip();
    }

    @ParameterizedTest
    @EnumSource(
            value = DType.class,
            names = {"BF16"},
            mode = EnumSource.Mode.EXCLUDE)
    void everyTypeAndShapeComesBack(DType dtype) {
        for (Shape shape : new Shape[] {Shape.of(), Shape.of(5), Shape.of(2, 3), Shape.of(0, 4),
            Shape.of(2, 1, 3, 2)}) {
            NDArray array = NDArray.generate(new TensorType(dtype, shape), i -> dtype == DType.BOOL ? i % 2 : i * 1.25);
            Path file = folder.resolve(dtype + "." + shape.rank() + ".npy");
            Npy.write(file, array);
            assertEquals(array, Npy.read(file));
        }
    }

    @Test
    void largeArraysGoInPieces() {
        NDArray array = NDArray.generate(TensorType.f32(300, 401), i -> i * 0.5);
        Npy.write(folder.resolve("large.npy"), array);
        assertEquals(array, Npy.read(folder.resolve("large.npy")));
    }

    @Test
    void theWrittenFileIsWhatNumPyWrites() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        Npy.write(out, NDArray.of(Shape.of(3), 1, 2, 3));
        byte[] bytes = out.toByteArray();
        assertEquals(128 + 12, bytes.length);
        assertEquals(118, bytes[8]);
        String header = new String(bytes, 10, 118, StandardCharsets.ISO_8859_1);
        assertEquals("{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }", header.strip());
        assertEquals('\n', bytes[127]);
        ByteArrayOutputStream scalar = new ByteArrayOutputStream();
        Npy.write(scalar, NDArray.scalar(7));
        assertTrue(scalar.toString(StandardCharsets.ISO_8859_1)
                .contains("'descr': '<i8', 'fortran_order': False, 'shape': (), }"));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void allVersionsAreRead(int major) throws IOException {
        byte[] bytes = file(
                major,
                "{\"shape\": (2, 1), \"descr\": \"<f4\", \"fortran_order\": False}\n",
                floats(ByteOrder.LITTLE_ENDIAN, 1, 2));
        assertEquals(NDArray.of(Shape.of(2, 1), 1, 2), read(bytes));
    }

    @Test
    void fortranOrderIsTransposed() throws IOException {
        byte[] bytes = file(
                1,
                "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }\n",
                floats(ByteOrder.LITTLE_ENDIAN, 1, 4, 2, 5, 3, 6));
        assertEquals(NDArray.of(Shape.of(2, 3), 1, 2, 3, 4, 5, 6), read(bytes));
        float[] values = new float[24];
        for (int i = 0; i < 24; i++) {
            // Element (a, b, c) of shape [2, 3, 4] has the value 100 a + 10 b + c.
            values[i] = i % 2 * 100 + i / 2 % 3 * 10 + i / 6;
        }
        NDArray cube = read(file(
                1, "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3, 4), }",
                floats(ByteOrder.LITTLE_ENDIAN, values)));
        for (int i = 0; i < 24; i++) {
            assertEquals(i / 12 * 100 + i / 4 % 3 * 10 + i % 4, cube.getDouble(i));
        }
    }

    @Test
    void bigEndianIsSwapped() throws IOException {
        byte[] bytes = file(
                1, "{'descr': '>f4', 'fortran_order': False, 'shape': (2,), }", floats(ByteOrder.BIG_ENDIAN, 1.5f, -2));
        assertArrayEquals(new float[] {1.5f, -2}, read(bytes).toFloats());
    }

    @Test
    void aStreamIsLeftBehindTheArray() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        Npy.write(out, NDArray.scalar(1));
        Npy.write(out, NDArray.scalar(2));
        ByteArrayInputStream in = new ByteArrayInputStream(out.toByteArray());
        assertEquals(1, Npy.read(in, "first").item());
        assertEquals(2, Npy.read(in, "second").item());
    }

    @Test
    void faultsAreNamed() throws IOException {
        ByteBuffer two = floats(ByteOrder.LITTLE_ENDIAN, 1, 2);
        String good = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }";
        assertTrue(message("PK archive".getBytes(StandardCharsets.UTF_8)).contains("is not an npy file"));
        assertTrue(message(new byte[3]).contains("array.npy is cut short: the start needs 8 bytes, there are 3"));
        assertTrue(message(file(4, good, two.duplicate())).contains("has npy version 4.0; 1.0, 2.0 and 3.0 are known"));
        byte[] whole = file(1, good, two.duplicate());
        assertEquals(
                "array.npy is cut short: f32[2] needs 8 bytes of values, there are 5",
                message(Arrays.copyOf(whole, whole.length - 3)));
        assertTrue(message(Arrays.copyOf(whole, 20)).contains("the header needs"));
        assertTrue(message(file(1, good.replace("<f4", "<c8"), two.duplicate()))
                .contains("elements of type '<c8' are not supported; these are: <f8, <f4, <f2, <i8, <i4, |u1, |b1"));
        assertTrue(message(file(1, "hello", two.duplicate())).contains("the header is not a dictionary"));
        assertTrue(message(file(1, "{'descr': '<f4', 'shape': (2,)}", two.duplicate()))
                .contains("no valid entry 'fortran_order'"));
        assertTrue(message(file(1, good.replace("(2,)", "(-2,)"), two.duplicate())).contains("must not be negative"));
        assertTrue(message(file(1, good.replace("(2,)", "(99999999999,)"), two.duplicate()))
                .contains("is not a number up to"));
        Path longer = folder.resolve("longer.npy");
        Files.write(longer, Arrays.copyOf(whole, whole.length + 1));
        assertTrue(assertThrows(FormatException.class, () -> Npy.read(longer))
                .getMessage()
                .contains("there are more bytes than f32[2] needs"));
        Path greedy = folder.resolve("greedy.npy");
        Files.write(greedy, file(1, good.replace("(2,)", "(2000000000, 500)"), two.duplicate()));
        assertTrue(assertThrows(FormatException.class, () -> Npy.read(greedy)).getMessage().contains("is cut short"));
        // 2^61 elements of 8 bytes are 2^64 bytes, which as a long are none.
        for (String shape : new String[] {"(1073741824, 1073741824, 2)", "(2147483647, 2147483647)"}) {
            Path endless = folder.resolve("endless.npy");
            Files.write(endless, file(1, good.replace("(2,)", shape).replace("<f4", "<f8"), two.duplicate()));
            assertTrue(assertThrows(FormatException.class, () -> Npy.read(endless)).getMessage()
                    .contains("too many elements"));
        }
        Path missing = folder.resolve("missing.npy");
        assertTrue(assertThrows(UncheckedIOException.class, () -> Npy.read(missing)).getMessage()
                .contains("there is no file"));
        assertTrue(assertThrows(
                FormatException.class,
                () -> Npy.write(missing, NDArray.zeros(TensorType.of(DType.BF16, 2))))
                .getMessage()
                .contains("cast the array to f32"));
        assertTrue(!Files.exists(missing));
    }
}
