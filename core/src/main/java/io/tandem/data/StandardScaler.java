package io.tandem.data;

import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.util.Objects;
import java.util.function.IntToDoubleFunction;

/**
 * Scales each column to mean 0 and standard deviation 1: {@code (x - mean) / std}. Fit it on training data only;
 * otherwise what is to be predicted leaks into the input. Columns that never change get the standard deviation 1.
 *
 * @param mean means, {@code f64[columns]}
 * @param std population standard deviations, {@code f64[columns]}, positive
 */
public record StandardScaler(NDArray mean, NDArray std) {
    /** Checks types and values. */
    public StandardScaler {
        TensorType type = mean.type();
        if (type.dtype() != DType.F64 || type.shape().rank() != 1 || !std.type().equals(type)) {
            throw new IllegalArgumentException(
                    "means and standard deviations must both be f64[columns], got %s and %s"
                            .formatted(type, std.type()));
        }
        for (int c = 0; c < type.shape().dim(0); c++) {
            if (!Double.isFinite(mean.getDouble(c)) || !(std.getDouble(c) > 0) || !Double.isFinite(std.getDouble(c))) {
                throw new IllegalArgumentException(
                        "column %d: mean must be finite and standard deviation positive, are %s and %s"
                                .formatted(c, mean.getDouble(c), std.getDouble(c)));
            }
        }
    }

    /**
     * Measures means and standard deviations.
     *
     * @param values {@code [rows, columns]}, a floating type, at least one row
     * @throws IllegalArgumentException if the type is another one or a value is not finite
     */
    public static StandardScaler fit(NDArray values) {
        check(values.type());
        int rows = values.shape().dim(0);
        int columns = values.shape().dim(1);
        if (rows == 0) {
            throw new IllegalArgumentException("a scaler needs at least one row, got " + values.type());
        }
        double[] mean = new double[columns];
        double[] std = new double[columns];
        for (int c = 0; c < columns; c++) {
            double sum = 0;
            for (int r = 0; r < rows; r++) {
                double value = values.getDouble((long) r * columns + c);
                if (!Double.isFinite(value)) {
                    throw new IllegalArgumentException("row %d, column %d is %s; a scaler needs finite values"
                            .formatted(r, c, value));
                }
                sum += value;
            }
            mean[c] = sum / rows;
            double squares = 0;
            double constant = 0;
            for (int r = 0; r < rows; r++) {
                double distance = values.getDouble((long) r * columns + c) - mean[c];
                squares += distance * distance;
                constant = Math.max(constant, Math.abs(distance));
            }
            // Rounding of the mean alone must not become a tiny standard deviation.
            boolean changes = constant > 1e-12 * Math.abs(mean[c]) && squares > 0;
            std[c] = changes ? Math.sqrt(squares / rows) : 1;
        }
        return new StandardScaler(
                NDArray.ofDoubles(Shape.of(columns), mean), NDArray.ofDoubles(Shape.of(columns), std));
    }

    private static void check(TensorType type) {
        if (type.shape().rank() != 2 || !type.dtype().isFloating()) {
            throw new IllegalArgumentException("a scaler works on floating values [rows, columns], got " + type);
        }
    }

    private int columnsOf(NDArray values) {
        check(values.type());
        int columns = mean.shape().dim(0);
        if (values.shape().dim(1) != columns) {
            throw new IllegalArgumentException(
                    "the scaler was fit on %d columns, got %s".formatted(columns, values.type()));
        }
        return columns;
    }

    /**
     * Scaled values, of the same type.
     *
     * @param values {@code [rows, columns]} with the columns that the scaler was fit on
     */
    public NDArray transform(NDArray values) {
        int columns = columnsOf(values);
        return map(values, i -> (values.getDouble(i) - mean.getDouble(i % columns)) / std.getDouble(i % columns));
    }

    /** Undoes {@link #transform}. */
    public NDArray inverse(NDArray values) {
        int columns = columnsOf(values);
        return map(values, i -> values.getDouble(i) * std.getDouble(i % columns) + mean.getDouble(i % columns));
    }

    /**
     * Undoes the scaling of values that all belong to one column, for example of forecasts {@code [samples, horizon]}.
     *
     * @param values floating values of any shape
     * @throws IndexOutOfBoundsException if there is no such column
     */
    public NDArray inverse(NDArray values, int column) {
        Objects.checkIndex(column, mean.shape().dim(0));
        double factor = std.getDouble(column);
        double offset = mean.getDouble(column);
        return map(values, i -> values.getDouble(i) * factor + offset);
    }

    private static NDArray map(NDArray values, IntToDoubleFunction value) {
        return NDArray.generate(values.type(), value);
    }
}
