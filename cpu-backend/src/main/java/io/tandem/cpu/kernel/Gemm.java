package io.tandem.cpu.kernel;

/**
 * Products of matrices in arrays of rows, for where no library is. The inner loop runs over rows of the result and of
 * the
 * second factor at the same index, which is the form that the JIT compiler turns into vector instructions.
 */
final class Gemm {
    private Gemm() {}

    /** c [m, n] += a [m, k] b [k, n]. */
    static void add(float[][] a, float[][] b, float[][] c, int m, int n, int k) {
        for (int p = 0; p < k; p += 4) {
            if (p + 4 <= k) {
                for (int i = 0; i < m; i++) {
                    float[] x = a[i];
                    four(x[p], b[p], x[p + 1], b[p + 1], x[p + 2], b[p + 2], x[p + 3], b[p + 3], c[i], n);
                }
            } else {
                for (int q = p; q < k; q++) {
                    for (int i = 0; i < m; i++) {
                        one(a[i][q], b[q], c[i], n);
                    }
                }
            }
        }
    }

    private static void four(
            float s0, float[] x0, float s1, float[] x1, float s2, float[] x2, float s3, float[] x3, float[] y, int n) {
        for (int j = 0; j < n; j++) {
            y[j] += s0 * x0[j] + s1 * x1[j] + (s2 * x2[j] + s3 * x3[j]);
        }
    }

    private static void one(float s, float[] x, float[] y, int n) {
        for (int j = 0; j < n; j++) {
            y[j] += s * x[j];
        }
    }

    /** c [m, n] += a [m, k] b [k, n]. */
    static void add(double[][] a, double[][] b, double[][] c, int m, int n, int k) {
        for (int p = 0; p < k; p++) {
            for (int i = 0; i < m; i++) {
                one(a[i][p], b[p], c[i], n);
            }
        }
    }

    private static void one(double s, double[] x, double[] y, int n) {
        for (int j = 0; j < n; j++) {
            y[j] += s * x[j];
        }
    }
}
