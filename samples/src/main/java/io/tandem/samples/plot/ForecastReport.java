package io.tandem.samples.plot;

import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.knowm.xchart.style.Styler;

/** A picture of forecasts against what came, and of how the error grows with the distance. */
public final class ForecastReport {
    private static final int MARGIN = 24;
    private static final int WIDTH = 1400;
    private static final int LEFT = 880;
    private static final int PANEL = 270;

    private ForecastReport() {}

    /**
     * One forecast.
     *
     * @param name when or where, shown above
     * @param history known values up to the start of the forecast
     * @param truth values that came
     * @param forecast values that the model expected, as many as came
     */
    public record Example(String name, double[] history, double[] truth, double[] forecast) {
        /** Checks the lengths. */
        public Example {
            if (truth.length != forecast.length || truth.length == 0 || history.length == 0) {
                throw new IllegalArgumentException(
                        "a forecast needs known values and as many forecast ones as came, got %d, %d and %d"
                                .formatted(history.length, forecast.length, truth.length));
            }
        }
    }

    /**
     * Writes the PNG file.
     *
     * @param file where to; folders are made
     * @param title what was forecast by what
     * @param quantity name and unit of the values
     * @param examples forecasts, at least one
     * @param errorByStep for the model and the naive forecasts the error at each step ahead
     * @param errorName name and unit of that error
     * @throws java.io.UncheckedIOException if the file cannot be written
     */
    public static void write(
            Path file,
            String title,
            String quantity,
            List<Example> examples,
            List<Curve> errorByStep,
            String errorName) {
        if (examples.isEmpty()) {
            throw new IllegalArgumentException("at least one forecast is needed for a picture");
        }
        int height = 60 + examples.size() * PANEL + MARGIN;
        Picture picture = new Picture(WIDTH, height);
        picture.title(title, MARGIN, MARGIN + 16);
        for (int i = 0; i < examples.size(); i++) {
            picture.draw(panel(examples.get(i), quantity, i == 0), MARGIN, 60 + i * PANEL);
        }
        int chartHeight = Math.min(420, height - 60 - MARGIN);
        picture.draw(errors(errorByStep, errorName, chartHeight), MARGIN + LEFT + 16, 60);
        picture.write(file);
    }

    private static BufferedImage panel(Example example, String quantity, boolean legend) {
        LineChart chart = new LineChart(example.name(), "steps from the start of the forecast", quantity, LEFT, PANEL)
                .legendAt(Styler.LegendPosition.InsideNW);
        int known = example.history().length;
        int ahead = example.truth().length;
        // The lines of the future begin at the last known value.
        double last = example.history()[known - 1];
        double[] past = IntStream.rangeClosed(1 - known, 0).asDoubleStream().toArray();
        double[] future = IntStream.rangeClosed(0, ahead).asDoubleStream().toArray();
        chart.quietLine("known", past, example.history(), false);
        chart.line("truth", future, join(last, example.truth()));
        chart.line("forecast", future, join(last, example.forecast()));
        chart.wholeX(-known, ahead);
        return chart.legendVisible(legend).yPattern("#,##0.##").image();
    }

    private static double[] join(double first, double[] rest) {
        double[] all = new double[rest.length + 1];
        all[0] = first;
        System.arraycopy(rest, 0, all, 1, rest.length);
        return all;
    }

    private static BufferedImage errors(List<Curve> curves, String errorName, int height) {
        LineChart chart =
                new LineChart("Error by distance", "steps ahead", errorName, WIDTH - LEFT - 2 * MARGIN - 16, height)
                        .legendAt(Styler.LegendPosition.InsideNW);
        int longest = 1;
        double most = 0;
        for (int c = 0; c < curves.size(); c++) {
            List<Double> values = curves.get(c).values();
            double[] x = IntStream.rangeClosed(1, values.size()).asDoubleStream().toArray();
            double[] y = values.stream().mapToDouble(Double::doubleValue).toArray();
            most = Math.max(most,
                    values.stream().mapToDouble(Double::doubleValue).filter(Double::isFinite).max().orElse(0));
            chart.line(curves.get(c).name(), x, y);
            longest = Math.max(longest, x.length);
        }
        double side = longest == 1 ? 1 : 0.02 * longest;
        return chart.wholeX(1 - side, longest + side).yRange(0, Math.max(1.25 * most, 1e-3)).yPattern("0.00#").image();
    }
}
