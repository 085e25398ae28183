package io.tandem.samples.plot;

import io.tandem.tensor.NDArray;
import java.awt.Color;
import java.awt.Font;
import java.awt.RenderingHints;
import java.nio.file.Path;

/** A picture of an autoencoder's work: images and what became of them, and the codes if they have two dimensions. */
public final class AutoencoderReport {
    private static final int MARGIN = 30;
    private static final int CELL = 72;
    private static final int IMAGE = 64;
    private static final int TOP = 90;
    private static final int MAP = 720;
    private static final Color[] COLORS = {
        new Color(0x1f77b4), new Color(0xff7f0e), new Color(0x2ca02c), new Color(0xd62728), new Color(0x9467bd),
        new Color(0x8c564b), new Color(0xe377c2), new Color(0x7f7f7f), new Color(0xbcbd22), new Color(0x17becf)
    };

    private AutoencoderReport() {}

    /**
     * Draws.
     *
     * @param file the PNG file
     * @param title what was trained
     * @param originals images [samples, channels, height, width], one column each
     * @param reconstructions what the autoencoder made of them
     * @param codes [samples, size] of any images; drawn if the size is 2
     * @param labels their classes, from 0 to 9
     */
    public static void write(
            Path file, String title, NDArray originals, NDArray reconstructions, NDArray codes, NDArray labels) {
        int columns = originals.shape().dim(0);
        boolean map = codes.shape().dim(1) == 2;
        int width = 2 * MARGIN + Math.max(columns * CELL, map ? MAP : 0);
        int mapTop = TOP + 2 * CELL + 50;
        Picture picture = new Picture(width, map ? mapTop + MAP + MARGIN : TOP + 2 * CELL + MARGIN);
        picture.title(title, MARGIN, 40);
        picture.note("test images, and below each what was made of its code of " + codes.shape().dim(1) + " numbers",
                MARGIN, TOP - 18);
        picture.graphics()
                .setRenderingHint(
                        RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_NEAREST_NEIGHBOR);
        for (int i = 0; i < columns; i++) {
            image(picture, originals, i, MARGIN + i * CELL, TOP);
            image(picture, reconstructions, i, MARGIN + i * CELL, TOP + CELL);
        }
        if (map) {
            picture.heading("codes of test images", MARGIN, mapTop - 14);
            map(picture, codes, labels, mapTop);
        }
        picture.write(file);
    }

    private static void image(Picture picture, NDArray images, int i, int x, int y) {
        NDArray row = images.rows(i, i + 1);
        NDArray image = NDArray.wrap(row.type().with(row.shape().without(0)), row.segment());
        picture.graphics().drawImage(Picture.image(image), x, y, IMAGE, IMAGE, null);
    }

    private static void map(Picture picture, NDArray codes, NDArray labels, int top) {
        double[] values = codes.toDoubles();
        double[] low = {Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY};
        double[] high = {Double.NEGATIVE_INFINITY, Double.NEGATIVE_INFINITY};
        for (int i = 0; i < values.length; i++) {
            low[i % 2] = Math.min(low[i % 2], values[i]);
            high[i % 2] = Math.max(high[i % 2], values[i]);
        }
        var graphics = picture.graphics();
        int legend = 60;
        for (int i = 0; 2 * i < values.length; i++) {
            double x = (values[2 * i] - low[0]) / Math.max(1e-9, high[0] - low[0]);
            double y = (values[2 * i + 1] - low[1]) / Math.max(1e-9, high[1] - low[1]);
            graphics.setColor(COLORS[(int) labels.getLong(i) % COLORS.length]);
            graphics.fillOval(
                    MARGIN + (int) (x * (MAP - legend)), top + (int) ((1 - y) * (MAP - 8)), 5, 5);
        }
        for (int c = 0; c < COLORS.length; c++) {
            picture.text(
                    Integer.toString(c), MARGIN + MAP - legend / 2, top + 30 + 24 * c, COLORS[c],
                    Picture.font(Font.BOLD, 16));
        }
    }
}
