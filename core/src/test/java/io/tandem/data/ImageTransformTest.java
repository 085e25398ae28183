package io.tandem.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.TensorType;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Image augmentation: what stays, what changes, and what it depends on. */
@Tag("contract")
class ImageTransformTest {
    private static final Map<String, ImageAugmentation> ALL = Map.of(
            "shift", ImageAugmentation.shift(2),
            "rotate", ImageAugmentation.rotate(20),
            "scale", ImageAugmentation.scale(0.8, 1.2),
            "affine", ImageAugmentation.affine(0.1, 10, 0.9, 1.1, 0.2),
            "flip horizontal", ImageAugmentation.flipHorizontal(),
            "flip vertical", ImageAugmentation.flipVertical(),
            "crop", ImageAugmentation.crop(3),
            "noise", ImageAugmentation.noise(0.1),
            "elastic", ImageAugmentation.elastic(34, 4),
            "sometimes", ImageAugmentation.noise(0.1).withProbability(0.5));

    /** Images of 3 channels, 9 rows and 7 columns, all values different and positive. */
    private static ArrayDataset images(int count) {
        return ArrayDataset.of(
                NDArray.generate(TensorType.f32(count, 3, 9, 7), i -> 1 + i % 101 / 101.0),
                NDArray.generate(TensorType.of(DType.I32, count), i -> i));
    }

    private static float[] apply(Image image, ImageAugmentation augmentation, long sample) {
        augmentation.apply(image, SampleRandom.of(new Pass(1, 0), sample, 0));
        return image.pixels();
    }

    /** An image with one channel and the given rows. */
    private static Image image(int width, float... pixels) {
        Image image = new Image(1, pixels.length / width, width, new float[] {-1});
        System.arraycopy(pixels, 0, image.pixels(), 0, pixels.length);
        return image;
    }

    @Test
    void augmentationsKeepSizesAndDependOnTheKeyAlone() {
        ArrayDataset source = images(40);
        float[] before = source.all().column(0).toFloats();
        ALL.forEach((name, augmentation) -> {
            Dataset data = source.map(ImageTransform.of(augmentation));
            assertEquals(source.types(), data.types(), name);
            int[] everything = IntStream.range(0, 40).toArray();
            Batch batch = data.read(everything, new Pass(1, 0), 0);
            float[] values = batch.column(0).toFloats();
            assertFalse(Arrays.equals(before, values), name + " must change something");
            for (float value : values) {
                assertTrue(Float.isFinite(value), name);
            }
            assertEquals(source.all().column(1), batch.column(1), name + " must leave labels alone");
            assertEquals(batch, data.read(everything, new Pass(1, 0), 0), name + " must be repeatable");
            assertFalse(batch.equals(data.read(everything, new Pass(1, 1), 0)), name + " in another epoch");
            assertFalse(batch.equals(data.read(everything, new Pass(2, 0), 0)), name + " with another seed");
            NDArray alone = data.read(new int[] {17, 3}, new Pass(1, 0), 0).column(0);
            assertEquals(batch.column(0).rows(17, 18), alone.rows(0, 1), name + " must not depend on the batch");
            assertEquals(batch.column(0).rows(3, 4), alone.rows(1, 2), name + " must not depend on the batch");
        });
    }

    @Test
    void interpolationNeverLeavesTheRangeOfImageAndFill() {
        for (String name : List.of("shift", "rotate", "scale", "affine", "crop", "elastic")) {
            float[] values = images(40)
                    .map(ImageTransform.of(ALL.get(name)).withFill(0.5f))
                    .all()
                    .column(0)
                    .toFloats();
            for (float value : values) {
                assertTrue(value >= 0.5f && value < 2.0001f, name + ": " + value);
            }
        }
    }

    @Test
    void augmentationsOfNoStrengthChangeNothing() {
        ArrayDataset source = images(5);
        ImageTransform nothing = ImageTransform.of(
                ImageAugmentation.shift(0),
                ImageAugmentation.rotate(0),
                ImageAugmentation.scale(1, 1),
                ImageAugmentation.crop(0),
                ImageAugmentation.noise(0),
                ImageAugmentation.elastic(0, 4),
                ImageAugmentation.flipVertical().withProbability(0));
        assertEquals(source.all(), source.map(nothing).all());
    }

    @Test
    void cropsMoveByWholePixels() {
        Image image = image(3, 1, 2, 3, 4, 5, 6);
        image.move(1, -1);
        assertArrayEquals(new float[] {-1, 4, 5, -1, -1, -1}, image.pixels());
        image.move(-5, 0);
        assertArrayEquals(new float[] {-1, -1, -1, -1, -1, -1}, image.pixels());
    }

    @Test
    void flipsMirror() {
        boolean mirrored = false;
        boolean kept = false;
        for (int sample = 0; sample < 20; sample++) {
            float[] horizontal = apply(image(3, 1, 2, 3, 4, 5, 6), ImageAugmentation.flipHorizontal(), sample);
            float[] vertical = apply(image(3, 1, 2, 3, 4, 5, 6), ImageAugmentation.flipVertical(), sample);
            boolean flipped = horizontal[0] == 3;
            assertArrayEquals(flipped ? new float[] {3, 2, 1, 6, 5, 4} : new float[] {1, 2, 3, 4, 5, 6}, horizontal);
            assertArrayEquals(flipped ? new float[] {4, 5, 6, 1, 2, 3} : new float[] {1, 2, 3, 4, 5, 6}, vertical);
            mirrored |= flipped;
            kept |= !flipped;
        }
        assertTrue(mirrored && kept);
    }

