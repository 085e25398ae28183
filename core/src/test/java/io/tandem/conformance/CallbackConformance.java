package io.tandem.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.backend.Device;
import io.tandem.data.Dataset;
import io.tandem.nn.Model;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.train.Callback;
import io.tandem.train.Checkpoint;
import io.tandem.train.CsvLog;
import io.tandem.train.EarlyStopping;
import io.tandem.train.Epoch;
import io.tandem.train.Fold;
import io.tandem.train.History;
import io.tandem.train.ModelCheckpoint;
import io.tandem.train.Monitor;
import io.tandem.train.ReduceOnPlateau;
import io.tandem.train.Run;
import io.tandem.train.State;
import io.tandem.train.StepResult;
import io.tandem.train.StopOnNonFinite;
import io.tandem.train.TensorBoard;
import io.tandem.train.TimeLimit;
import io.tandem.train.Trainer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Callbacks: what each does, in which order they are told, and that none of it changes results. */
public abstract class CallbackConformance {
    @TempDir
    Path folder;

    /** The device under test. */
    protected abstract Device open();

    /** Gives epochs validation losses of a script, by being told before the others. */
    private record Scripted(Callback callback, double... losses) implements Callback {
        @Override
        public void fitStarted(Run run) {
            callback.fitStarted(run);
        }

        @Override
        public Verdict epochEnded(Epoch epoch) {
            return callback.epochEnded(new Epoch(
                    epoch.number(), epoch.training(), Map.of("loss", losses[epoch.number()]), 1, epoch.samples(), 0));
        }

        @Override
        public void fitEnded(Run run) {
            callback.fitEnded(run);
        }
    }

    /** Keeps the parameters at the end of each epoch. */
    private static final class Keeping implements Callback {
        private final List<NDArray> weights = new ArrayList<>();
        private final List<Double> factors = new ArrayList<>();

        @Override
        public void settled(Run run) {
            if (run.batch() == 0) {
                weights.add(run.state().get("5.weight"));
                factors.add(run.state().get("optimizer.rate_factor").item());
            }
        }
    }

    @Test
    void earlyStoppingGivesTheBestWeightsBack() {
        EarlyStopping stopping = EarlyStopping.of(Monitor.validation("loss"), 2).withMargin(0.05);
        Keeping keeping = new Keeping();
        try (Device device = open();
                State state = State.of(TrainingRuns.network(), device, 3)) {
            History history = Trainer.of(TrainingRuns.training(state.model()))
                    .with(new Scripted(stopping, 5, 3, 2.96, Double.NaN, 1))
                    .with(keeping)
                    .fit(state, TrainingRuns.loader(), 5);
            assertEquals(4, history.epochs().size());
            assertEquals(1, stopping.bestEpoch());
            assertEquals(3, stopping.best());
            TrainingRuns.requireContains(history.stopped().orElseThrow(), "validation loss", "epoch 1");
            assertEquals(keeping.weights.get(1), state.get("5.weight"));
            assertFalse(keeping.weights.get(3).equals(state.get("5.weight")));
        }
        // The best values also where nothing stopped the run.
        try (Device device = open();
                State state = State.of(TrainingRuns.network(), device, 3)) {
            Keeping again = new Keeping();
            History history = Trainer.of(TrainingRuns.training(state.model()))
                    .with(new Scripted(stopping, 5, 3, 4))
                    .with(again)
                    .fit(state, TrainingRuns.loader(), 3);
            assertTrue(history.stopped().isEmpty());
            assertEquals(again.weights.get(1), state.get("5.weight"));
        }
    }

    @Test
    void plateausReduceTheRate() {
        ReduceOnPlateau reduce =
                ReduceOnPlateau.of(Monitor.validation("loss"), 2, 0.1).withLeast(0.05);
        Keeping keeping = new Keeping();
        try (Device device = open();
                State state = State.of(TrainingRuns.network(), device, 3)) {
            Trainer.of(TrainingRuns.training(state.model()))
                    .with(new Scripted(reduce, 5, 4, 4, 6, 3, 3, 3))
                    .with(keeping)
                    .fit(state, TrainingRuns.loader(), 7);
        }
        assertEquals(List.of(1.0, 1.0, 1.0, 0.1, 0.1, 0.1, 0.05), keeping.factors);
    }

    @Test
    void aFactorOfTheRateIsUsed() {
        try (Device device = open();
                State state = State.of(TrainingRuns.network(), device, 3)) {
            Trainer trainer = Trainer.of(TrainingRuns.training(state.model()));
            trainer.fit(state, TrainingRuns.loader(), 1);
            NDArray before = state.get("5.weight");
            state.set("optimizer.rate_factor", NDArray.scalar(DType.F64, 0));
            trainer.fit(state, TrainingRuns.loader(), 1);
            assertEquals(before, state.get("5.weight"));
        }
    }

