package io.tandem.models;

import io.tandem.nn.Gru;
import io.tandem.nn.Layer;
import io.tandem.nn.Lstm;
import io.tandem.nn.Rnn;

/** The kinds of recurrent layers. */
public enum RecurrentKind {
    /** Long short-term memory. */
    LSTM,
    /** Gated recurrent unit. */
    GRU,
    /** The simple recurrent network with tanh. */
    RNN;

    /**
     * Layers of this kind, from [N, T, C] to the outputs of all steps [N, T, units].
     *
     * @param layers how many
     * @param units size of their states
     * @param dropout rate of dropout between them, 0 for none
     */
    public Layer sequences(int layers, int units, double dropout) {
        return switch (this) {
            case LSTM -> Lstm.of(units).withLayers(layers).withDropout(dropout);
            case GRU -> Gru.of(units).withLayers(layers).withDropout(dropout);
            case RNN -> Rnn.of(units).withLayers(layers).withDropout(dropout);
        };
    }

    /**
     * Layers of this kind, from [N, T, C] to the output of the last step [N, units].
     *
     * @param layers how many
     * @param units size of their states
     * @param dropout rate of dropout between them, 0 for none
     */
    public Layer lastStep(int layers, int units, double dropout) {
        return switch (this) {
            case LSTM -> Lstm.of(units).withLayers(layers).withDropout(dropout).withLastStep();
            case GRU -> Gru.of(units).withLayers(layers).withDropout(dropout).withLastStep();
            case RNN -> Rnn.of(units).withLayers(layers).withDropout(dropout).withLastStep();
        };
    }
}
