package io.tandem.models.playground;

import io.tandem.tensor.NDArray;
import java.util.Arrays;

/**
 * Points in the plane, each of one of two classes.
 *
 * @param x [N, 2]
 * @param labels -1 or 1, [N]
 */
public record Points(NDArray x, NDArray labels) {
    /** Checks shapes and labels. */
    public Points {
        int count = labels.shape().rank() == 1 ? labels.shape().dim(0) : -1;
        if (x.shape().rank() != 2 || x.shape().dim(1) != 2 || x.shape().dim(0) != count) {
            throw new IllegalArgumentException(
                    "points are [N, 2] with labels [N], got " + x.type() + " and " + labels.type());
        }
        for (int i = 0; i < count; i++) {
            if (Math.abs(labels.getDouble(i)) != 1) {
                throw new IllegalArgumentException(
                        "the label of point " + i + " must be -1 or 1, it is " + labels.getDouble(i));
            }
        }
    }

    /** The number of points. */
    public int size() {
        return labels.shape().dim(0);
    }

    /** The first coordinate of a point. */
    public double x1(int point) {
        return x.getDouble(2L * point);
    }

    /** The second coordinate of a point. */
    public double x2(int point) {
        return x.getDouble(2L * point + 1);
    }

    /** The points from {@code from} (inclusive) to {@code to} (exclusive). */
    public Points rows(int from, int to) {
        return new Points(x.rows(from, to), labels.rows(from, to));
    }

    /** The share of points whose class is the sign of a network's output (0 counts as class 1). */
    double accuracy(double[] outputs) {
        int right = 0;
        for (int i = 0; i < size(); i++) {
            right += (outputs[i] >= 0 ? 1 : -1) == labels.getDouble(i) ? 1 : 0;
        }
        return (double) right / size();
    }

    /** The mean of ½ (output - label)². */
    double loss(double[] outputs) {
        double[] squares = new double[size()];
        Arrays.setAll(squares, i -> 0.5 * Math.pow(outputs[i] - labels.getDouble(i), 2));
        return Arrays.stream(squares).sum() / size();
    }
}
