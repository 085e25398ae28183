package io.tandem.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** CIFAR-10 in its binary form. */
class Cifar10ReaderTest {
    @TempDir
    Path folder;

    private static byte[] records(int... labels) {
        byte[] bytes = new byte[3073 * labels.length];
        for (int i = 0; i < labels.length; i++) {
            bytes[3073 * i] = (byte) labels[i];
            for (int p = 0; p < 3072; p++) {
                bytes[3073 * i + 1 + p] = (byte) (p / 1024 * 80 + labels[i]);
            }
        }
        return bytes;
    }

    @Test
    void filesOneAfterTheOther() throws IOException {
        Path one = Files.write(folder.resolve("1.bin"), records(3, 9));
        Path two = Files.write(folder.resolve("2.bin.gz"), IdxReaderTest.gzip(records(0)));
        Cifar10Reader.Content content = Cifar10Reader.read(one, two);
        assertEquals(NDArray.ofInts(Shape.of(3), 3, 9, 0), content.labels());
        assertEquals(Shape.of(3, 3, 32, 32), content.images().shape());
        assertEquals(3, content.images().getLong(0));
        assertEquals(160 + 9, content.images().getLong(3072 + 2048));
        assertEquals(160, content.images().getLong(3 * 3072 - 1));
    }

    @Test
    void wrongFiles() throws IOException {
        byte[] good = records(1, 2);
        Path cut = Files.write(folder.resolve("cut.bin"), Arrays.copyOf(good, 5000));
        String message = assertThrows(DataException.class, () -> Cifar10Reader.read(cut)).getMessage();
        assertTrue(message.contains("5000 bytes are not a whole number of CIFAR-10 records of 3073 bytes"), message);
        Path label = Files.write(folder.resolve("label.bin"), records(1, 10));
        message = assertThrows(DataException.class, () -> Cifar10Reader.read(label)).getMessage();
        assertTrue(message.contains("record 1 at byte 3073 has the label 10"), message);
        Path empty = Files.createFile(folder.resolve("empty.bin"));
        assertThrows(DataException.class, () -> Cifar10Reader.read(empty));
        byte[] packed = IdxReaderTest.gzip(good);
        Path cutGzip = Files.write(folder.resolve("cut.bin.gz"), Arrays.copyOf(packed, packed.length / 2));
        message = assertThrows(DataException.class, () -> Cifar10Reader.read(cutGzip)).getMessage();
        assertTrue(message.contains("the gz file is truncated"), message);
    }
}
