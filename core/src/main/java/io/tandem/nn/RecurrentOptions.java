package io.tandem.nn;

/**
 * What recurrent layers have in common.
 *
 * @param units size of a state
 * @param layers number of layers, each fed with the outputs of the one before
 * @param bidirectional whether each layer also runs from the end to the start; the outputs of both are joined
 * @param bias whether there are biases
 * @param dropout rate of dropout between layers, in training
 * @param timeMajor whether inputs are [T, N, C] instead of [N, T, C]
 * @param sequences whether the layer yields the outputs of all steps, or those of the last one
 */
public record RecurrentOptions(
        int units,
        int layers,
        boolean bidirectional,
        boolean bias,
        double dropout,
        boolean timeMajor,
        boolean sequences) {
    /** Checks the numbers. */
    public RecurrentOptions {
        if (units < 1 || layers < 1 || !(dropout >= 0 && dropout < 1)) {
            throw new IllegalArgumentException(
                    "recurrent layer: units and layers must be at least 1 and dropout from 0 to below 1, got " + units
                            + ", " + layers + " and " + dropout);
        }
    }

    /** One layer, forward, with biases, on [N, T, C], that yields the outputs of all steps. */
    public static RecurrentOptions of(int units) {
        return new RecurrentOptions(units, 1, false, true, 0, false, true);
    }

    /** With another number of layers. */
    public RecurrentOptions withLayers(int count) {
        return new RecurrentOptions(units, count, bidirectional, bias, dropout, timeMajor, sequences);
    }

    /** In both directions. */
    public RecurrentOptions withBothDirections() {
        return new RecurrentOptions(units, layers, true, bias, dropout, timeMajor, sequences);
    }

    /** Without biases. */
    public RecurrentOptions withoutBias() {
        return new RecurrentOptions(units, layers, bidirectional, false, dropout, timeMajor, sequences);
    }

    /** With dropout between layers. */
    public RecurrentOptions withDropout(double rate) {
        return new RecurrentOptions(units, layers, bidirectional, bias, rate, timeMajor, sequences);
    }

    /** On [T, N, C]. */
    public RecurrentOptions withTimeMajor() {
        return new RecurrentOptions(units, layers, bidirectional, bias, dropout, true, sequences);
    }

    /** Yielding the outputs of the last step alone. */
    public RecurrentOptions withLastStep() {
        return new RecurrentOptions(units, layers, bidirectional, bias, dropout, timeMajor, false);
    }

    /** 2 if bidirectional, else 1. */
    public int directions() {
        return bidirectional ? 2 : 1;
    }
}
