package io.tandem.samples.plot;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.knowm.xchart.style.Styler;

/** Samples per second against a size, both on logarithmic axes; a line for each framework. */
public final class SpeedChart {
    private static final int WIDTH = 620;
    private static final int HEIGHT = 420;
    private static final int COLUMNS = 2;

    private final LineChart chart;
    private double least = Double.POSITIVE_INFINITY;
    private double most = 0;

    /**
     * An empty chart.
     *
     * @param size what the x-axis shows
     * @param rising whether speed grows with it: then the legend is at the right
     */
    public SpeedChart(String title, String size, boolean rising) {
        chart = new LineChart(title, size, "samples/s", WIDTH, HEIGHT)
                .logarithmic()
                .legendAt(rising ? Styler.LegendPosition.InsideSE : Styler.LegendPosition.InsideSW);
    }

    /** Adds a line through points of the same number of sizes and speeds. */
    public void line(String name, double[] sizes, double[] speeds) {
        chart.line(name, Arrays.stream(sizes).map(size -> Math.log(size) / Math.log(2)).toArray(), speeds);
        least = Math.min(least, Arrays.stream(speeds).min().orElseThrow());
        most = Math.max(most, Arrays.stream(speeds).max().orElseThrow());
        // Whole powers of ten, so that at least two of them are labelled.
        chart.yRange(Math.pow(10, Math.floor(Math.log10(least))), Math.pow(10, Math.ceil(Math.log10(most))));
    }

    /** Writes charts into one PNG file, two beside each other. */
    public static void write(List<SpeedChart> charts, Path file) {
        int columns = Math.min(COLUMNS, charts.size());
        int rows = Math.ceilDiv(charts.size(), columns);
        Picture picture = new Picture(columns * WIDTH, rows * HEIGHT);
        for (int i = 0; i < charts.size(); i++) {
            picture.draw(charts.get(i).chart.image(), i % columns * WIDTH, i / columns * HEIGHT);
        }
        picture.write(file);
    }
}
