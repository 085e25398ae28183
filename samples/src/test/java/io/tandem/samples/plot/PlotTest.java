package io.tandem.samples.plot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tables and pictures of results. */
class PlotTest {
    @TempDir
    Path folder;

    @Test
    void confusionAsText() {
        ConfusionMatrix matrix = new ConfusionMatrix(List.of("cat", "dog", "horse"));
        matrix.add(
                NDArray.ofInts(Shape.of(5), 0, 0, 0, 1, 1),
                NDArray.of(Shape.of(5, 3), 3, 1, 2, 1, 0, 0, 0, 2, 1, -3, -1, -2, 0, 1, 5));
        assertEquals(2, matrix.count(0, 0));
        assertEquals(0.6, matrix.accuracy());
        assertEquals(
                """
                                predicted
                        actual   cat   dog horse  recognised
                        cat        2     1     .     66.67 %
                        dog        .     1     1     50.00 %
                        horse      .     .     .           -
                        """,
                matrix.text());
        assertThrows(IndexOutOfBoundsException.class, () -> matrix.add(3, 0));
        assertThrows(
                IllegalArgumentException.class,
                () -> matrix.add(NDArray.ofInts(Shape.of(1), 0), NDArray.zeros(TensorType.f32(1, 4))));
    }

    @Test
    void theMostConfidentMistakesAreKept() {
        Mistakes mistakes = new Mistakes(2);
        NDArray images = NDArray.generate(TensorType.f32(4, 1, 2, 2), i -> i);
        // Sample 0 is right; 1, 2 and 3 are wrong, 2 most confidently.
        NDArray logits = NDArray.of(Shape.of(4, 2), 0, 5, 1, 0, 4, 0, 0, 2);
        mistakes.add(images, NDArray.ofInts(Shape.of(4), 1, 1, 1, 0), logits);
        assertEquals(4, mistakes.seen());
        assertEquals(3, mistakes.wrong());
        assertEquals(List.of(2, 3), mistakes.worst().stream().map(Mistakes.Mistake::sample).toList());
        Mistakes.Mistake worst = mistakes.worst().getFirst();
        assertEquals(NDArray.of(Shape.of(1, 2, 2), 8, 9, 10, 11), worst.image());
        assertEquals(1, worst.actual());
        assertEquals(0, worst.predicted());
        assertEquals(1 / (1 + Math.exp(-4)), worst.confidence(), 1e-12);
        assertThrows(
                IllegalArgumentException.class,
                () -> mistakes.add(images.rows(0, 2), NDArray.ofInts(Shape.of(4), 1, 1, 1, 0), logits));
    }

    private static BufferedImage read(Path file) throws IOException {
        return ImageIO.read(file.toFile());
    }

    /** The number of different colours, to tell a drawing from an empty picture. */
    private static long colours(BufferedImage image) {
        return IntStream.range(0, image.getWidth() * image.getHeight())
                .map(i -> image.getRGB(i % image.getWidth(), i / image.getWidth()))
                .distinct()
                .count();
    }

    @Test
    void trainingReports() throws IOException {
        Mistakes mistakes = new Mistakes(12);
        NDArray images = NDArray.generate(TensorType.f32(15, 1, 28, 28), i -> i % 28);
        mistakes.add(
                images,
                NDArray.ofInts(Shape.of(15), new int[15]),
                NDArray.generate(TensorType.f32(15, 10), i -> i % 10));
        List<String> classes = IntStream.range(0, 10).mapToObj(Integer::toString).toList();
        Path file = folder.resolve("new").resolve("report.png");
        TrainingReport.write(
                file,
                "title",
                List.of(Curve.of("train", 0.5, Double.NaN, 0.2), Curve.of("test", 0.4, 0.3, 0.3)),
                List.of(Curve.of("test", 0.8, 0.9, 0.95)),
                mistakes,
                classes);
        BufferedImage two = read(file);
        assertTrue(colours(two) > 28);
        Path without = folder.resolve("empty.png");
        TrainingReport.write(without, "title", List.of(), List.of(Curve.of("test")), new Mistakes(1), classes);
        assertTrue(read(without).getHeight() < two.getHeight() - 200);
        Files.createFile(folder.resolve("file"));
        assertThrows(
                UncheckedIOException.class,
                () -> TrainingReport.write(
                        folder.resolve("file").resolve("x.png"), "", List.of(), List.of(), mistakes, classes));
    }

    @Test
    void forecastReports() throws IOException {
        Path file = folder.resolve("forecast.png");
        var example = new ForecastReport.Example(
                "a", new double[] {1, 2, 3}, new double[] {4, 5}, new double[] {3.5, 5.5});
        ForecastReport.write(
                file, "title", "load (MW)", List.of(example, example), List.of(Curve.of("model", 1, 2)), "error");
        assertTrue(colours(read(file)) > 20);
        Path single = folder.resolve("single.png");
        var step = new ForecastReport.Example("a", new double[] {1}, new double[] {1}, new double[] {1});
        ForecastReport.write(single, "title", "load", List.of(step), List.of(Curve.of("model", 0)), "error");
        assertTrue(read(file).getHeight() > read(single).getHeight());
        assertThrows(
                IllegalArgumentException.class,
                () -> new ForecastReport.Example("a", new double[1], new double[2], new double[1]));
        assertThrows(
                IllegalArgumentException.class,
                () -> ForecastReport.write(file, "", "", List.of(), List.of(), ""));
    }
}
