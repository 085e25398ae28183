package io.tandem.train;

import java.util.Map;

/**
 * The figure of an epoch that decides which one is better.
 *
 * @param name of the loss or of a metric
 * @param validation whether the figure of the validation data counts, or that of the training data
 * @param higherIsBetter whether larger figures are better
 */
public record Monitor(String name, boolean validation, boolean higherIsBetter) {

    /** A figure of the validation data; for loss and errors lower ones are better, for anything else say {@link #higher}. */
    public static Monitor validation(String name) {
        return new Monitor(name, true, false);
    }

    /** A figure of the training data; for loss and errors lower ones are better, for anything else say {@link #higher}. */
    public static Monitor training(String name) {
        return new Monitor(name, false, false);
    }

    /** This figure, larger ones being better. */
    public Monitor higher() {
        return new Monitor(name, validation, true);
    }

    /**
     * The figure of an epoch.
     *
     * @throws IllegalArgumentException if the epoch has no such figure
     */
    public double of(Epoch epoch) {
        Map<String, Double> figures = validation ? epoch.validation() : epoch.training();
        Double value = figures.get(name);
        if (value == null) {
            throw new IllegalArgumentException("there is no %s figure '%s' to watch; there are %s%s"
                    .formatted(
                            validation ? "validation" : "training",
                            name,
                            figures.keySet(),
                            validation && figures.isEmpty() ? ": give fit() validation data" : ""));
        }
        return value;
    }

    /** Whether a figure is better than another by more than {@code margin}; NaN never is, anything else is better than it. */
    public boolean better(double figure, double than, double margin) {
        if (Double.isNaN(figure)) {
            return false;
        }
        return Double.isNaN(than) || (higherIsBetter ? figure > than + margin : figure < than - margin);
    }

    /** For example {@code validation loss}. */
    @Override
    public String toString() {
        return (validation ? "validation " : "training ") + name;
    }
}
