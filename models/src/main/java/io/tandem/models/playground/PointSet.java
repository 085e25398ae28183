package io.tandem.models.playground;

import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * Data sets of points in the square from -6 to 6, half of each class but for noise. The first four are drawn by the rules of
 * TensorFlow's playground (Smilkov et al., 2017), where noise is from 0 to 0.5.
 */
public enum PointSet {
    /**
     * A disc of radius 2.5 inside a ring from 3.5 to 5. With noise n, labels are those of points moved by up to 5 n along each
     * axis.
     */
    CIRCLE {
        @Override
        Point draw(int index, int count, double noise, Random random) {
            double radius = index < count / 2 ? uniform(random, 0, 2.5) : uniform(random, 3.5, 5);
            double angle = uniform(random, 0, 2 * Math.PI);
            double x = radius * Math.sin(angle);
            double y = radius * Math.cos(angle);
            double moved = Math.hypot(x + noise * uniform(random, -5, 5), y + noise * uniform(random, -5, 5));
            return new Point(x, y, moved < 2.5 ? 1 : -1);
        }
    },
    /**
     * Four quadrants, of which opposite ones are of one class, with a gap of 0.6 between them. With noise n, labels are those
     * of points moved by up to 5 n along each axis.
     */
    XOR {
        @Override
        Point draw(int index, int count, double noise, Random random) {
            double x = apart(uniform(random, -5, 5));
            double y = apart(uniform(random, -5, 5));
            double product = (x + noise * uniform(random, -5, 5)) * (y + noise * uniform(random, -5, 5));
            return new Point(x, y, product >= 0 ? 1 : -1);
        }

        private double apart(double at) {
            return at + (at > 0 ? 0.3 : -0.3);
        }
    },
    /** Normal clouds around (2, 2) and (-2, -2), of variance 0.5 + 7 n along each axis with noise n. */
    GAUSSIANS {
        @Override
        Point draw(int index, int count, double noise, Random random) {
            int label = index < count / 2 ? 1 : -1;
            double deviation = Math.sqrt(0.5 + 7 * noise);
            return new Point(
                    2 * label + deviation * random.nextGaussian(),
                    2 * label + deviation * random.nextGaussian(),
                    label);
        }
    },
    /** Two arms of 1¾ turns, out to radius 5. With noise n, points are moved by up to n along each axis. */
    SPIRAL {
        @Override
        Point draw(int index, int count, double noise, Random random) {
            int half = count / 2;
            boolean first = index < half;
            double along = (double) (first ? index : index - half) / half;
            double angle = 1.75 * along * 2 * Math.PI + (first ? 0 : Math.PI);
            return new Point(
                    5 * along * Math.sin(angle) + noise * uniform(random, -1, 1),
                    5 * along * Math.cos(angle) + noise * uniform(random, -1, 1),
                    first ? 1 : -1);
        }
    },
    /** Two half circles of radius 3 that reach into each other. With noise n, points are moved by up to 3 n along each axis. */
    MOONS {
        @Override
        Point draw(int index, int count, double noise, Random random) {
            int label = index < count / 2 ? 1 : -1;
            double angle = uniform(random, 0, Math.PI);
            return new Point(
                    3 * label * (Math.cos(angle) - 0.5) + 3 * noise * uniform(random, -1, 1),
                    3 * label * (Math.sin(angle) - 0.25) + 3 * noise * uniform(random, -1, 1),
                    label);
        }
    };

    /** A point with its class. */
    record Point(double x, double y, int label) {}

    /** The point of an index; classes may be told by the index, since points are shuffled afterwards. */
    abstract Point draw(int index, int count, double noise, Random random);

    /**
     * Draws points, in random order.
     *
     * @param count how many, at least 2
     * @param noise 0 for none, at most 1; see the sets
     * @param seed seed of the points and their order
     */
    public Points draw(int count, double noise, long seed) {
        if (count < 2) {
            throw new IllegalArgumentException("a set needs at least 2 points, got " + count);
        }
        if (!(noise >= 0 && noise <= 1)) {
            throw new IllegalArgumentException("noise must be from 0 to 1, got " + noise);
        }
        Random random = new Random(seed);
        List<Point> points = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            points.add(draw(i, count, noise, random));
        }
        Collections.shuffle(points, random);
        float[] x = new float[2 * count];
        float[] labels = new float[count];
        for (int i = 0; i < count; i++) {
            x[2 * i] = (float) points.get(i).x();
            x[2 * i + 1] = (float) points.get(i).y();
            labels[i] = points.get(i).label();
        }
        return new Points(NDArray.of(Shape.of(count, 2), x), NDArray.of(Shape.of(count), labels));
    }

    /** The name in lower case. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }

    private static double uniform(Random random, double low, double high) {
        return low + (high - low) * random.nextDouble();
    }
}
