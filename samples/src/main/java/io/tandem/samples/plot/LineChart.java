package io.tandem.samples.plot;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.image.BufferedImage;
import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.util.List;
import java.util.Locale;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** Line charts of one look. */
final class LineChart {
    /** Colours that people who see few colours can tell apart (after Okabe and Ito 2008). */
    private static final List<Color> COLORS = List.of(
            new Color(0x00, 0x72, 0xb2),
            new Color(0xd5, 0x5e, 0x00),
            new Color(0x00, 0x9e, 0x73),
            new Color(0xcc, 0x79, 0xa7),
            new Color(0xe6, 0x9f, 0x00));

    private static final BasicStroke DASHED =
            new BasicStroke(1.6f, BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND, 1, new float[] {6, 4}, 0);
    private static final int FEW_POINTS = 40;

    private final XYChart chart;
    private int lines;

    LineChart(String title, String xTitle, String yTitle, int width, int height) {
        chart = new XYChartBuilder()
                .width(width)
                .height(height)
                .title(title)
                .xAxisTitle(xTitle)
                .yAxisTitle(yTitle)
                .build();
        chart.getStyler()
                .setChartBackgroundColor(Color.WHITE)
                .setPlotBorderVisible(false)
                .setChartTitleBoxVisible(false)
                .setChartTitleFont(Picture.font(Font.BOLD, 15))
                .setChartFontColor(Picture.INK)
                .setLegendFont(Picture.font(Font.PLAIN, 13))
                .setLegendBorderColor(new Color(0, 0, 0, 0))
                .setLegendBackgroundColor(new Color(255, 255, 255, 215))
                .setLegendPosition(Styler.LegendPosition.InsideNE);
        chart.getStyler()
                .setPlotGridLinesColor(new Color(0xe4, 0xe7, 0xec))
                .setPlotGridLinesStroke(new BasicStroke(1))
                .setAxisTitleFont(Picture.font(Font.PLAIN, 13))
                .setAxisTickLabelsFont(Picture.font(Font.PLAIN, 12))
                .setAxisTickLabelsColor(Picture.QUIET)
                .setAxisTickMarksColor(Picture.QUIET);
        chart.getStyler().setMarkerSize(6);
    }

    LineChart legendAt(Styler.LegendPosition position) {
        chart.getStyler().setLegendPosition(position);
        return this;
    }

    LineChart legendVisible(boolean visible) {
        chart.getStyler().setLegendVisible(visible);
        return this;
    }

    LineChart yRange(double low, double high) {
        chart.getStyler().setYAxisMin(low);
        chart.getStyler().setYAxisMax(high);
        return this;
    }

    LineChart yPattern(String pattern) {
        chart.getStyler().setYAxisDecimalPattern(pattern);
        return this;
    }

    /** Whole numbers only, as epochs and steps are. */
    LineChart wholeX(double first, double last) {
        chart.getStyler().setXAxisDecimalPattern("0");
        chart.getStyler().setXAxisMin(first);
        chart.getStyler().setXAxisMax(last);
        chart.getStyler().setXAxisTickMarkSpacingHint(70);
        return this;
    }

    /** Powers of ten on the y-axis; x values are logarithms to base 2 and labelled with what they are of. */
    LineChart logarithmic() {
        chart.getStyler().setYAxisLogarithmic(true);
        chart.getStyler().setYAxisDecimalPattern("#,##0");
        chart.getStyler().setXAxisTickMarkSpacingHint(100);
        DecimalFormat format = new DecimalFormat("0.##", DecimalFormatSymbols.getInstance(Locale.ROOT));
        chart.setCustomXAxisTickLabelsFormatter(x -> format.format(Math.pow(2, x)));
        return this;
    }

    LineChart line(String name, double[] x, double[] y) {
        return add(name, x, y, COLORS.get(lines++ % COLORS.size()), new BasicStroke(2.2f));
    }

    /** A line of less weight, in grey. */
    LineChart quietLine(String name, double[] x, double[] y, boolean dashed) {
        return add(name, x, y, Picture.QUIET, dashed ? DASHED : new BasicStroke(1.6f));
    }

    private LineChart add(String name, double[] x, double[] y, Color color, BasicStroke stroke) {
        XYSeries series = chart.addSeries(name, x, y);
        series.setLineColor(color);
        series.setLineStyle(stroke);
        boolean marked = x.length <= FEW_POINTS && stroke.getDashArray() == null && color != Picture.QUIET;
        series.setMarker(marked ? SeriesMarkers.CIRCLE : SeriesMarkers.NONE);
        series.setMarkerColor(color);
        return this;
    }

    BufferedImage image() {
        return BitmapEncoder.getBufferedImage(chart);
    }
}
