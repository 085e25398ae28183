package io.tandem.train;

import io.tandem.data.Batch;
import io.tandem.data.Batches;
import io.tandem.data.DataLoader;
import io.tandem.data.Dataset;
import io.tandem.tensor.TensorType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The training loop: a thin one around {@link TrainStep}, which can as well be used directly. The columns of data sets are
 * the model's inputs, then the target.
 *
 * @param training what training means
 * @param callbacks who is told, in this order
 */
public record Trainer(Training training, List<Callback> callbacks) {
    /** Copies the list. */
    public Trainer {
        callbacks = List.copyOf(callbacks);
    }

    /** A trainer without callbacks. */
    public static Trainer of(Training training) {
        return new Trainer(training, List.of());
    }

    /** With a further callback. */
    public Trainer with(Callback callback) {
        List<Callback> all = new ArrayList<>(callbacks);
        all.add(callback);
        return new Trainer(training, all);
    }

    /** Trains for some epochs without validation. */
    public History fit(State state, DataLoader data, int epochs) {
        return fit(state, data, Optional.empty(), epochs);
    }

    /** Trains for some epochs, with loss and metrics on other data after each. */
    public History fit(State state, DataLoader data, Dataset validation, int epochs) {
        return fit(state, data, Optional.of(validation), epochs);
    }

    private History fit(State state, DataLoader data, Optional<Dataset> validation, int epochs) {
        int inputs = training.model().inputs().size();
        List<TensorType> types = data.dataset().types();
        if (types.size() != inputs + 1) {
            throw new IllegalArgumentException("the model has " + inputs + " inputs, so the data set needs "
                    + (inputs + 1) + " columns, it has " + types.size());
        }
        List<Epoch> history = new ArrayList<>();
        try (TrainStep step = new TrainStep(training, state, types.getLast());
                Evaluation evaluation = new Evaluation(training.model(), state)) {
            for (int epoch = 0; epoch < epochs; epoch++) {
                Epoch record = epoch(epoch, step, data, validation, evaluation);
                history.add(record);
                boolean stop = false;
                for (Callback callback : callbacks) {
                    stop |= callback.epochEnded(record) == Callback.Verdict.STOP;
                }
                if (stop) {
                    break;
                }
            }
        }
        return new History(history);
    }

    private Epoch epoch(
            int number,
            TrainStep step,
            DataLoader data,
            Optional<Dataset> validation,
            Evaluation evaluation) {
        int inputs = training.model().inputs().size();
        step.resetFigures();
        long start = System.nanoTime();
        long samples = 0;
        long waiting;
        Map<String, Double> figures;
        try (Batches batches = data.epoch(number)) {
            callbacks.forEach(c -> c.epochStarted(number, batches.count()));
            for (Batch batch : batches) {
                StepResult result = step.run(batch.columns().subList(0, inputs), batch.column(inputs));
                samples += batch.size();
                callbacks.forEach(c -> c.stepDone(number, batch.index(), batch.size(), result));
            }
            figures = step.figures();
            waiting = batches.waitNanos();
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        Map<String, Double> validated = validation.isEmpty()
                ? Map.of()
                : evaluation.evaluate(validation.get(), data.batchSize(), training.loss(), training.metrics());
        return new Epoch(number, figures, validated, seconds, samples, waiting / 1e9 / seconds);
    }
}
