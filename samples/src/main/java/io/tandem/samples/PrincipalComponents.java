package io.tandem.samples;

import io.tandem.tensor.NDArray;
import java.util.Random;

/**
 * Principal component analysis (Pearson, 1901), the linear way to few dimensions: what an autoencoder is measured by.
 *
 * @param mean the mean row
 * @param axes orthonormal, [components][size]
 */
record PrincipalComponents(double[] mean, double[][] axes) {
    private static final int ITERATIONS = 30;

    /**
     * Finds the axes of the largest variances by orthogonal iteration.
     *
     * @param rows one row per sample; further axes count as one
     * @param components how many axes
     */
    static PrincipalComponents of(NDArray rows, int components) {
        int count = rows.shape().dim(0);
        int size = Math.toIntExact(rows.shape().size() / count);
        if (components < 1 || components > Math.min(count, size)) {
            throw new IllegalArgumentException(
                    "%d rows of %d values have no %d principal components".formatted(count, size, components));
        }
        float[] values = rows.toFloats();
        double[] mean = new double[size];
        for (int i = 0; i < values.length; i++) {
            mean[i % size] += values[i] / (double) count;
        }
        Random random = new Random(1);
        double[][] axes = new double[components][size];
        for (double[] axis : axes) {
            for (int i = 0; i < size; i++) {
                axis[i] = random.nextGaussian();
            }
        }
        for (int iteration = 0; iteration < ITERATIONS; iteration++) {
            orthonormalize(axes);
            double[][] next = new double[components][size];
            for (int r = 0; r < count; r++) {
                for (int c = 0; c < components; c++) {
                    double projection = project(values, r * size, mean, axes[c]);
                    for (int i = 0; i < size; i++) {
                        next[c][i] += projection * (values[r * size + i] - mean[i]);
                    }
                }
            }
            axes = next;
        }
        orthonormalize(axes);
        return new PrincipalComponents(mean, axes);
    }

    private static double project(float[] values, int offset, double[] mean, double[] axis) {
        double sum = 0;
        for (int i = 0; i < axis.length; i++) {
            sum += (values[offset + i] - mean[i]) * axis[i];
        }
        return sum;
    }

    /** Gram and Schmidt's way, in its stable order. */
    private static void orthonormalize(double[][] axes) {
        for (int c = 0; c < axes.length; c++) {
            for (int before = 0; before < c; before++) {
                double common = dot(axes[c], axes[before]);
                for (int i = 0; i < axes[c].length; i++) {
                    axes[c][i] -= common * axes[before][i];
                }
            }
            double length = Math.sqrt(dot(axes[c], axes[c]));
            for (int i = 0; i < axes[c].length; i++) {
                axes[c][i] /= length;
            }
        }
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    /** The mean squared error of the mean row. */
    double meanError(NDArray rows) {
        return error(rows, 0);
    }

    /** The mean squared error of rows that are made again from their components. */
    double error(NDArray rows) {
        return error(rows, axes.length);
    }

    private double error(NDArray rows, int components) {
        float[] values = rows.toFloats();
        int size = mean.length;
        double sum = 0;
        for (int offset = 0; offset < values.length; offset += size) {
            for (int i = 0; i < size; i++) {
                double difference = values[offset + i] - mean[i];
                sum += difference * difference;
            }
            // What the components explain, by Pythagoras.
            for (int c = 0; c < components; c++) {
                double projection = project(values, offset, mean, axes[c]);
                sum -= projection * projection;
            }
        }
        return sum / values.length;
    }
}
