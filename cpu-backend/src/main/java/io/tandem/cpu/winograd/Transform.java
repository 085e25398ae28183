package io.tandem.cpu.winograd;

import java.util.ArrayList;
import java.util.List;

/**
 * The linear maps of Winograd's convolution F(4x4, 3x3), each applied to both axes: X becomes M X Mᵀ.
 *
 * <p>A tile of 4x4 results is Aᵀ [(G w Gᵀ) ⊙ (Bᵀ x B)] A, with the filter w and the 6x6 inputs x under it (Lavin and Gray,
 * Fast Algorithms for Convolutional Neural Networks, 2016). The matrices evaluate and interpolate polynomials at 0, ±5/8,
 * ±3/2 and infinity: near 1 in magnitude and apart from each other, these points lose fewer digits than integers (rounding
 * errors are about twice those of a plain sum of products), and all entries of A and B are exact in binary.
 */
enum Transform {
    /** Bᵀ: 6 inputs to 6 factors. */
    INPUT,
    /** G: 3 weights to 6 factors. */
    FILTER,
    /** Aᵀ: 6 products to 4 results. */
    OUTPUT,
    /** A, the adjoint of {@link #OUTPUT}: 4 cotangents to 6 factors. */
    OUTPUT_ADJOINT,
    /** Gᵀ, the adjoint of {@link #FILTER}: 6 products to 3 cotangents. */
    FILTER_ADJOINT;

    /** Results per tile and axis. */
    static final int RESULTS = 4;

    /** Weights per axis. */
    static final int WEIGHTS = 3;

    /** Inputs, and products, per tile and axis. */
    static final int POINTS = RESULTS + WEIGHTS - 1;

    /** Of the interpolation; the last point is infinity. */
    private static final double[] FINITE = {0, 0.625, -0.625, 1.5, -1.5};

    /** A new array: one row per result, one column per input. */
    double[][] matrix() {
        return switch (this) {
            case INPUT -> input();
            case FILTER -> filter();
            case OUTPUT -> transposed(results());
            case OUTPUT_ADJOINT -> results();
            case FILTER_ADJOINT -> transposed(filter());
        };
    }

    /** How many numbers one axis has before. */
    int inputs() {
        return switch (this) {
            case INPUT, OUTPUT, FILTER_ADJOINT -> POINTS;
            case FILTER -> WEIGHTS;
            case OUTPUT_ADJOINT -> RESULTS;
        };
    }

    /** Row i holds the coefficients of the product of (x - p) over all points p but the i-th. */
    private static double[][] input() {
        double[][] matrix = new double[POINTS][];
        for (int i = 0; i < POINTS; i++) {
            List<Double> roots = new ArrayList<>();
            for (int j = 0; j < FINITE.length; j++) {
                if (j != i) {
                    roots.add(FINITE[j]);
                }
            }
            matrix[i] = polynomial(roots);
        }
        return matrix;
    }

    private static double[] polynomial(List<Double> roots) {
        double[] coefficients = new double[POINTS];
        coefficients[0] = 1;
        for (double root : roots) {
            for (int k = POINTS - 1; k >= 0; k--) {
                coefficients[k] = (k == 0 ? 0 : coefficients[k - 1]) - root * coefficients[k];
            }
        }
        return coefficients;
    }

    /** Powers of each point over the product of its distances to the others. */
    private static double[][] filter() {
        double[][] matrix = new double[POINTS][WEIGHTS];
        for (int i = 0; i < FINITE.length; i++) {
            double distances = 1;
            for (int j = 0; j < FINITE.length; j++) {
                distances *= i == j ? 1 : FINITE[i] - FINITE[j];
            }
            for (int k = 0; k < WEIGHTS; k++) {
                matrix[i][k] = Math.pow(FINITE[i], k) / distances;
            }
        }
        matrix[POINTS - 1][WEIGHTS - 1] = 1;
        return matrix;
    }

    private static double[][] results() {
        double[][] matrix = new double[POINTS][RESULTS];
        for (int i = 0; i < FINITE.length; i++) {
            for (int k = 0; k < RESULTS; k++) {
                matrix[i][k] = Math.pow(FINITE[i], k);
            }
        }
        matrix[POINTS - 1][RESULTS - 1] = 1;
        return matrix;
    }

    private static double[][] transposed(double[][] matrix) {
        double[][] result = new double[matrix[0].length][matrix.length];
        for (int i = 0; i < matrix.length; i++) {
            for (int j = 0; j < matrix[i].length; j++) {
                result[j][i] = matrix[i][j];
            }
        }
        return result;
    }
}
