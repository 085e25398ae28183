package io.tandem.samples;

import io.tandem.backend.Device;
import io.tandem.data.ArrayDataset;
import io.tandem.data.DataLoader;
import io.tandem.data.Dataset;
import io.tandem.nn.Loss;
import io.tandem.nn.Model;
import io.tandem.optim.Adam;
import io.tandem.optim.Clipping;
import io.tandem.optim.Schedules;
import io.tandem.tensor.NDArray;
import io.tandem.train.Evaluation;
import io.tandem.train.State;
import io.tandem.train.Trainer;
import io.tandem.train.Training;
import java.util.function.Function;

/**
 * A small task on sequences that tests train a model for, on the CPU.
 *
 * @param model the model
 * @param loss what it is trained with
 * @param rate first learning rate of Adam; it falls along half a cosine
 * @param batch samples per step
 * @param epochs passes over the data
 */
record SequenceTask(Model model, Loss loss, double rate, int batch, int epochs) {
    /** Trains on the given columns, inputs before the target, and looks at the result. */
    <T> T train(Function<Evaluation, T> look, NDArray... columns) {
        return train(look, ArrayDataset.of(columns));
    }

    /** Trains on a data set and looks at the result. */
    <T> T train(Function<Evaluation, T> look, Dataset data) {
        DataLoader loader = DataLoader.of(data, batch).shuffled(1);
        long steps = (long) epochs * loader.batchesPerEpoch();
        Training training = Training.of(model, loss, Adam.of(Schedules.cosine(rate, rate / 100, steps)))
                .withClipping(Clipping.byGlobalNorm(1));
        try (Device device = Device.of("cpu");
                State state = State.of(model, device, 1)) {
            Trainer.of(training).fit(state, loader, epochs);
            try (Evaluation evaluation = new Evaluation(model, state)) {
                return look.apply(evaluation);
            }
        }
    }

    /** The share of rows whose largest value on the last axis stands where the labels say. */
    static double accuracy(NDArray logits, NDArray labels) {
        int classes = logits.shape().dim(-1);
        long rows = labels.shape().size();
        long hits = 0;
        for (long row = 0; row < rows; row++) {
            int best = 0;
            for (int k = 1; k < classes; k++) {
                if (logits.getDouble(row * classes + k) > logits.getDouble(row * classes + best)) {
                    best = k;
                }
            }
            hits += best == labels.getLong(row) ? 1 : 0;
        }
        return (double) hits / rows;
    }
}
