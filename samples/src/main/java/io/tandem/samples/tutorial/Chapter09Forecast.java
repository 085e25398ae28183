package io.tandem.samples.tutorial;

import io.tandem.backend.Device;
import io.tandem.data.DataLoader;
import io.tandem.data.Dataset;
import io.tandem.data.SeriesWindows;
import io.tandem.models.LstmForecaster;
import io.tandem.models.RecurrentKind;
import io.tandem.nn.Layer;
import io.tandem.nn.Losses;
import io.tandem.nn.Model;
import io.tandem.optim.Adam;
import io.tandem.optim.Clipping;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.TensorType;
import io.tandem.train.Evaluation;
import io.tandem.train.State;
import io.tandem.train.Trainer;
import io.tandem.train.Training;
import java.util.List;

/** A recurrent network that forecasts a sine. */
final class Chapter09Forecast {
    private Chapter09Forecast() {}

    static void main() {
        // tag: data
        NDArray sine = NDArray.generate(TensorType.f32(500, 1), t -> Math.sin(0.3 * t));
        SeriesWindows windows = SeriesWindows.of(sine, 12, 1, 0);
        Dataset past = windows.forecasting(12, 400);
        Dataset future = windows.forecasting(400, 500);
        // end
        try (Device device = Device.best()) {
            // tag: train
            Model model = Model.of(LstmForecaster.of(RecurrentKind.LSTM, 1, 16, 1), 12, 1);
            Training training = Training.of(model, Losses.meanSquaredError(), Adam.of(0.01))
                    .withClipping(Clipping.byGlobalNorm(1));
            try (State state = State.of(model, device, 1)) {
                DataLoader batches = DataLoader.of(past, 32).shuffled(1);
                System.out.println(
                        "LSTM: " + Trainer.of(training).fit(state, batches, future, 15).last().validation());
            }
            // end
            // tag: naive
            Layer lastValue = x -> x.at(1, 11);
            Model naive = Model.of(lastValue, 12, 1);
            try (State state = State.of(naive, device, 1); Evaluation evaluation = new Evaluation(naive, state)) {
                System.out.println(
                        "last value: " + evaluation.evaluate(future, 100, Losses.meanSquaredError(), List.of()));
            }
            // end
        }
    }
}
