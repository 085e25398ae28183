package io.tandem.cuda.lib;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Random;

/** Arrays for tests: random values and comparisons. */
final class Numbers {

    private final Random random;

    Numbers(long seed) {
        random = new Random(seed);
    }

    /** Values of a normal distribution. */
    float[] normal(int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    static void assertClose(double[] expected, float[] actual, double tolerance) {
        assertEquals(expected.length, actual.length);
        for (int i = 0; i < expected.length; i++) {
            double allowed = tolerance * Math.max(1, Math.abs(expected[i]));
            int at = i;
            assertEquals(expected[i], actual[i], allowed, () -> "element " + at);
        }
    }

    static double dot(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += (double) a[i] * b[i];
        }
        return sum;
    }
}
