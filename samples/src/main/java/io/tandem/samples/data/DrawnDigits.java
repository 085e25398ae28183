package io.tandem.samples.data;

import io.tandem.data.Pass;
import io.tandem.data.SampleRandom;
import io.tandem.samples.data.DigitStrokes.Stroke;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Digits that the program draws itself, for machines that have neither MNIST nor a network. They have MNIST's form (28
 * x 28 grey values, white on black), but they are not MNIST, and accuracies on them say nothing about MNIST.
 *
 * <p>Each digit starts from one of several ways to write it, then gets its own pen positions, an elastic distortion,
 * slant, rotation, size, place, thickness, ink and noise. Digit {@code i} depends on seed and {@code i} alone.
 */
public final class DrawnDigits {
    /** Width and height of an image. */
    public static final int SIDE = 28;

    private static final int PIXELS = SIDE * SIDE;
    private static final int STEPS_PER_CURVE = 5;
    private static final int GRID = 4;

    private DrawnDigits() {}

    /**
     * Images and labels.
     *
     * @param images {@code u8[count, 28, 28]}
     * @param labels {@code i32[count]}, from 0 to 9
     */
    public record Content(NDArray images, NDArray labels) {}

    /**
     * Draws digits. All classes are equally likely.
     *
     * @param count number of digits
     * @param seed seed of the drawing; different seeds give independent digits
     */
    public static Content draw(int count, long seed) {
        TensorType type = TensorType.of(DType.U8, count, SIDE, SIDE);
        MemorySegment memory = NDArray.allocate(type);
        int[] labels = new int[count];
        int chunk = 500;
        IntStream.range(0, (count + chunk - 1) / chunk).parallel().forEach(c -> {
            Pen pen = new Pen();
            for (int i = c * chunk; i < Math.min(count, (c + 1) * chunk); i++) {
                SampleRandom random = SampleRandom.of(new Pass(seed, 0), i, 0);
                labels[i] = random.nextInt(10);
                byte[] image = pen.draw(labels[i], random);
                MemorySegment.copy(MemorySegment.ofArray(image), 0, memory, (long) i * PIXELS, PIXELS);
            }
        });
        return new Content(NDArray.wrap(type, memory), NDArray.ofInts(Shape.of(count), labels));
    }

    /** Draws one digit after the other with the same buffers. */
    private static final class Pen {
        private final float[] ink = new float[PIXELS];
        private final byte[] image = new byte[PIXELS];
        private final double[] bendX = new double[GRID * GRID];
        private final double[] bendY = new double[GRID * GRID];
        private double[] line = new double[64];

        private byte[] draw(int digit, SampleRandom random) {
            Arrays.fill(ink, 0);
            List<List<Stroke>> ways = DigitStrokes.of(digit);
            List<Stroke> strokes = ways.get(random.nextInt(ways.size()));
            for (int i = 0; i < bendX.length; i++) {
                bendX[i] = 0.06 * random.nextGaussian();
                bendY[i] = 0.06 * random.nextGaussian();
            }
            double radius = 0.5 * random.uniform(1.5, 3.4);
            double height = random.uniform(17, 21) - 2 * radius + 2;
            double width = height * random.uniform(0.6, 1);
            double slant = 0.18 * random.nextGaussian() + 0.08;
            double angle = Math.toRadians(8 * random.nextGaussian());
            double cos = StrictMath.cos(angle);
            double sin = StrictMath.sin(angle);
            double centreX = (SIDE - 1) / 2.0 + 0.6 * random.nextGaussian();
            double centreY = (SIDE - 1) / 2.0 + 0.6 * random.nextGaussian();
            for (Stroke stroke : strokes) {
                int points = jitter(stroke, random);
                for (int i = 0; i < points; i++) {
                    double x = line[2 * i];
                    double y = line[2 * i + 1];
                    double bentX = (x + bend(bendX, x, y) - 0.5) * width;
                    double bentY = (y + bend(bendY, x, y) - 0.5) * height;
                    double slanted = bentX - slant * bentY;
                    line[2 * i] = centreX + cos * slanted - sin * bentY;
                    line[2 * i + 1] = centreY + sin * slanted + cos * bentY;
                }
                for (int i = 0; i + 1 < points; i++) {
                    segment(line[2 * i], line[2 * i + 1], line[2 * i + 2], line[2 * i + 3], radius);
                }
            }
            return develop(random);
        }