    @Test
    void resamplingInterpolates() {
        Image image = image(2, 1, 2, 3, 5);
        float[] x = {0.5f, 1, -0.5f, Float.NaN};
        float[] y = {0, 0.25f, 0.5f, 0};
        System.arraycopy(x, 0, image.sourceX(), 0, 4);
        System.arraycopy(y, 0, image.sourceY(), 0, 4);
        image.resample();
        assertArrayEquals(new float[] {1.5f, 2.75f, 0.5f, -1}, image.pixels(), 1e-6f);
    }

    /** The centre of mass of a blot tells where shift, rotation and scale have taken it. */
    @Test
    void affineMapsArePreciselyWhatTheyAreCalled() {
        // A blot eight pixels right of the centre of a 41 x 41 image.
        int side = 41;
        float[] blot = new float[side * side];
        for (int y = 0; y < side; y++) {
            for (int x = 0; x < side; x++) {
                double distance = Math.pow(x - 28, 2) + Math.pow(y - 20, 2);
                blot[y * side + x] = (float) Math.exp(-distance / 4);
            }
        }
        for (int sample = 0; sample < 10; sample++) {
            double[] rotated = centre(blot, side, ImageAugmentation.rotate(60), sample);
            assertEquals(8, Math.hypot(rotated[0], rotated[1]), 0.02);
            double[] scaled = centre(blot, side, ImageAugmentation.scale(1.5, 1.5), sample);
            assertArrayEquals(new double[] {12, 0}, scaled, 0.02);
            double[] shifted = centre(blot, side, ImageAugmentation.shift(5), sample);
            assertTrue(Math.abs(shifted[0] - 8) <= 5.01 && Math.abs(shifted[1]) <= 5.01);
            double[] sheared = centre(blot, side, ImageAugmentation.affine(0, 0, 1, 1, 0.5), sample);
            // On the middle row a shear along the rows moves nothing.
            assertArrayEquals(new double[] {8, 0}, sheared, 0.02);
        }
    }

    private static double[] centre(float[] pixels, int side, ImageAugmentation augmentation, long sample) {
        Image image = new Image(1, side, side, new float[] {0});
        System.arraycopy(pixels, 0, image.pixels(), 0, pixels.length);
        float[] result = apply(image, augmentation, sample);
        double sum = 0;
        double sumX = 0;
        double sumY = 0;
        for (int i = 0; i < result.length; i++) {
            sum += result[i];
            sumX += result[i] * (i % side - side / 2);
            sumY += result[i] * (i / side - side / 2);
        }
        return new double[] {sumX / sum, sumY / sum};
    }

    /** Smoothing noise of variance 1/3 by a Gaussian divides its variance by 4 pi sigma^2. */
    @Test
    void elasticFieldsHaveTheStrengthOfTheory() {
        double alpha = 34;
        double sigma = 4;
        Image image = new Image(1, 28, 28, new float[] {0});
        double squares = 0;
        int count = 0;
        for (int sample = 0; sample < 200; sample++) {
            ImageAugmentation.elastic(alpha, sigma).apply(image, SampleRandom.of(new Pass(3, 0), sample, 0));
            for (int i = 0; i < 28 * 28; i++) {
                squares += Math.pow(image.sourceX()[i] - i % 28, 2) + Math.pow(image.sourceY()[i] - i / 28, 2);
                count += 2;
            }
        }
        double expected = alpha * Math.sqrt(1 / 3.0 / (4 * Math.PI)) / sigma;
        assertEquals(expected, Math.sqrt(squares / count), 0.05 * expected);
    }

    @Test
    void noiseHasTheGivenStrength() {
        Image image = new Image(1, 100, 100, new float[] {0});
        float[] noise = apply(image, ImageAugmentation.noise(0.5), 0);
        double mean = IntStream.range(0, noise.length).mapToDouble(i -> noise[i]).average().orElseThrow();
        double squares = IntStream.range(0, noise.length).mapToDouble(i -> noise[i] * noise[i]).sum();
        assertEquals(0, mean, 0.02);
        assertEquals(0.5, Math.sqrt(squares / noise.length), 0.02);
    }

    @Test
    void fillPerChannel() {
        Dataset moved = images(1).map(ImageTransform.of((image, random) -> image.move(7, 0)).withFill(1, 2, 3));
        float[] values = moved.all().column(0).toFloats();
        for (int i = 0; i < values.length; i++) {
            assertEquals(1 + i / 63, values[i]);
        }
    }

    @Test
    void wrongUsesAreRefused() {
        ArrayDataset data = images(2);
        ImageTransform transform = ImageTransform.of(ImageAugmentation.rotate(5));
        var e = assertThrows(IllegalArgumentException.class, () -> data.map(transform.withColumn(1)));
        assertEquals("images are augmented as f32[channels, height, width], column 1 is i32[]", e.getMessage());
        assertThrows(IllegalArgumentException.class, () -> data.map(transform.withColumn(2)));
        assertThrows(IllegalArgumentException.class, () -> data.map(transform.withFill(1, 2)));
        assertThrows(IllegalArgumentException.class, () -> transform.withFill(Float.NaN));
        assertThrows(IllegalArgumentException.class, () -> ImageAugmentation.scale(0, 1));
        assertThrows(IllegalArgumentException.class, () -> ImageAugmentation.scale(1.1, 0.9));
        assertThrows(IllegalArgumentException.class, () -> ImageAugmentation.rotate(-1));
        assertThrows(IllegalArgumentException.class, () -> ImageAugmentation.crop(-1));
        assertThrows(IllegalArgumentException.class, () -> ImageAugmentation.noise(Double.NaN));
        assertThrows(IllegalArgumentException.class, () -> ImageAugmentation.elastic(34, 0));
        assertThrows(IllegalArgumentException.class, () -> ImageAugmentation.shift(1).withProbability(1.5));
    }
}
