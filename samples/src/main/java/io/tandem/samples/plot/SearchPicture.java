package io.tandem.samples.plot;

import io.tandem.search.Parameter;
import io.tandem.search.StudyResult;
import io.tandem.search.TrialResult;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.geom.Ellipse2D;
import java.math.BigDecimal;
import java.math.MathContext;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * A picture of a search: a panel per hyperparameter, in which each trial stands at its value and its loss; trials of larger
 * budgets are darker, the best one is marked.
 */
public final class SearchPicture {
    private static final int MARGIN = 24;
    private static final int PANEL_WIDTH = 330;
    private static final int PANEL_HEIGHT = 240;
    private static final int COLUMNS = 4;
    private static final int LABELS = 40;
    private static final Color DOT = new Color(0x00, 0x72, 0xb2);
    private static final Color BEST = new Color(0xd5, 0x5e, 0x00);

    private final StudyResult study;
    private final List<TrialResult> scored;
    private final double low;
    private final double high;
    private final int mostBudget;

    private SearchPicture(StudyResult study) {
        this.study = study;
        this.scored = study.trials().stream().filter(t -> Double.isFinite(t.rank())).toList();
        double[] losses = scored.stream().mapToDouble(TrialResult::rank).sorted().toArray();
        this.low = losses.length == 0 ? 0 : losses[0];
        // A few hopeless trials must not press the others to the ground.
        double most = losses.length == 0 ? 1 : losses[(int) (0.9 * (losses.length - 1))];
        this.high = most > low ? most : low + 1;
        this.mostBudget = study.trials().stream().mapToInt(t -> t.trial().budget()).max().orElse(1);
    }

    /**
     * Writes the PNG file.
     *
     * @param file where to; folders are made
     * @param title what was searched
     * @throws java.io.UncheckedIOException if the file cannot be written
     */
    public static void write(Path file, String title, StudyResult study) {
        new SearchPicture(study).draw(file, title);
    }

    private void draw(Path file, String title) {
        List<Parameter<?>> parameters = study.space().parameters();
        int columns = Math.min(COLUMNS, parameters.size());
        int rows = (parameters.size() + columns - 1) / columns;
        int top = MARGIN + 62;
        Picture picture = new Picture(
                Math.max(720, MARGIN + columns * (PANEL_WIDTH + MARGIN)),
                top + rows * (PANEL_HEIGHT + LABELS + MARGIN));
        picture.title(title, MARGIN, MARGIN + 16);
        picture.note(
                String.format(
                        Locale.ROOT,
                        "%d trials, %d without a loss; losses from %.4g (the best) up to %.4g or above, darker with more budget",
                        study.trials().size(),
                        study.trials().size() - scored.size(),
                        low,
                        high),
                MARGIN,
                MARGIN + 42);
        for (int i = 0; i < parameters.size(); i++) {
            panel(
                    picture,
                    parameters.get(i),
                    MARGIN + i % columns * (PANEL_WIDTH + MARGIN),
                    top + i / columns * (PANEL_HEIGHT + LABELS + MARGIN));
        }
        picture.write(file);
    }

    private void panel(Picture picture, Parameter<?> parameter, int left, int top) {
        Graphics2D graphics = picture.graphics();
        picture.heading(parameter.name(), left, top + 14);
        int y = top + 24;
        int height = PANEL_HEIGHT - 24;
        graphics.setColor(new Color(0xf3, 0xf5, 0xf8));
        graphics.fillRect(left, y, PANEL_WIDTH, height);
        Font small = Picture.font(Font.PLAIN, 12);
        switch (parameter) {
            case Parameter.Choice<?> choice -> {
                int i = 0;
                for (String label : choice.options().keySet()) {
                    double center = (i++ + 0.5) / choice.options().size();
                    picture.text(
                            label,
                            left + (int) (center * PANEL_WIDTH) - picture.width(label, small) / 2,
                            y + height + 18,
                            Picture.QUIET,
                            small);
                }
            }
            case Parameter.IntRange range ->
                ends(picture, range.low() + "", range.high() + "", left, y + height, small);
            case Parameter.Uniform range ->
                ends(picture, number(range.low()), number(range.high()), left, y + height, small);
            case Parameter.LogUniform range ->
                ends(picture, number(range.low()), number(range.high()) + " (log)", left, y + height, small);
        }
        for (TrialResult trial : scored) {
            dot(graphics, place(parameter, trial), trial, left, y, height);
        }
        if (!scored.isEmpty()) {
            TrialResult best = study.best();
            graphics.setColor(BEST);
            graphics.setStroke(new BasicStroke(2.4f));
            graphics.draw(circle(place(parameter, best), best.rank(), left, y, height, 7));
        }
    }

    private void dot(Graphics2D graphics, double place, TrialResult trial, int left, int top, int height) {
        double share = (double) trial.trial().budget() / mostBudget;
        graphics.setColor(new Color(DOT.getRed(), DOT.getGreen(), DOT.getBlue(), (int) (60 + 160 * share)));
        graphics.fill(circle(place, trial.rank(), left, top, height, 4));
    }

    private Ellipse2D circle(double place, double loss, int left, int top, int height, int radius) {
        double x = left + 10 + place * (PANEL_WIDTH - 20);
        double share = Math.clamp((loss - low) / (high - low), 0, 1);
        double y = top + height - 12 - share * (height - 24);
        return new Ellipse2D.Double(x - radius, y - radius, 2 * radius, 2 * radius);
    }

    /** Where a trial's value stands, from 0 to 1. */
    private static double place(Parameter<?> parameter, TrialResult trial) {
        String label = trial.trial().candidate().labels().get(parameter.name());
        return switch (parameter) {
            case Parameter.Choice<?> choice -> {
                List<String> labels = List.copyOf(choice.options().keySet());
                // Side by side instead of one over the other.
                double beside = (trial.trial().number() * 0.61803398875 % 1 - 0.5) * 0.6;
                yield (labels.indexOf(label) + 0.5 + beside) / labels.size();
            }
            case Parameter.IntRange range -> share(Double.parseDouble(label), range.low(), range.high());
            case Parameter.Uniform range -> share(Double.parseDouble(label), range.low(), range.high());
            case Parameter.LogUniform range ->
                share(Math.log(Double.parseDouble(label)), Math.log(range.low()), Math.log(range.high()));
        };
    }

    private static double share(double value, double low, double high) {
        return high > low ? (value - low) / (high - low) : 0.5;
    }

    private static void ends(Picture picture, String low, String high, int left, int bottom, Font font) {
        picture.text(low, left, bottom + 18, Picture.QUIET, font);
        picture.text(high, left + PANEL_WIDTH - picture.width(high, font), bottom + 18, Picture.QUIET, font);
    }

    private static String number(double value) {
        return new BigDecimal(value).round(new MathContext(4)).stripTrailingZeros().toPlainString();
    }
}