        /** Moves the points of a stroke a little and joins them; returns the number of points in {@link #line}. */
        private int jitter(Stroke stroke, SampleRandom random) {
            int knots = stroke.points().size() / 2;
            double[] moved = new double[2 * knots];
            for (int i = 0; i < moved.length; i++) {
                moved[i] = stroke.points().get(i) + 0.028 * random.nextGaussian();
            }
            int points = stroke.curved() ? (knots - 1) * STEPS_PER_CURVE + 1 : knots;
            if (line.length < 2 * points) {
                line = new double[2 * points];
            }
            for (int i = 0; i < points; i++) {
                for (int axis = 0; axis < 2; axis++) {
                    line[2 * i + axis] = stroke.curved()
                            ? curve(moved, axis, knots, i / STEPS_PER_CURVE, i % STEPS_PER_CURVE)
                            : moved[2 * i + axis];
                }
            }
            return points;
        }

        /** A point of the curve through the knots of Catmull and Rom (1974). */
        private static double curve(double[] knots, int axis, int count, int knot, int step) {
            double t = (double) step / STEPS_PER_CURVE;
            double p0 = knots[2 * Math.max(0, knot - 1) + axis];
            double p1 = knots[2 * knot + axis];
            double p2 = knots[2 * Math.min(count - 1, knot + 1) + axis];
            double p3 = knots[2 * Math.min(count - 1, knot + 2) + axis];
            return p1 + 0.5 * t * (p2 - p0 + t * (2 * p0 - 5 * p1 + 4 * p2 - p3 + t * (3 * (p1 - p2) + p3 - p0)));
        }

        /** Elastic distortion: a random displacement at the points of a grid, smooth in between. */
        private static double bend(double[] grid, double x, double y) {
            double column = Math.clamp(x, 0, 0.999) * (GRID - 1);
            double row = Math.clamp(y, 0, 0.999) * (GRID - 1);
            int left = (int) column;
            int top = (int) row;
            double right = smooth(column - left);
            double down = smooth(row - top);
            double upper = grid[top * GRID + left] * (1 - right) + grid[top * GRID + left + 1] * right;
            double lower = grid[(top + 1) * GRID + left] * (1 - right) + grid[(top + 1) * GRID + left + 1] * right;
            return upper * (1 - down) + lower * down;
        }

        private static double smooth(double t) {
            return t * t * (3 - 2 * t);
        }

        /** Draws a line with round ends; the edge fades over one pixel. */
        private void segment(double x0, double y0, double x1, double y1, double radius) {
            double reach = radius + 0.5;
            int left = (int) Math.max(0, Math.ceil(Math.min(x0, x1) - reach));
            int right = (int) Math.min(SIDE - 1, Math.floor(Math.max(x0, x1) + reach));
            int top = (int) Math.max(0, Math.ceil(Math.min(y0, y1) - reach));
            int bottom = (int) Math.min(SIDE - 1, Math.floor(Math.max(y0, y1) + reach));
            double dx = x1 - x0;
            double dy = y1 - y0;
            double square = Math.max(dx * dx + dy * dy, 1e-9);
            for (int y = top; y <= bottom; y++) {
                for (int x = left; x <= right; x++) {
                    double along = Math.clamp(((x - x0) * dx + (y - y0) * dy) / square, 0, 1);
                    double awayX = x - x0 - along * dx;
                    double awayY = y - y0 - along * dy;
                    float covered = (float) (reach - Math.sqrt(awayX * awayX + awayY * awayY));
                    int pixel = y * SIDE + x;
                    ink[pixel] = Math.max(ink[pixel], Math.min(1, covered));
                }
            }
        }

        /** Turns ink into grey values, with uneven ink and some noise on the strokes. */
        private byte[] develop(SampleRandom random) {
            double strength = random.uniform(0.8, 1.05);
            for (int i = 0; i < PIXELS; i++) {
                double value = ink[i] <= 0 ? 0 : ink[i] * (strength + random.uniform(-0.12, 0.12));
                image[i] = (byte) Math.clamp(Math.round(255 * value), 0, 255);
            }
            return image;
        }
    }
}
