package io.tandem.samples.plot;

import io.tandem.samples.plot.Mistakes.Mistake;
import java.awt.Font;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.knowm.xchart.style.Styler;

/** A picture of how a classifier learned, and of the mistakes that it was most confident of. */
public final class TrainingReport {
    private static final int MARGIN = 24;
    private static final int CHART_WIDTH = 660;
    private static final int CHART_HEIGHT = 380;
    private static final int COLUMNS = 10;
    private static final int CELL = 132;
    private static final int PICTURE = 112;
    private static final int ROW = PICTURE + 36;
    private static final int WIDTH = 2 * MARGIN + COLUMNS * CELL;

    private TrainingReport() {}

    /**
     * Writes the PNG file.
     *
     * @param file where to; folders are made
     * @param title what was trained on what
     * @param loss losses, one value per epoch
     * @param accuracy accuracies from 0 to 1, one value per epoch
     * @param mistakes the mistakes on test data
     * @param classes names of the classes
     * @throws java.io.UncheckedIOException if the file cannot be written
     */
    public static void write(
            Path file,
            String title,
            List<Curve> loss,
            List<Curve> accuracy,
            Mistakes mistakes,
            List<String> classes) {
        List<Mistake> worst = mistakes.worst();
        int rows = (worst.size() + COLUMNS - 1) / COLUMNS;
        int top = MARGIN + 20 + 16;
        int gridTop = top + CHART_HEIGHT + 50;
        Picture picture = new Picture(WIDTH, gridTop + rows * ROW + (rows == 0 ? 0 : MARGIN / 2));
        picture.title(title, MARGIN, MARGIN + 16);
        picture.draw(epochs("Loss", loss, Styler.LegendPosition.InsideNE, false), MARGIN, top);
        picture.draw(
                epochs("Accuracy", accuracy, Styler.LegendPosition.InsideSE, true),
                WIDTH - MARGIN - CHART_WIDTH,
                top);
        int after = picture.text(
                worst.isEmpty() ? "No mistakes" : "Most confident mistakes",
                MARGIN,
                gridTop - 12,
                Picture.INK,
                Picture.font(Font.BOLD, 15));
        picture.note(
                String.format(
                        Locale.ROOT,
                        "%,d of %,d test images are wrong%s",
                        mistakes.wrong(),
                        mistakes.seen(),
                        worst.isEmpty() ? "" : "; below each: actual class, predicted class, confidence"),
                after + 14,
                gridTop - 12);
        for (int i = 0; i < worst.size(); i++) {
            draw(picture, worst.get(i), classes, MARGIN + i % COLUMNS * CELL, gridTop + i / COLUMNS * ROW);
        }
        picture.write(file);
    }

    private static BufferedImage epochs(
            String title, List<Curve> curves, Styler.LegendPosition legend, boolean percent) {
        LineChart chart = new LineChart(title, "epoch", "", CHART_WIDTH, CHART_HEIGHT).legendAt(legend);
        int longest = 1;
        double least = Double.POSITIVE_INFINITY;
        double most = Double.NEGATIVE_INFINITY;
        for (Curve curve : curves) {
            int count = curve.values().size();
            double[] x = new double[count];
            double[] y = new double[count];
            for (int i = 0; i < count; i++) {
                x[i] = i + 1;
                double value = percent ? 100 * curve.values().get(i) : curve.values().get(i);
                y[i] = Double.isFinite(value) ? value : Double.NaN;
                if (Double.isFinite(value)) {
                    least = Math.min(least, value);
                    most = Math.max(most, value);
                }
            }
            if (count > 0) {
                chart.line(curve.name(), x, y);
                longest = Math.max(longest, count);
            }
        }
        double room = Math.max(0.05 * (most - least), 1e-3);
        if (least <= most) {
            chart.yRange(percent ? Math.max(0, least - room) : Math.min(0, least),
                    percent ? Math.min(100, most + room) : most + room);
        }
        double side = longest == 1 ? 1 : 0.02 * longest;
        chart.wholeX(1 - side, longest + side).yPattern(percent ? "0.0#' %'" : "0.00#");
        return chart.image();
    }

    private static void draw(Picture picture, Mistake mistake, List<String> classes, int x, int y) {
        int inset = (CELL - PICTURE) / 2;
        var graphics = picture.graphics();
        graphics.setRenderingHint(
                RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_NEAREST_NEIGHBOR);
        graphics.drawImage(Picture.image(mistake.image()), x + inset, y, PICTURE, PICTURE, null);
        Font font = Picture.font(Font.BOLD, 13);
        String actual = classes.get(mistake.actual());
        String arrow = " \u2192 ";
        String predicted = classes.get(mistake.predicted());
        String confidence = String.format(Locale.ROOT, "  %.1f %%", 100 * mistake.confidence());
        Font plain = Picture.font(Font.PLAIN, 12);
        int width = picture.width(actual + arrow + predicted, font) + picture.width(confidence, plain);
        int at = x + (CELL - width) / 2;
        int line = y + PICTURE + 16;
        at = picture.text(actual, at, line, Picture.RIGHT, font);
        at = picture.text(arrow, at, line, Picture.QUIET, font);
        at = picture.text(predicted, at, line, Picture.WRONG, font);
        picture.text(confidence, at, line, Picture.QUIET, plain);
    }
}
