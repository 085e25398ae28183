package io.tandem.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Event files, read back by a parser of the record format and of protocol buffers that knows nothing of the writer. */
class EventFileTest {
    @TempDir
    Path folder;

    /** CRC-32C, bit by bit, from its polynomial. */
    private static int crc(byte[] data) {
        int crc = -1;
        for (byte b : data) {
            crc ^= b & 0xff;
            for (int bit = 0; bit < 8; bit++) {
                crc = (crc & 1) != 0 ? crc >>> 1 ^ 0x82f63b78 : crc >>> 1;
            }
        }
        return ~crc;
    }

    private static void requireChecksum(byte[] data, int stored) {
        int unmasked = stored - 0xa282ead8;
        assertEquals(crc(data), unmasked << 15 | unmasked >>> 17);
    }

    private static List<byte[]> records(Path file) throws IOException {
        ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        List<byte[]> records = new ArrayList<>();
        while (in.hasRemaining()) {
            byte[] length = new byte[8];
            in.get(length);
            requireChecksum(length, in.getInt());
            byte[] data = new byte[Math.toIntExact(
                    ByteBuffer.wrap(length).order(ByteOrder.LITTLE_ENDIAN).getLong())];
            in.get(data);
            requireChecksum(data, in.getInt());
            records.add(data);
        }
        return records;
    }

    /** The fields of a message by number; numbers as longs, fixed ones as their bits. */
    private static Map<Integer, List<Object>> fields(byte[] message) {
        ByteBuffer in = ByteBuffer.wrap(message).order(ByteOrder.LITTLE_ENDIAN);
        Map<Integer, List<Object>> fields = new HashMap<>();
        while (in.hasRemaining()) {
            long tag = varint(in);
            Object value =
                    switch ((int) (tag & 7)) {
                        case 0 -> varint(in);
                        case 1 -> in.getLong();
                        case 2 -> {
                            byte[] bytes = new byte[(int) varint(in)];
                            in.get(bytes);
                            yield bytes;
                        }
                        case 5 -> in.getInt();
                        default -> throw new AssertionError("wire type " + (tag & 7));
                    };
            fields.computeIfAbsent((int) (tag >> 3), k -> new ArrayList<>()).add(value);
        }
        return fields;
    }

    private static long varint(ByteBuffer in) {
        long value = 0;
        for (int shift = 0;; shift += 7) {
            byte b = in.get();
            value |= (long) (b & 0x7f) << shift;
            if (b >= 0) {
                return value;
            }
        }
    }

    private static String text(Object bytes) {
        return new String((byte[]) bytes, StandardCharsets.UTF_8);
    }

    private Map<Integer, List<Object>> value(Path file, int record, String tag, long step) throws IOException {
        Map<Integer, List<Object>> event = fields(records(file).get(record));
        assertEquals(step, event.get(2).getFirst());
        double seconds = Double.longBitsToDouble((long) event.get(1).getFirst());
        assertTrue(seconds > 1.6e9 && seconds < 1e11, "wall time " + seconds);
        Map<Integer, List<Object>> value =
                fields((byte[]) fields((byte[]) event.get(5).getFirst()).get(1).getFirst());
        assertEquals(tag, text(value.get(1).getFirst()));
        return value;
    }

