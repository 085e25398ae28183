package io.tandem.samples.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.data.Batch;
import io.tandem.data.DataException;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.TensorType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where digits come from, and what is said about it. */
class MnistTest {
    @TempDir
    Path folder;

    private DataFolders folders(Path given) {
        return new DataFolders(Optional.ofNullable(given), Optional.empty(), folder.resolve("cache"));
    }

    private static Mnist load(DataFolders folders) {
        return Mnist.load(folders, Downloads.none(), 1, Progress.SILENT);
    }

    private static void images(Path file, int count, int side) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(16 + count * side * side);
        bytes.putInt(2051).putInt(count).putInt(side).putInt(side);
        bytes.put(16, (byte) 255);
        Files.write(file, bytes.array());
    }

    private static void labels(Path file, int... labels) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(8 + labels.length);
        bytes.putInt(2049).putInt(labels.length);
        for (int label : labels) {
            bytes.put((byte) label);
        }
        Files.write(file, bytes.array());
    }

    private Path small() throws IOException {
        images(folder.resolve("train-images-idx3-ubyte"), 3, 28);
        labels(folder.resolve("train-labels-idx1-ubyte"), 7, 0, 9);
        images(folder.resolve("t10k-images-idx3-ubyte"), 2, 28);
        labels(folder.resolve("t10k-labels-idx1-ubyte"), 1, 2);
        return folder;
    }

    @Test
    void otherFilesOfTheSameFormAreReadAndSaidToBeOthers() throws IOException {
        Mnist data = load(folders(small()));
        assertEquals(Mnist.Source.OTHER_FILES, data.source());
        assertTrue(data.description().contains("other content than MNIST"), data.description());
        assertEquals(List.of(TensorType.f32(1, 28, 28), TensorType.of(DType.I32)), data.train().types());
        Batch batch = data.train().all();
        assertEquals((1 - 0.1307) / 0.3081, batch.column(0).getDouble(0), 1e-6);
        assertEquals(Mnist.BLACK, batch.column(0).getDouble(1), 1e-6);
        assertEquals(List.of(7, 0, 9), IntStream.of(batch.column(1).toInts()).boxed().toList());
        assertEquals(2, data.test().size());
        DataFolders environment = new DataFolders(Optional.empty(), Optional.of(folder), folder.resolve("cache"));
        assertEquals(Mnist.Source.OTHER_FILES, load(environment).source());
        DataFolders cache = new DataFolders(Optional.empty(), Optional.of(folder.resolve("none")), folder);
        assertEquals(Mnist.Source.OTHER_FILES, load(cache).source());
    }

    @Test
    void aNamedFolderMustHaveTheFiles() throws IOException {
        String nowhere = assertThrows(DataException.class, () -> load(folders(folder.resolve("none")))).getMessage();
        assertTrue(nowhere.contains("is not a folder"), nowhere);
        Path path = small();
        Files.delete(folder.resolve("t10k-labels-idx1-ubyte"));
        String missing = assertThrows(DataException.class, () -> load(folders(path))).getMessage();
        assertTrue(missing.contains("has no file t10k-labels-idx1-ubyte or t10k-labels-idx1-ubyte.gz"), missing);
    }

    @Test
    void filesThatDoNotFitAreRefused() throws IOException {
        Path path = small();
        labels(folder.resolve("train-labels-idx1-ubyte"), 7, 0);
        assertTrue(failure(path).contains("has 2 labels"), failure(path));
        labels(folder.resolve("train-labels-idx1-ubyte"), 7, 0, 10);
        assertTrue(failure(path).contains("label 10 of image 2 is outside of the classes 0 to 9"), failure(path));
        images(folder.resolve("train-images-idx3-ubyte"), 3, 32);
        assertTrue(failure(path).contains("expected [samples, 28, 28]"), failure(path));
        labels(folder.resolve("train-images-idx3-ubyte"), 1);
        assertTrue(failure(path).contains("expected type U8 with 3 axes"), failure(path));
    }

    private String failure(Path path) {
        return assertThrows(DataException.class, () -> load(folders(path))).getMessage();
    }

    @Test
    void withoutFilesDigitsAreDrawnAndSaidSo() {
        Mnist data = Mnist.drawn(300, 100, 5);
        assertEquals(Mnist.Source.DRAWN, data.source());
        assertTrue(data.description().contains("NOT MNIST"), data.description());
        assertEquals(300, data.train().size());
        assertEquals(100, data.test().size());
        assertEquals(List.of(TensorType.f32(1, 28, 28), TensorType.of(DType.I32)), data.test().types());
        assertFalse(data.train().rows(0, 100).column(0).equals(data.test().all().column(0)));
    }

    @Test
    void drawnDigitsDependOnTheSeedAlone() {
        DrawnDigits.Content digits = DrawnDigits.draw(1200, 3);
        assertEquals(digits.images(), DrawnDigits.draw(1200, 3).images());
        assertEquals(digits.images().rows(0, 700), DrawnDigits.draw(700, 3).images());
        assertFalse(digits.images().equals(DrawnDigits.draw(1200, 4).images()));
        long[] labels = digits.labels().toLongs();
        for (int digit = 0; digit < 10; digit++) {
            int wanted = digit;
            long count = Arrays.stream(labels).filter(label -> label == wanted).count();
            assertTrue(count > 70 && count < 180, digit + " is drawn " + count + " times");
        }
    }

    /** Drawn digits are recognisable: most are nearest to a digit of the same class, though no two are equal. */
    @Test
    void drawnDigitsOfOneClassLookAlike() {
        int known = 2000;
        int asked = 200;
        DrawnDigits.Content digits = DrawnDigits.draw(known + asked, 9);
        float[] pixels = digits.images().toFloats();
        long[] labels = digits.labels().toLongs();
        int right = 0;
        for (int a = known; a < known + asked; a++) {
            int nearest = -1;
            double least = Double.POSITIVE_INFINITY;
            for (int k = 0; k < known; k++) {
                double distance = 0;
                for (int p = 0; p < 784 && distance < least; p++) {
                    double difference = pixels[a * 784 + p] - pixels[k * 784 + p];
                    distance += difference * difference;
                }
                if (distance < least) {
                    least = distance;
                    nearest = k;
                }
            }
            assertTrue(least > 0);
            right += labels[nearest] == labels[a] ? 1 : 0;
        }
        assertTrue(right > 0.8 * asked, right + " of " + asked);
        NDArray images = digits.images();
        double mean = Arrays.stream(images.rows(0, 500).toDoubles()).average().orElseThrow() / 255;
        assertEquals(0.13, mean, 0.03);
    }
}
