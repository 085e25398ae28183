package io.tandem.samples;

import io.tandem.data.Batch;
import io.tandem.samples.data.SeriesData;
import io.tandem.samples.plot.Curve;
import io.tandem.samples.plot.ForecastReport;
import io.tandem.tensor.NDArray;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Forecasts of the test part against what came.
 *
 * @param data the series
 * @param samples its windows
 * @param forecasts [windows, horizon] of the scaled target
 * @param window rows that were given
 * @param horizon rows that were forecast
 */
record ForecastPicture(
        SeriesData data, SeriesData.Forecasting samples, NDArray forecasts, int window, int horizon) {
    private static final int EXAMPLES = 3;

    void write(Path file, String model) {
        int windows = samples.test().size();
        List<ForecastReport.Example> examples = IntStream.range(0, EXAMPLES)
                .mapToObj(i -> example((int) ((long) windows * (2 * i + 1) / (2 * EXAMPLES))))
                .toList();
        Batch all = samples.test().rows(0, windows);
        NDArray truth = all.column(1);
        int width = data.columns().size();
        List<Curve> errors = List.of(
                errors(model, windows, truth, (w, step) -> forecasts.getDouble((long) w * horizon + step)),
                errors("last value", windows, truth, (w, step) -> all.column(0)
                        .getDouble(((long) w * window + window - 1) * width + data.target())));
        ForecastReport.write(
                file,
                "%s, %d steps ahead, by %s".formatted(data.targetName(), horizon, model),
                data.targetName(),
                examples,
                errors,
                "mean absolute error of the scaled " + data.targetName());
    }

    private interface Forecast {
        double at(int window, int step);
    }

    private Curve errors(String name, int windows, NDArray truth, Forecast forecast) {
        List<Double> byStep = new ArrayList<>();
        for (int step = 0; step < horizon; step++) {
            double sum = 0;
            for (int w = 0; w < windows; w++) {
                sum += Math.abs(forecast.at(w, step) - truth.getDouble((long) w * horizon + step));
            }
            byStep.add(sum / windows);
        }
        return new Curve(name, byStep);
    }

    private ForecastReport.Example example(int index) {
        Batch sample = samples.test().rows(index, index + 1);
        int width = data.columns().size();
        double[] history = IntStream.range(0, window)
                .mapToDouble(i -> original(sample.column(0).getDouble((long) i * width + data.target())))
                .toArray();
        double[] truth = IntStream.range(0, horizon)
                .mapToDouble(i -> original(sample.column(1).getDouble(i)))
                .toArray();
        double[] forecast = IntStream.range(0, horizon)
                .mapToDouble(i -> original(forecasts.getDouble((long) index * horizon + i)))
                .toArray();
        return new ForecastReport.Example("test window " + index, history, truth, forecast);
    }

    private double original(double scaled) {
        return scaled * samples.scaler().std().getDouble(data.target())
                + samples.scaler().mean().getDouble(data.target());
    }
}