    @Test
    void everyKindOfEvent() throws IOException {
        EventFile events = EventFile.create(folder.resolve("run"));
        assertTrue(events.file().getFileName().toString().startsWith("events.out.tfevents."));
        assertEquals("brain.Event:2", text(fields(records(events.file()).getFirst()).get(3).getFirst()));
        events.scalar("loss", 7, 0.25);
        events.histogram("weights", 1L << 40, NDArray.of(Shape.of(5), -1, 0, 3, 3, Float.NaN));
        events.image("digit", 3,
                NDArray.ofBytes(Shape.of(3, 1, 2), (byte) 255, (byte) 0, (byte) 1, (byte) 2, (byte) 3, (byte) 4));
        events.image("grey", 3, NDArray.of(Shape.of(1, 2, 1), 0.5f, 7));
        events.text("notes", 0, "**gr\u00fcn**");
        assertEquals(1, records(events.file()).size(), "nothing is written before flush");
        events.flush();
        events.flush();

        assertEquals(Float.floatToIntBits(0.25f), value(events.file(), 1, "loss", 7).get(2).getFirst());

        Map<Integer, List<Object>> histogram =
                fields((byte[]) value(events.file(), 2, "weights", 1L << 40).get(5).getFirst());
        double[] numbers = new double[5];
        for (int i = 0; i < 5; i++) {
            numbers[i] = Double.longBitsToDouble((long) histogram.get(i + 1).getFirst());
        }
        assertArrayEquals(new double[] {-1, 3, 4, 5, 19}, numbers);
        double[] limits = doubles((byte[]) histogram.get(6).getFirst());
        double[] counts = doubles((byte[]) histogram.get(7).getFirst());
        assertEquals(limits.length, counts.length);
        assertEquals(3, limits[limits.length - 1], 1e-12);
        assertEquals(1, counts[0]);
        assertEquals(1, counts[16]);
        assertEquals(2, counts[counts.length - 1]);

        Map<Integer, List<Object>> image = fields((byte[]) value(events.file(), 3, "digit", 3).get(4).getFirst());
        assertEquals(List.of(1L, 2L, 3L),
                List.of(image.get(1).getFirst(), image.get(2).getFirst(), image.get(3).getFirst()));
        BufferedImage picture = ImageIO.read(new ByteArrayInputStream((byte[]) image.get(4).getFirst()));
        assertEquals(0xffff0103, picture.getRGB(0, 0));
        assertEquals(0xff000204, picture.getRGB(1, 0));
        BufferedImage grey = ImageIO.read(new ByteArrayInputStream(
                (byte[]) fields((byte[]) value(events.file(), 4, "grey", 3).get(4).getFirst()).get(4).getFirst()));
        assertEquals(128, grey.getRaster().getSample(0, 0, 0));
        assertEquals(255, grey.getRaster().getSample(0, 1, 0));

        Map<Integer, List<Object>> note = value(events.file(), 5, "notes", 0);
        Map<Integer, List<Object>> tensor = fields((byte[]) note.get(8).getFirst());
        assertEquals(7L, tensor.get(1).getFirst());
        assertEquals("**gr\u00fcn**", text(tensor.get(8).getFirst()));
        Map<Integer, List<Object>> plugin = fields((byte[]) fields((byte[]) note.get(9).getFirst()).get(1).getFirst());
        assertEquals("text", text(plugin.get(1).getFirst()));
    }

    private static double[] doubles(byte[] packed) {
        double[] values = new double[packed.length / 8];
        ByteBuffer.wrap(packed).order(ByteOrder.LITTLE_ENDIAN).asDoubleBuffer().get(values);
        return values;
    }

    @Test
    void aFlushThatFailedHalfwayIsRepeatedAsAWhole() throws IOException {
        EventFile events = EventFile.create(folder);
        events.scalar("loss", 1, 0.5);
        events.flush();
        // What a full disk leaves of a record.
        Files.write(events.file(), new byte[] {1, 2, 3}, StandardOpenOption.APPEND);
        events.scalar("loss", 2, 0.25);
        events.flush();
        assertEquals(3, records(events.file()).size());
        assertEquals(Float.floatToIntBits(0.25f), value(events.file(), 2, "loss", 2).get(2).getFirst());
    }

    @Test
    void namesHaveDigitsThatEveryProgramReads() {
        Locale before = Locale.getDefault();
        try {
            Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
            String name = EventFile.create(folder).file().getFileName().toString();
            assertTrue(name.matches("events\\.out\\.tfevents\\.[0-9]{10}\\.[ -~]+"), name);
        } finally {
            Locale.setDefault(before);
        }
    }

    @Test
    void whatIsNoPictureIsRefused() {
        EventFile events = EventFile.create(folder);
        IllegalArgumentException failure = assertThrows(
                IllegalArgumentException.class,
                () -> events.image("x", 0, NDArray.zeros(TensorType.f32(2, 2, 2))));
        assertTrue(failure.getMessage().contains("[2, 2, 2]"), failure.getMessage());
    }
}