    @Test
    void orderAndNumberOfCallbacksDoNotChangeResults() {
        List<TrainingRuns.Outcome> outcomes = new ArrayList<>();
        TrainingRuns.Outcome alone;
        for (int turn = 0; turn < 6; turn++) {
            List<Callback> callbacks = new ArrayList<>(List.of(
                    EarlyStopping.of(Monitor.validation("loss"), 5),
                    ReduceOnPlateau.of(Monitor.validation("loss").higher(), 1, 0.5),
                    ModelCheckpoint.to(folder.resolve("run" + turn)).withSteps(5),
                    new CsvLog(folder.resolve("log" + turn + ".csv")),
                    TensorBoard.to(folder.resolve("events" + turn)).withLosses(3).withHistograms()));
            Collections.rotate(callbacks, turn);
            if (turn == 5) {
                Collections.reverse(callbacks);
            }
            Trainer trainer = Trainer.of(TrainingRuns.training(TrainingRuns.network()));
            for (Callback callback : callbacks) {
                trainer = trainer.with(callback);
            }
            try (Device device = open()) {
                outcomes.add(TrainingRuns.run(device, trainer, TrainingRuns.loader(), TrainingRuns.EPOCHS));
            }
        }
        outcomes.forEach(outcome -> outcomes.getFirst().requireEqual(outcome, "another order"));
        // Those that only look change nothing at all.
        Trainer bare = Trainer.of(TrainingRuns.training(TrainingRuns.network()));
        try (Device device = open()) {
            alone = TrainingRuns.run(device, bare, TrainingRuns.loader(), TrainingRuns.EPOCHS);
        }
        try (Device device = open()) {
            Trainer watched = bare.with(new CsvLog(folder.resolve("watched.csv")))
                    .with(TensorBoard.to(folder.resolve("watched")).withLosses(1).withHistograms())
                    .with(StopOnNonFinite.of().withInterval(1))
                    .with(TimeLimit.of(ChronoUnit.FOREVER.getDuration()))
                    .with(ModelCheckpoint.to(folder.resolve("watched-run")).withSteps(1));
            TrainingRuns.run(device, watched, TrainingRuns.loader(), TrainingRuns.EPOCHS)
                    .requireEqual(alone, "watched");
        }
    }

    @Test
    void eventsComeInTheirOrder() {
        List<String> events = new ArrayList<>();
        record Telling(String id, List<String> events) implements Callback {
            private void tell(String what) {
                events.add(id + ":" + what);
            }

            @Override
            public void fitStarted(Run run) {
                tell("fit");
            }

            @Override
            public void epochStarted(int epoch, int batches) {
                tell("epoch " + epoch + " of " + batches);
            }

            @Override
            public void stepDone(int epoch, int batch, int samples, StepResult result) {
                tell("step " + result.step());
            }

            @Override
            public Verdict epochEnded(Epoch epoch) {
                tell("end " + epoch.number());
                return Verdict.CONTINUE;
            }

            @Override
            public void settled(Run run) {
                tell("settled " + run.epoch() + "/" + run.batch());
            }

            @Override
            public void fitEnded(Run run) {
                tell("done");
            }
        }
        try (Device device = open();
                State state = State.of(TrainingRuns.perceptron(), device, 3)) {
            Trainer.of(TrainingRuns.training(state.model()))
                    .with(new Telling("a", events))
                    .with(new Telling("b", events))
                    .fit(state, TrainingRuns.points(6, 1).batches(4), 1);
        }
        List<String> expected = Stream.of(
                "fit", "epoch 0 of 2", "step 0", "settled 0/1", "step 1", "settled 0/2", "end 0", "settled 1/0", "done")
                .flatMap(event -> Stream.of("a:" + event, "b:" + event))
                .toList();
        assertEquals(expected, events);
    }

    @Test
    void aTimeLimitEndsARunInTheMiddleOfAnEpoch() {
        Path at = folder.resolve("limited");
        try (Device device = open();
                State state = State.of(TrainingRuns.network(), device, 3)) {
            History history = Trainer.of(TrainingRuns.training(state.model()))
                    .with(ModelCheckpoint.to(at))
                    .with(TimeLimit.of(Duration.ZERO))
                    .fit(state, TrainingRuns.loader(), 2);
            assertTrue(history.epochs().isEmpty());
            TrainingRuns.requireContains(history.stopped().orElseThrow(), "time limit");
        }
        assertEquals(1, Checkpoint.read(at).position().batch());
    }

