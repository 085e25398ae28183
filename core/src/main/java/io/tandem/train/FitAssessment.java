package io.tandem.train;

import java.util.List;
import java.util.Locale;

/**
 * A hint about how well a model fits, read from the losses on training and validation data over the epochs. Its rules are
 * rules of thumb; the sentence names the figures that it rests on.
 *
 * <ol>
 * <li>{@link Kind#DIVERGED}: a loss is not finite, or the last training loss is above the first one by more than a tenth.
 * <li>{@link Kind#OVERFITTING}: the validation loss has risen since its best epoch by more than a tenth of its best value,
 *     while the training loss fell.
 * <li>{@link Kind#UNFINISHED}: over the last quarter of the epochs the validation loss still fell by more than 3 %.
 * <li>{@link Kind#UNDERFITTING}: the losses have settled, the training loss above 70 % of the loss without learning.
 * <li>{@link Kind#GOOD}: none of these.
 * </ol>
 *
 * @param kind what it looks like
 * @param sentence what it looks like, why, and what to try
 */
public record FitAssessment(Kind kind, String sentence) {
    private static final double RISE = 0.1;
    private static final double STILL_FALLING = 0.03;
    private static final double LITTLE_LEARNED = 0.7;

    /** What the losses look like. */
    public enum Kind {
        /** Losses grow or are not finite. */
        DIVERGED,
        /** What is learned is peculiar to the training data. */
        OVERFITTING,
        /** The losses are still falling. */
        UNFINISHED,
        /** Hardly anything is learned. */
        UNDERFITTING,
        /** Nothing to complain of. */
        GOOD
    }

    /**
     * Judges by the losses alone; the loss without learning is taken to be that of the first training epoch.
     *
     * @throws IllegalArgumentException if there are fewer than 3 epochs, or no validation losses
     */
    public static FitAssessment of(History history) {
        return of(history, history.epochs().isEmpty() ? Double.NaN : training(history.epochs().getFirst()));
    }

    /**
     * Judges by the losses.
     *
     * @param unlearned the loss of a model that has learned nothing: ln C for the cross-entropy of C classes, the target's
     *     variance for squared errors
     * @throws IllegalArgumentException if there are fewer than 3 epochs, or no validation losses
     */
    public static FitAssessment of(History history, double unlearned) {
        List<Epoch> epochs = history.epochs();
        if (epochs.size() < 3) {
            throw new IllegalArgumentException("a hint needs the losses of at least 3 epochs, got " + epochs.size());
        }
        if (epochs.stream().anyMatch(e -> !e.validation().containsKey("loss"))) {
            throw new IllegalArgumentException(
                    "a hint needs the validation loss of each epoch: give fit() validation data");
        }
        double first = training(epochs.getFirst());
        double last = training(epochs.getLast());
        double lastValidation = validation(epochs.getLast());
        Epoch best = epochs.getFirst();
        for (Epoch epoch : epochs) {
            if (!Double.isFinite(training(epoch)) || !Double.isFinite(validation(epoch))) {
                return new FitAssessment(
                        Kind.DIVERGED,
                        "The loss of epoch %d is not finite: lower the learning rate or limit the gradients."
                                .formatted(epoch.number()));
            }
            best = validation(epoch) < validation(best) ? epoch : best;
        }
        if (last - first > RISE * Math.abs(first)) {
            return judged(
                    Kind.DIVERGED,
                    "The training loss rose from %.4g to %.4g: lower the learning rate or limit the gradients.",
                    first,
                    last);
        }
        if (lastValidation - validation(best) > RISE * Math.abs(validation(best)) && last < training(best)) {
            return judged(
                    Kind.OVERFITTING,
                    "Overfitting: the validation loss was lowest in epoch %d (%.4g) and has risen to %.4g since, while the"
                            + " training loss fell from %.4g to %.4g; stop there, take more or augmented data, or regularize.",
                    best.number(),
                    validation(best),
                    lastValidation,
                    training(best),
                    last);
        }
        Epoch before = epochs.get(epochs.size() - 1 - Math.max(1, epochs.size() / 4));
        if (validation(before) - lastValidation > STILL_FALLING * Math.abs(validation(before))) {
            return judged(
                    Kind.UNFINISHED,
                    "Unfinished: since epoch %d the validation loss fell from %.4g to %.4g; train longer.",
                    before.number(),
                    validation(before),
                    lastValidation);
        }
        if (last > LITTLE_LEARNED * unlearned) {
            return judged(
                    Kind.UNDERFITTING,
                    "Underfitting: the training loss has settled at %.4g, which is %.0f %% of the loss without learning"
                            + " (%.4g); take a larger model, better features or a higher learning rate.",
                    last,
                    100 * last / unlearned,
                    unlearned);
        }
        return judged(
                Kind.GOOD,
                "A good fit: training and validation loss have settled at %.4g and %.4g; the best epoch was %d (%.4g).",
                last,
                lastValidation,
                best.number(),
                validation(best));
    }

    private static FitAssessment judged(Kind kind, String format, Object... figures) {
        return new FitAssessment(kind, String.format(Locale.ROOT, format, figures));
    }

    private static double training(Epoch epoch) {
        return epoch.training().get("loss");
    }

    private static double validation(Epoch epoch) {
        return epoch.validation().get("loss");
    }
}
