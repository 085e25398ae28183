package io.tandem.models;

import io.tandem.graph.Tensor;
import io.tandem.nn.Dense;
import io.tandem.nn.Gru;
import io.tandem.nn.Layer;
import io.tandem.nn.Lstm;
import io.tandem.nn.Rnn;

/**
 * A forecaster of time series: recurrent layers over a window [N, T, features], and a dense layer from the last step to
 * the next values [N, horizon].
 *
 * @param recurrent yields the last step's outputs [N, units]
 * @param head from them to the forecast
 */
public record LstmForecaster(Layer recurrent, Dense head) implements Layer {
    /** The kinds of recurrent layers. */
    public enum Cell {
        /** Long short-term memory. */
        LSTM,
        /** Gated recurrent unit. */
        GRU,
        /** The simple recurrent network with tanh. */
        RNN
    }

    /** Two LSTM layers of 128 units. */
    public static LstmForecaster of(int horizon) {
        return of(Cell.LSTM, 2, 128, horizon);
    }

    /**
     * Layers of a chosen kind.
     *
     * @param cell the kind
     * @param layers how many
     * @param units size of their states
     * @param horizon number of values that are forecast
     */
    public static LstmForecaster of(Cell cell, int layers, int units, int horizon) {
        Layer recurrent = switch (cell) {
            case LSTM -> Lstm.of(units).withLayers(layers).withLastStep();
            case GRU -> Gru.of(units).withLayers(layers).withLastStep();
            case RNN -> Rnn.of(units).withLayers(layers).withLastStep();
        };
        return new LstmForecaster(recurrent, Dense.of(horizon));
    }

    @Override
    public Tensor forward(Tensor x) {
        return head.apply(recurrent.apply(x));
    }
}
