package io.tandem.samples.plot;

import io.tandem.models.playground.Outcome;
import io.tandem.models.playground.PlaygroundRun;
import io.tandem.models.playground.Points;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.geom.Ellipse2D;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** A picture of what a network makes of the plane: its output as colour, the points on it, and the losses on the way. */
public final class DecisionPicture {
    private static final int MARGIN = 24;
    private static final int SIDE = 480;
    private static final int GRID = 240;
    private static final int TOP = MARGIN + 62;
    private static final Color POSITIVE = new Color(0x00, 0x72, 0xb2);
    private static final Color NEGATIVE = new Color(0xe6, 0x9f, 0x00);

    private DecisionPicture() {}

    /**
     * Writes the PNG file.
     *
     * @param file where to; folders are made
     * @param run the trained networks
     * @param member which of them is shown
     * @param losses losses on training and test points on the way
     * @param epochs the epochs that the losses belong to
     * @throws java.io.UncheckedIOException if the file cannot be written
     */
    public static void write(Path file, PlaygroundRun run, int member, List<Curve> losses, double[] epochs) {
        Outcome.Member figures = run.outcome().members().get(member);
        Picture picture = new Picture(3 * MARGIN + 2 * SIDE, TOP + SIDE + MARGIN + 22);
        picture.title(
                run.experiment().data() + ", hidden layers " + run.experiment().hidden() + ", features "
                        + run.experiment().features(),
                MARGIN,
                MARGIN + 16);
        picture.note(
                String.format(
                        Locale.ROOT,
                        "%d epochs: %.1f %% of the test points and %.1f %% of the training points are right (seed %d)",
                        run.epochs(),
                        100 * figures.testAccuracy(),
                        100 * figures.trainingAccuracy(),
                        figures.seed()),
                MARGIN,
                MARGIN + 42);
        picture.draw(surface(run, member), MARGIN, TOP);
        Graphics2D graphics = picture.graphics();
        points(graphics, run.training(member), false);
        points(graphics, run.test(member), true);
        picture.note("filled: training points; rings: test points", MARGIN, TOP + SIDE + 20);
        LineChart chart = new LineChart("Loss", "epoch", "", SIDE, SIDE).yPattern("0.00#");
        for (Curve curve : losses) {
            chart.line(
                    curve.name(), epochs, curve.values().stream().mapToDouble(Double::doubleValue).toArray());
        }
        picture.draw(chart.image(), 2 * MARGIN + SIDE, TOP);
        picture.write(file);
    }

    private static BufferedImage surface(PlaygroundRun run, int member) {
        double[][] rows = run.surface(member, GRID);
        BufferedImage image = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < SIDE; y++) {
            for (int x = 0; x < SIDE; x++) {
                image.setRGB(x, y, color(rows[y * GRID / SIDE][x * GRID / SIDE]).getRGB());
            }
        }
        return image;
    }

    /** White at 0, a light shade of a class's colour at -1 and 1. */
    private static Color color(double output) {
        Color full = output >= 0 ? POSITIVE : NEGATIVE;
        double share = 0.55 * Math.min(1, Math.abs(output));
        return new Color(
                (int) (255 + share * (full.getRed() - 255)),
                (int) (255 + share * (full.getGreen() - 255)),
                (int) (255 + share * (full.getBlue() - 255)));
    }

    private static void points(Graphics2D graphics, Points points, boolean ring) {
        graphics.setStroke(new BasicStroke(1.4f));
        for (int i = 0; i < points.size(); i++) {
            double x = MARGIN + SIDE * (points.x1(i) / PlaygroundRun.EXTENT + 1) / 2;
            double y = TOP + SIDE * (1 - points.x2(i) / PlaygroundRun.EXTENT) / 2;
            if (x < MARGIN + 4 || x > MARGIN + SIDE - 4 || y < TOP + 4 || y > TOP + SIDE - 4) {
                continue;
            }
            Ellipse2D dot = new Ellipse2D.Double(x - 3, y - 3, 6, 6);
            Color own = points.labels().getDouble(i) > 0 ? POSITIVE : NEGATIVE;
            graphics.setColor(own);
            if (!ring) {
                graphics.fill(dot);
                graphics.setColor(Color.WHITE);
            }
            graphics.draw(dot);
        }
    }
}
