package io.tandem.data;

import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Windows of a series in time for forecasting. Sample {@code i} has the rows {@code i} to {@code i + window - 1} as
 * input and the next {@code horizon} rows of the target columns as target. Windows are slices of one array, not copies.
 */
public final class SeriesWindows implements Dataset {
    private final NDArray series;
    private final int window;
    private final int horizon;
    private final int[] targets;
    private final List<TensorType> types;
    private final int size;

    private SeriesWindows(NDArray series, int window, int horizon, int[] targets, Shape target) {
        if (series.shape().rank() != 2) {
            throw new IllegalArgumentException("a series must have the shape [rows, columns], got " + series.type());
        }
        if (window < 1 || horizon < 1) {
            throw new IllegalArgumentException(
                    "window and horizon must be at least 1, are %d and %d".formatted(window, horizon));
        }
        int rows = series.shape().dim(0);
        int columns = series.shape().dim(1);
        for (int column : targets) {
            if (column < 0 || column >= columns) {
                throw new IllegalArgumentException(
                        "target column %d does not exist in a series of %d columns (0 to %d)"
                                .formatted(column, columns, columns - 1));
            }
        }
        if ((long) window + horizon > rows) {
            throw new IllegalArgumentException(
                    ("the series has %d rows, too few for a window of %d and a horizon of %d; use a "
                            + "shorter window or horizon")
                            .formatted(rows, window, horizon));
        }
        this.series = series;
        this.window = window;
        this.horizon = horizon;
        this.targets = targets.clone();
        this.types = List.of(
                new TensorType(series.dtype(), Shape.of(window, columns)), new TensorType(series.dtype(), target));
        this.size = rows - window - horizon + 1;
    }

    /**
     * Windows with one target column: input {@code [window, columns]}, target {@code [horizon]}.
     *
     * @param series {@code [rows, columns]}, one row per time step
     * @param window rows that are given
     * @param horizon rows that are to be forecast
     * @param target index of the column to forecast
     * @throws IllegalArgumentException if the series is shorter than window and horizon, or there is no such column
     */
    public static SeriesWindows of(NDArray series, int window, int horizon, int target) {
        return new SeriesWindows(series, window, horizon, new int[] {target}, Shape.of(horizon));
    }

    /**
     * Windows with several target columns: input {@code [window, columns]}, target {@code [horizon, targets]}.
     *
     * @throws IllegalArgumentException as {@link #of(NDArray, int, int, int)}
     */
    public static SeriesWindows of(NDArray series, int window, int horizon, int[] targets) {
        return new SeriesWindows(series, window, horizon, targets, Shape.of(horizon, targets.length));
    }

    /** Windows with all columns as targets: input {@code [window, columns]}, target {@code [horizon, columns]}. */
    public static SeriesWindows of(NDArray series, int window, int horizon) {
        int columns = series.shape().rank() == 2 ? series.shape().dim(1) : 0;
        return of(series, window, horizon, IntStream.range(0, columns).toArray());
    }

    /**
     * The samples whose forecast rows all lie from row {@code from} (inclusive) to {@code to} (exclusive) of the
     * series. Their windows may begin before {@code from}: at that time these rows are known.
     *
     * @throws IllegalArgumentException if there is no such sample
     */
    public Dataset forecasting(int from, int to) {
        int first = Math.max(0, from - window);
        int last = Math.min(size, to - window - horizon + 1);
        if (from < 0 || to > series.shape().dim(0) || last <= first) {
            throw new IllegalArgumentException(
                    "no forecast of %d rows after a window of %d lies in rows %d to %d of a series of %d rows"
                            .formatted(horizon, window, from, to - 1, series.shape().dim(0)));
        }
        return slice(first, last);
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public List<TensorType> types() {
        return types;
    }

    @Override
    public void read(int[] indices, Pass pass, List<MemorySegment> into) {
        ReadArguments.check(this, indices, into);
        int columns = series.shape().dim(1);
        long element = series.dtype().bytes();
        long row = columns * element;
        long inputBytes = window * row;
        MemorySegment from = series.segment();
        MemorySegment target = into.get(1);
        boolean wholeRows = isAllColumns(columns);
        long at = 0;
        for (int i = 0; i < indices.length; i++) {
            long start = indices[i] * row;
            MemorySegment.copy(from, start, into.get(0), i * inputBytes, inputBytes);
            long forecast = start + inputBytes;
            if (wholeRows) {
                MemorySegment.copy(from, forecast, target, i * horizon * row, horizon * row);
                continue;
            }
            for (int step = 0; step < horizon; step++) {
                for (int column : targets) {
                    MemorySegment.copy(from, forecast + step * row + column * element, target, at, element);
                    at += element;
                }
            }
        }
    }

    private boolean isAllColumns(int columns) {
        return Arrays.equals(targets, IntStream.range(0, columns).toArray());
    }

    @Override
    public String toString() {
        return "%d windows of %d rows with horizon %d of a series %s".formatted(size, window, horizon, series.type());
    }
}
