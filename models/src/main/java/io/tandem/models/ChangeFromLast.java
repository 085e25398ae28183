package io.tandem.models;

import io.tandem.graph.Tensor;
import io.tandem.nn.Initializers;
import io.tandem.nn.Layer;

/**
 * Forecasts the change from the last known value: the forecaster sees each window relative to its last row, and the last
 * value of the target column is added to what it yields. So it does not depend on the level of a series, which may drift
 * away from what training has seen (as in NLinear; Zeng et al., 2023).
 *
 * @param forecaster from [N, T, features] to [N, horizon]
 * @param column the feature that is forecast
 */
public record ChangeFromLast(Layer forecaster, int column) implements Layer {
    /** A forecaster that starts by expecting no change. */
    public static ChangeFromLast of(LstmForecaster forecaster, int column) {
        return new ChangeFromLast(forecaster.withHeadWeights(Initializers.zeros()), column);
    }

    @Override
    public Tensor forward(Tensor x) {
        Tensor last = x.slice(1, -1, x.dim(1));
        return forecaster.apply(x.sub(last)).add(last.squeeze(1).slice(1, column, column + 1));
    }
}