    @Test
    void logsHaveEachEpochOnceAlsoAfterAResume() throws IOException {
        Path log = folder.resolve("logs/run.csv");
        Path at = folder.resolve("run");
        Dataset validation = TrainingRuns.images(8, 2);
        try (Device device = open();
                State state = State.of(TrainingRuns.network(), device, 3)) {
            Trainer.of(TrainingRuns.training(state.model()))
                    .with(new CsvLog(log))
                    .with(ModelCheckpoint.to(at))
                    .fit(state, TrainingRuns.loader(), validation, 2);
            Trainer.of(TrainingRuns.training(state.model()))
                    .with(new CsvLog(log))
                    .resuming(Checkpoint.read(at))
                    .fit(state, TrainingRuns.loader(), validation, 3);
        }
        assertFalse(Files.readString(log).contains("\r"));
        List<String> lines = Files.readAllLines(log);
        assertEquals(
                "epoch,training loss,training accuracy,training confusion,validation loss,validation accuracy,"
                        + "validation confusion,seconds,samples,waiting share",
                lines.getFirst());
        assertEquals(List.of("0", "1", "2"), lines.stream().skip(1).map(l -> l.split(",")[0]).toList());
        assertEquals("23", lines.get(1).split(",")[8]);
    }

    @Test
    void aFigureThatDoesNotExistIsNamed() {
        try (Device device = open();
                State state = State.of(TrainingRuns.network(), device, 3)) {
            Trainer trainer = Trainer.of(TrainingRuns.training(state.model()));
            TrainingRuns.requireContains(
                    assertThrows(
                            IllegalArgumentException.class,
                            () -> trainer.with(EarlyStopping.of(Monitor.validation("loss"), 1))
                                    .fit(state, TrainingRuns.loader(), 1))
                            .getMessage(),
                    "validation", "give fit() validation data");
            TrainingRuns.requireContains(
                    assertThrows(
                            IllegalArgumentException.class,
                            () -> trainer.with(EarlyStopping.of(Monitor.training("f2"), 1))
                                    .fit(state, TrainingRuns.loader(), 1))
                            .getMessage(),
                    "'f2'", "accuracy");
        }
    }

    @Test
    void foldsCoverEachSampleOnce() {
        Dataset data = TrainingRuns.points(31, 4);
        for (List<Fold> folds : List.of(Fold.split(data, 4, 1), Fold.stratified(data, 1, 4, 1))) {
            Map<NDArray, Integer> seen = new HashMap<>();
            for (Fold fold : folds) {
                assertEquals(31, fold.training().size() + fold.validation().size());
                assertTrue(fold.validation().size() == 7 || fold.validation().size() == 8);
                List<NDArray> training = rows(fold.training());
                for (NDArray row : rows(fold.validation())) {
                    seen.merge(row, 1, Integer::sum);
                    assertFalse(training.contains(row));
                }
            }
            assertEquals(31, seen.size());
            assertTrue(seen.values().stream().allMatch(n -> n == 1));
        }
        long[] counts = new long[TrainingRuns.CLASSES];
        for (long label : data.all().column(1).toLongs()) {
            counts[(int) label]++;
        }
        for (Fold fold : Fold.stratified(data, 1, 4, 1)) {
            for (int c = 0; c < TrainingRuns.CLASSES; c++) {
                int label = c;
                long here = Arrays.stream(fold.validation().all().column(1).toLongs())
                        .filter(x -> x == label)
                        .count();
                assertTrue(Math.abs(here - counts[c] / 4.0) < 1, "class " + c + ": " + here + " of " + counts[c]);
            }
        }
        assertThrows(IllegalArgumentException.class, () -> Fold.split(data, 1, 0));
        assertThrows(IllegalArgumentException.class, () -> Fold.split(data, 32, 0));
    }

    private static List<NDArray> rows(Dataset data) {
        NDArray x = data.all().column(0);
        List<NDArray> rows = new ArrayList<>();
        for (int i = 0; i < data.size(); i++) {
            rows.add(x.rows(i, i + 1));
        }
        return rows;
    }

    @Test
    void modelsOfAnotherStateAreRefused() {
        Model other = TrainingRuns.perceptron();
        try (Device device = open();
                State state = State.of(TrainingRuns.network(), device, 3)) {
            assertThrows(
                    IllegalArgumentException.class,
                    () -> Trainer.of(TrainingRuns.training(other)).fit(state, TrainingRuns.points(6, 1).batches(3), 1));
        }
    }
}
