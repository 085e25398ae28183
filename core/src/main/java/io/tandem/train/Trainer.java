package io.tandem.train;

import io.tandem.data.Batch;
import io.tandem.data.Batches;
import io.tandem.data.DataLoader;
import io.tandem.data.Dataset;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.TensorType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The training loop: a thin one around {@link TrainStep}, which can as well be used directly. The columns of data sets are
 * the model's inputs, then the target; for a model with several outputs, one target per output or one for all.
 *
 * <p>If the thread is interrupted, training ends after the current step, with the interrupt still set, as {@link
 * History#stopped} tells.
 *
 * @param training what training means
 * @param callbacks who is told, in this order
 * @param from where training goes on, if it does
 */
public record Trainer(Training training, List<Callback> callbacks, Optional<Checkpoint> from) {
    private static final Logger log = LoggerFactory.getLogger(Trainer.class);

    /** Copies the list. */
    public Trainer {
        callbacks = List.copyOf(callbacks);
    }

    /** A trainer without callbacks. */
    public static Trainer of(Training training) {
        return new Trainer(training, List.of(), Optional.empty());
    }

    /** With a further callback. */
    public Trainer with(Callback callback) {
        List<Callback> all = new ArrayList<>(callbacks);
        all.add(callback);
        return new Trainer(training, all, from);
    }

    /**
     * Going on from a checkpoint: {@link #fit} gives the state its values and goes on at its place, up to the same number
     * of epochs. With the same data, training, callbacks, device and number of threads, all results are equal, bit for bit,
     * to those of a run that was not interrupted.
     */
    public Trainer resuming(Checkpoint checkpoint) {
        return new Trainer(training, callbacks, Optional.of(checkpoint));
    }

    /**
     * Trains for some epochs without validation.
     *
     * @param epochs the number of epochs in all, those before a checkpoint included
     */
    public History fit(State state, DataLoader data, int epochs) {
        return fit(state, data, Optional.empty(), epochs);
    }

    /**
     * Trains for some epochs, with loss and metrics on other data after each; where training keeps averages of the
     * parameters, those are validated.
     *
     * @param epochs the number of epochs in all, those before a checkpoint included
     */
    public History fit(State state, DataLoader data, Dataset validation, int epochs) {
        return fit(state, data, Optional.of(validation), epochs);
    }

    private History fit(State state, DataLoader data, Optional<Dataset> validation, int epochs) {
        if (epochs < 0) {
            throw new IllegalArgumentException("the number of epochs must not be negative, got " + epochs);
        }
        int inputs = training.model().inputs().size();
        List<TensorType> types = data.dataset().types();
        int outputs = training.loss().outputs();
        if (types.size() != inputs + 1 && types.size() != inputs + outputs) {
            throw new IllegalArgumentException("the model has " + inputs + " inputs, so the data set needs "
                    + (inputs + 1) + (outputs == 1 ? "" : " or " + (inputs + outputs)) + " columns, it has "
                    + types.size());
        }
        TensorType[] targets = types.subList(inputs, types.size()).toArray(TensorType[]::new);
        try (TrainStep step = new TrainStep(training, state, targets);
                Evaluation evaluation = training.average().isPresent()
                        ? Evaluation.averaged(training.model(), state)
                        : new Evaluation(training.model(), state)) {
            Run run = new Run(training, state, data, step, callbacks, epochs);
            from.ifPresent(run::resume);
            callbacks.forEach(c -> c.fitStarted(run));
            while (!run.isStopping() && run.epoch() < epochs) {
                epoch(run, validation, evaluation);
            }
            callbacks.forEach(c -> c.fitEnded(run));
            return run.history();
        }
    }

    private void epoch(Run run, Optional<Dataset> validation, Evaluation evaluation) {
        int number = run.epoch();
        DataLoader data = run.data();
        if (!run.figuresGoOn()) {
            run.step().resetFigures();
        }
        steps(run);
        if (run.batch() < data.batchesPerEpoch()) {
            return;
        }
        run.step().flush();
        Map<String, Double> figures = run.step().figures();
        double loss = figures.get("loss");
        if (!Double.isFinite(loss)) {
            log.warn(
                    "epoch {}: the loss is {}; look for such values in the data, or lower the learning rate; the callback"
                            + " StopOnNonFinite ends training there and names the step, with Training.withGuard() the layer too",
                    number, loss);
        }
        if (training.scaling().isPresent()) {
            log.info("epoch {}: the loss scale is {}, updates left out so far: {}", number, run.step().lossScale(),
                    run.step().skipped());
        }
        double seconds = run.seconds();
        Map<String, Double> validated = validation.isEmpty()
                ? Map.of()
                : evaluation.evaluate(validation.get(), data.batchSize(), training.loss(), training.metrics());
        Epoch record = new Epoch(
                number,
                figures,
                validated,
                seconds,
                data.samplesPerEpoch(),
                seconds > 0 ? run.waitingSeconds() / seconds : 0);
        run.epochDone(record);
        for (Callback callback : callbacks) {
            if (callback.epochEnded(record) == Callback.Verdict.STOP) {
                run.stop(callback.name() + " asked for it");
            }
        }
        callbacks.forEach(c -> c.settled(run));
    }

    /** The batches of an epoch that are left, until training is stopped. */
    private void steps(Run run) {
        int number = run.epoch();
        int inputs = training.model().inputs().size();
        double seconds = run.seconds();
        double waiting = run.waitingSeconds();
        long start = System.nanoTime();
        try (Batches batches = run.data().epoch(number, run.batch())) {
            callbacks.forEach(c -> c.epochStarted(number, batches.count()));
            while (!run.isStopping() && batches.hasNext()) {
                Optional<Batch> next = next(batches);
                if (next.isEmpty()) {
                    run.stop("the thread was interrupted");
                    callbacks.forEach(c -> c.settled(run));
                    return;
                }
                Batch batch = next.get();
                List<NDArray> columns = batch.columns();
                StepResult result = run.step().run(
                        columns.subList(0, inputs),
                        columns.subList(inputs, columns.size()).toArray(NDArray[]::new));
                if (!batches.hasNext()) {
                    // The time of an epoch is that of its work, not of asking for it.
                    run.state().device().synchronize();
                }
                run.batchDone(
                        batch,
                        seconds + (System.nanoTime() - start) / 1e9,
                        waiting + batches.waitNanos() / 1e9);
                callbacks.forEach(c -> c.stepDone(number, batch.index(), batch.size(), result));
                callbacks.forEach(c -> c.settled(run));
            }
        }
    }

    /** The next batch; empty if the thread is interrupted. */
    private static Optional<Batch> next(Batches batches) {
        if (Thread.currentThread().isInterrupted()) {
            return Optional.empty();
        }
        try {
            return Optional.of(batches.next());
        } catch (IllegalStateException e) {
            if (Thread.currentThread().isInterrupted()) {
                return Optional.empty();
            }
            throw e;
        }
    }
}
