package io.tandem.samples.data;

import io.tandem.data.CsvTable;
import io.tandem.data.DataException;
import io.tandem.data.Dataset;
import io.tandem.data.SeriesWindows;
import io.tandem.data.StandardScaler;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.util.List;
import java.util.Optional;

/**
 * A series in time, what is to be forecast in it, and its split in time.
 *
 * @param values {@code f64[rows, columns]}, one row per time step
 * @param columns names of the columns
 * @param target index of the column to forecast
 * @param trainEnd rows before this one train
 * @param validationEnd rows from {@code trainEnd} to before this one validate
 * @param testEnd rows from {@code validationEnd} to before this one test
 * @param stepsPerDay rows per day, for the forecast that repeats the day before
 * @param description one sentence for the user
 */
public record SeriesData(
        NDArray values,
        List<String> columns,
        int target,
        int trainEnd,
        int validationEnd,
        int testEnd,
        int stepsPerDay,
        String description) {
    private static final int HOURS_PER_DAY = 24;

    /** Checks that rows and columns fit. */
    public SeriesData {
        columns = List.copyOf(columns);
        int rows = values.shape().dim(0);
        if (values.dtype() != DType.F64 || values.shape().rank() != 2 || values.shape().dim(1) != columns.size()) {
            throw new IllegalArgumentException("a series of the columns %s needs f64[rows, %d], got %s"
                    .formatted(columns, columns.size(), values.type()));
        }
        if (target < 0 || target >= columns.size()) {
            throw new IllegalArgumentException("there is no column %d in %s".formatted(target, columns));
        }
        if (!(0 < trainEnd && trainEnd < validationEnd && validationEnd < testEnd && testEnd <= rows)) {
            throw new IllegalArgumentException("rows 0, %d, %d, %d do not split a series of %d rows"
                    .formatted(trainEnd, validationEnd, testEnd, rows));
        }
    }

    /** The name of the column to forecast. */
    public String targetName() {
        return columns.get(target);
    }

    /**
     * A series of which the first 60 % train, the next 20 % validate and the last 20 % test.
     *
     * @throws DataException if there are too few rows for that
     */
    static SeriesData split602020(
            NDArray values, List<String> columns, int target, int stepsPerDay, String description) {
        int rows = values.shape().dim(0);
        int trainEnd = (int) (rows * 3L / 5);
        int validationEnd = (int) (rows * 4L / 5);
        if (rows < 5) {
            throw new DataException("%s: %d rows are too few to train, validate and test".formatted(description, rows));
        }
        return new SeriesData(values, columns, target, trainEnd, validationEnd, rows, stepsPerDay, description);
    }

    /**
     * The series of a CSV file with a header: its number columns (told by the first row), in time from top to bottom.
     * ETTh1 gets the split of its papers, any other file 60/20/20.
     *
     * @param path the file, packed by gzip or not
     * @param target name of the column to forecast; without it the column {@code OT} or else the last one
     * @throws DataException if the file is missing or damaged, there is no such column, or text stands in place of
     *     a number
     */
    public static SeriesData read(Path path, Optional<String> target) {
        CsvTable table = CsvTable.withHeader(path);
        List<String> columns = table.numberColumns();
        if (columns.isEmpty()) {
            throw new DataException("%s: no column of the first row is a number; the columns are %s"
                    .formatted(path, String.join(", ", table.columns())));
        }
        String name = target.orElseGet(() -> columns.contains("OT") ? "OT" : columns.getLast());
        if (!columns.contains(name)) {
            // Says that there is no such column, or which text it holds.
            table.numbers(name);
        }
        NDArray values = table.numbers(columns.toArray(String[]::new));
        if (EttH1.isEttH1(table)) {
            return EttH1.of(values, columns, columns.indexOf(name), path);
        }
        String description = "%s (%d rows, %d columns, target %s; split in time 60/20/20 %%)"
                .formatted(path, table.rows(), columns.size(), name);
        return split602020(values, columns, columns.indexOf(name), stepsPerDay(table), description);
    }

    /** This series with its target as the only column. */
    public SeriesData univariate() {
        int width = columns.size();
        int rows = values.shape().dim(0);
        NDArray alone = NDArray.generate(
                values.type().with(Shape.of(rows, 1)), row -> values.getDouble((long) row * width + target));
        return new SeriesData(
                alone, List.of(targetName()), 0, trainEnd, validationEnd, testEnd, stepsPerDay, description);
    }

    /** Rows per day by the dates of the first two rows, if the first column holds dates; else 24. */
    private static int stepsPerDay(CsvTable table) {
        if (table.rows() < 2) {
            return HOURS_PER_DAY;
        }
        List<String> cells = table.text(table.columns().getFirst());
        try {
            Duration step = Duration.between(time(cells.get(0)), time(cells.get(1)));
            long steps = step.isPositive() ? Duration.ofDays(1).dividedBy(step) : HOURS_PER_DAY;
            return (int) Math.max(1, Math.min(steps, Integer.MAX_VALUE));
        } catch (DateTimeException e) {
            // Not dates, so there is no day to go back to; hourly rows are the most common ones.
            return HOURS_PER_DAY;
        }
    }

    private static LocalDateTime time(String cell) {
        String text = cell.strip();
        return text.length() <= "2016-07-01".length()
                ? LocalDate.parse(text).atStartOfDay()
                : LocalDateTime.parse(text.replace(' ', 'T'));
    }

    /**
     * The series as samples: input {@code f32[window, columns]}, target {@code f32[horizon]}, both scaled to mean 0 and
     * standard deviation 1 of the training rows. The first window of a part may reach back into the part before.
     *
     * @param window rows that are given
     * @param horizon rows that are to be forecast
     * @throws DataException if a part is too short
     */
    public Forecasting forecasting(int window, int horizon) {
        StandardScaler scaler = StandardScaler.fit(values.rows(0, trainEnd));
        NDArray scaled = scaler.transform(values).cast(DType.F32);
        int shortest = Math.min(validationEnd - trainEnd, testEnd - validationEnd);
        if ((long) window + horizon > trainEnd || horizon > shortest) {
            throw new DataException(
                    ("%s: a window of %d and a horizon of %d rows do not fit into %d training, %d "
                            + "validation and %d test rows; use smaller ones")
                            .formatted(
                                    description,
                                    window,
                                    horizon,
                                    trainEnd,
                                    validationEnd - trainEnd,
                                    testEnd - validationEnd));
        }
        SeriesWindows windows = SeriesWindows.of(scaled, window, horizon, target);
        return new Forecasting(
                windows.forecasting(0, trainEnd),
                windows.forecasting(trainEnd, validationEnd),
                windows.forecasting(validationEnd, testEnd),
                scaler,
                scaled);
    }

    /**
     * Samples for forecasting.
     *
     * @param train training samples
     * @param validation validation samples
     * @param test test samples
     * @param scaler scaling, fit on the training rows
     * @param scaled the scaled series {@code f32[rows, columns]}
     */
    public record Forecasting(
            Dataset train, Dataset validation, Dataset test, StandardScaler scaler, NDArray scaled) {}

    /**
     * The error of the forecast that repeats the last known value, on the test samples.
     *
     * @param horizon rows that are forecast
     */
    public ForecastError lastValue(int horizon) {
        return naive(horizon, (row, start) -> start - 1);
    }

    /**
     * The error of the forecast that repeats the value of the same time of the last known day, on the test samples.
     *
     * @param horizon rows that are forecast
     */
    public ForecastError dayAgo(int horizon) {
        return naive(horizon, (row, start) -> row - stepsPerDay * ((row - start) / stepsPerDay + 1));
    }

    private interface KnownRow {
        int of(int row, int start);
    }

    private ForecastError naive(int horizon, KnownRow known) {
        double squares = 0;
        double absolutes = 0;
        long count = 0;
        StandardScaler scaler = StandardScaler.fit(values.rows(0, trainEnd));
        double std = scaler.std().getDouble(target);
        for (int start = validationEnd; start + horizon <= testEnd; start++) {
            for (int row = start; row < start + horizon; row++) {
                double error = (value(row) - value(Math.max(0, known.of(row, start)))) / std;
                squares += error * error;
                absolutes += Math.abs(error);
                count++;
            }
        }
        if (count == 0) {
            throw new DataException("%s: the test part has fewer than %d rows".formatted(description, horizon));
        }
        return new ForecastError(squares / count, absolutes / count);
    }

    private double value(int row) {
        return values.getDouble((long) row * columns.size() + target);
    }

    /**
     * Errors of a forecast in units of the scaled target.
     *
     * @param mse mean squared error
     * @param mae mean absolute error
     */
    public record ForecastError(double mse, double mae) {}
}
