package io.tandem.models;

import io.tandem.graph.Tensor;
import io.tandem.nn.Dense;
import io.tandem.nn.Dropout;
import io.tandem.nn.Initializer;
import io.tandem.nn.Layer;

/**
 * A forecaster of time series: recurrent layers over a window [N, T, features], and a dense layer from the last step to
 * the next values [N, horizon].
 *
 * @param recurrent yields the last step's outputs [N, units]
 * @param dropout of those, in training
 * @param head from them to the forecast
 */
public record LstmForecaster(Layer recurrent, Dropout dropout, Dense head) implements Layer {
    /** Two LSTM layers of 128 units. */
    public static LstmForecaster of(int horizon) {
        return of(RecurrentKind.LSTM, 2, 128, horizon);
    }

    /**
     * Layers of a chosen kind, without dropout.
     *
     * @param kind the kind
     * @param layers how many
     * @param units size of their states
     * @param horizon number of values that are forecast
     */
    public static LstmForecaster of(RecurrentKind kind, int layers, int units, int horizon) {
        return of(kind, layers, units, horizon, 0);
    }

    /**
     * Layers of a chosen kind with dropout after each of them.
     *
     * @param kind the kind
     * @param layers how many
     * @param units size of their states
     * @param horizon number of values that are forecast
     * @param dropout rate of dropout, 0 for none
     */
    public static LstmForecaster of(RecurrentKind kind, int layers, int units, int horizon, double dropout) {
        return new LstmForecaster(
                kind.lastStep(layers, units, dropout), Dropout.of(dropout), Dense.of(horizon));
    }

    /** This forecaster with other initial weights of its head; the recurrent layers stay the same. */
    public LstmForecaster withHeadWeights(Initializer initializer) {
        return new LstmForecaster(recurrent, dropout, head.withWeights(initializer));
    }

    @Override
    public Tensor forward(Tensor x) {
        return head.apply(dropout.apply(recurrent.apply(x)));
    }
}
