package io.tandem.reference;

import io.tandem.graph.Op;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;

/** Matrix products, accumulated in double and rounded once. */
final class Products {
    private Products() {}

    static Value matMul(Op.MatMul op, Value a, Value b, TensorType type) {
        Shape shape = type.shape();
        int m = shape.dim(-2);
        int n = shape.dim(-1);
        int k = a.type().shape().dim(op.transposeA() ? -2 : -1);
        int batch = Math.toIntExact(shape.subShape(0, shape.rank() - 2).size());
        double[] c = new double[batch * m * n];
        for (int t = 0; t < batch; t++) {
            double[] x = matrix(a.doubles(), t * m * k, m, k, op.transposeA());
            double[] y = matrix(b.doubles(), t * k * n, k, n, op.transposeB());
            for (int i = 0; i < m; i++) {
                int row = (t * m + i) * n;
                for (int p = 0; p < k; p++) {
                    double factor = x[i * k + p];
                    for (int j = 0; j < n; j++) {
                        c[row + j] += factor * y[p * n + j];
                    }
                }
            }
        }
        return Value.rounded(type, c);
    }

    /** A copy of one matrix with the given rows and columns, stored row by row. */
    private static double[] matrix(double[] data, int from, int rows, int columns, boolean transposed) {
        double[] matrix = new double[rows * columns];
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < columns; j++) {
                matrix[i * columns + j] = data[from + (transposed ? j * rows + i : i * columns + j)];
            }
        }
        return matrix;
    }
}
