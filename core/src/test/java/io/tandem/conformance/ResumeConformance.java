package io.tandem.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.backend.Device;
import io.tandem.data.DataLoader;
import io.tandem.io.FormatException;
import io.tandem.io.Safetensors;
import io.tandem.io.SafetensorsFile;
import io.tandem.nn.Activation;
import io.tandem.nn.Dense;
import io.tandem.nn.Model;
import io.tandem.nn.Sequential;
import io.tandem.tensor.NDArray;
import io.tandem.train.Checkpoint;
import io.tandem.train.CheckpointFolder;
import io.tandem.train.EarlyStopping;
import io.tandem.train.History;
import io.tandem.train.ModelCheckpoint;
import io.tandem.train.Monitor;
import io.tandem.train.ReduceOnPlateau;
import io.tandem.train.State;
import io.tandem.train.Trainer;
import io.tandem.train.Training;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run that goes on from a checkpoint equals one that was not interrupted, bit for bit. A backend's test extends this. */
public abstract class ResumeConformance {
    @TempDir
    Path folder;

    /** The device under test. */
    protected abstract Device open();

    private static Trainer trainer(UnaryOperator<Training> rules) {
        return trainer(TrainingRuns.network(), rules);
    }

    private static Trainer trainer(Model model, UnaryOperator<Training> rules) {
        return Trainer.of(rules.apply(TrainingRuns.training(model)))
                .with(ReduceOnPlateau.of(Monitor.training("loss"), 1, 0.5))
                .with(EarlyStopping.of(Monitor.validation("accuracy").higher(), 2));
    }

    /** Interrupts runs at each given place, resumes them on another device and in another state, and compares. */
    private void check(UnaryOperator<Training> rules, int... places) {
        check(TrainingRuns::network, rules, places);
    }

    private void check(Supplier<Model> network, UnaryOperator<Training> rules, int... places) {
        TrainingRuns.Outcome expected;
        try (Device device = open()) {
            expected = TrainingRuns.run(
                    device, trainer(network.get(), rules), TrainingRuns.loader(), TrainingRuns.EPOCHS);
        }
        for (int place : places) {
            Path at = folder.resolve("at-" + place);
            try (Device device = open();
                    State state = State.of(network.get(), device, 3)) {
                // The callback that stops comes first, so that the checkpoint sees it.
                History history = trainer(state.model(), rules)
                        .with(new TrainingRuns.StopAfter(place))
                        .with(ModelCheckpoint.to(at).withEpochs(0))
                        .fit(state, TrainingRuns.loader(), TrainingRuns.images(10, 6), TrainingRuns.EPOCHS);
                assertTrue(history.stopped().isPresent());
            }
            try (Device device = open();
                    State state = State.of(network.get(), device, 99)) {
                History history = trainer(state.model(), rules)
                        .resuming(Checkpoint.read(at))
                        .fit(state, TrainingRuns.loader(), TrainingRuns.images(10, 6), TrainingRuns.EPOCHS);
                expected.requireEqual(TrainingRuns.Outcome.of(state, history), "resumed at " + place);
            }
        }
    }

    @Test
    void resumedEqualsUndisturbed() {
        // 7 events per epoch: 6 steps and its end.
        check(training -> training, 1, 5, 6, 7, 8, 15);
    }

    @Test
    void alsoWithAccumulationAveragesAndGuard() {
        check(training -> training.withAccumulation(4).withAverage(0.9).withGuard(), 2, 6, 7, 10);
    }

    @Test
    void alsoWithAugmentationInTheGraphAndASharedLayer() {
        check(TrainingRuns::augmentedNetwork, training -> training, 1, 6, 9);
    }

    @Test
    void aRunInterruptedBeforeItsFirstBatchGoesOn() {
        Path at = folder.resolve("early");
        TrainingRuns.Outcome expected;
        try (Device device = open()) {
            expected = TrainingRuns.run(device, trainer(t -> t), TrainingRuns.loader(), 1);
        }
        try (Device device = open();
                State state = State.of(TrainingRuns.network(), device, 3)) {
            Thread.currentThread().interrupt();
            History history = trainer(t -> t).with(ModelCheckpoint.to(at))
                    .fit(state, TrainingRuns.loader(), TrainingRuns.images(10, 6), 1);
            assertTrue(Thread.interrupted() && history.stopped().isPresent());
        }
        assertEquals(0, Checkpoint.read(at).step());
        try (Device device = open();
                State state = State.of(TrainingRuns.network(), device, 99)) {
            History history = trainer(t -> t).with(ModelCheckpoint.to(at))
                    .resuming(Checkpoint.read(at))
                    .fit(state, TrainingRuns.loader(), TrainingRuns.images(10, 6), 1);
            expected.requireEqual(TrainingRuns.Outcome.of(state, history), "from the very start");
        }
        assertEquals(6, Checkpoint.read(at).step());
    }

    @Test
    void theBestStaysAlsoWhereGradientsWait() {
        Path at = folder.resolve("waiting");
        try (Device device = open();
                State state = State.of(TrainingRuns.network(), device, 3)) {
            // Batches that wait for an update leave the number of updates as it is.
            Trainer.of(TrainingRuns.training(state.model()).withAccumulation(4))
                    .with(ModelCheckpoint.to(at).withSteps(1).withKeep(1).withBest(Monitor.training("loss").higher()))
                    .fit(state, TrainingRuns.loader(), 2);
        }
        CheckpointFolder checkpoints = CheckpointFolder.of(at);
        assertEquals(List.of(6L, 12L),
                checkpoints.files().stream().map(f -> Checkpoint.read(f).batches()).toList());
        Checkpoint best = Checkpoint.read(checkpoints.best().orElseThrow());
        assertEquals(new Checkpoint.Position(1, 0, 0, 0), best.position());
        assertEquals(2, best.step());
    }

    @Test
    void goingOnFromAnOlderCheckpointSetsLaterOnesAside() throws IOException {
        Path at = folder.resolve("older");
        TrainingRuns.Outcome expected;
        try (Device device = open()) {
            Trainer trainer = trainer(t -> t).with(ModelCheckpoint.to(at).withSteps(2));
            expected = TrainingRuns.run(device, trainer, TrainingRuns.loader(), 2);
        }
        List<Path> files = CheckpointFolder.of(at).files();
        assertEquals(List.of(8L, 10L, 12L), files.stream().map(f -> Checkpoint.read(f).step()).toList());
        try (Device device = open();
                State state = State.of(TrainingRuns.network(), device, 99)) {
            History history = trainer(t -> t).with(ModelCheckpoint.to(at).withSteps(1).withKeep(1))
                    .resuming(Checkpoint.read(files.getFirst()))
                    .with(new TrainingRuns.StopAfter(1))
                    .fit(state, TrainingRuns.loader(), TrainingRuns.images(10, 6), 2);
            assertTrue(history.stopped().isPresent());
        }
        // Were the later ones still there, the new one would be deleted as old, and a crash would lose it.
        assertEquals(9, Checkpoint.read(at).step());
        try (var all = Files.list(at)) {
            assertEquals(
                    List.of("step-000000000009.safetensors", "step-000000000010.safetensors.superseded",
                            "step-000000000012.safetensors.superseded"),
                    all.map(file -> file.getFileName().toString()).sorted().toList());
        }
        try (Device device = open();
                State state = State.of(TrainingRuns.network(), device, 99)) {
            History history = trainer(t -> t).with(ModelCheckpoint.to(at))
                    .resuming(Checkpoint.read(at))
                    .fit(state, TrainingRuns.loader(), TrainingRuns.images(10, 6), 2);
            expected.requireEqual(TrainingRuns.Outcome.of(state, history), "from the older one");
        }
    }

    @Test
    void everyStepCanBeTheLastBeforeACrash() {
        // What a killed process leaves is the newest file; here each of them is tried.
        Path all = folder.resolve("all");
        TrainingRuns.Outcome expected;
        try (Device device = open()) {
            expected = TrainingRuns.run(
                    device,
                    trainer(t -> t).with(ModelCheckpoint.to(all).withSteps(4).withKeep(100)),
                    TrainingRuns.loader(),
                    TrainingRuns.EPOCHS);
        }
        List<Path> files = CheckpointFolder.of(all).files();
        assertEquals(
                List.of(4L, 6L, 8L, 12L, 16L, 18L),
                files.stream().map(file -> Checkpoint.read(file).step()).toList());
        for (Path file : files) {
            try (Device device = open();
                    State state = State.of(TrainingRuns.network(), device, 0)) {
                History history = trainer(t -> t)
                        .resuming(Checkpoint.read(file))
                        .fit(state, TrainingRuns.loader(), TrainingRuns.images(10, 6), TrainingRuns.EPOCHS);
                expected.requireEqual(TrainingRuns.Outcome.of(state, history), file.getFileName().toString());
            }
        }
    }

    /** A checkpoint after one epoch. */
    private Path checkpoint(Trainer trainer, String name) {
        Path at = folder.resolve(name);
        try (Device device = open();
                State state = State.of(trainer.training().model(), device, 3)) {
            trainer.with(ModelCheckpoint.to(at)).fit(state, TrainingRuns.loader(), 1);
        }
        return CheckpointFolder.of(at).files().getLast();
    }

    @Test
    void factsAreKept() {
        Checkpoint checkpoint = Checkpoint.read(
                checkpoint(Trainer.of(TrainingRuns.training(TrainingRuns.network())), "facts"));
        try (Device device = open()) {
            assertEquals(device.info().threads(), checkpoint.threads().orElseThrow());
            assertEquals(device.info().name(), checkpoint.facts().get("device"));
        }
        assertEquals("23", checkpoint.facts().get("data.samples"));
        assertEquals("4", checkpoint.facts().get("data.batch_size"));
        assertEquals("[f32[1, 6, 6], i32[]]", checkpoint.facts().get("data.types"));
        assertEquals("true", checkpoint.facts().get("data.shuffled"));
        assertEquals("9", checkpoint.facts().get("data.seed"));
        assertEquals("Sequential", checkpoint.facts().get("model"));
        assertEquals("[f32[1, 6, 6]]", checkpoint.facts().get("model.inputs"));
        assertEquals("Adam", checkpoint.facts().get("optimizer"));
        // A third of the cosine from 0.02 to 0.001 over 18 steps.
        assertEquals(0.001 + 0.019 * 0.75, Double.parseDouble(checkpoint.facts().get("optimizer.rate")), 1e-12);
        assertEquals(6, checkpoint.step());
        assertEquals(new Checkpoint.Position(1, 0, 0, 0), checkpoint.position());
    }

    @Test
    void anotherModelIsOneErrorThatListsEverything() {
        Path file = checkpoint(Trainer.of(TrainingRuns.training(TrainingRuns.network())), "a");
        Model other = Model.of(
                Sequential.of(Dense.of(7), Activation.relu(), x -> x.flatten(1), Dense.of(TrainingRuns.CLASSES)), 1, 6,
                6);
        try (Device device = open();
                State state = State.of(other, device, 1)) {
            Map<String, NDArray> before = state.snapshot();
            Trainer trainer = Trainer.of(TrainingRuns.training(other)).resuming(Checkpoint.read(file));
            IllegalArgumentException failure =
                    assertThrows(IllegalArgumentException.class, () -> trainer.fit(state, TrainingRuns.loader(), 2));
            TrainingRuns.requireContains(
                    failure.getMessage(),
                    "missing (",
                    "3.weight",
                    "optimizer.moment1.3.bias",
                    "unexpected (",
                    "1.runningMean",
                    "5.weight",
                    "wrong type or shape (",
                    "0.weight");
            before.forEach((path, value) -> assertEquals(value, state.get(path), path));
        }
    }

    @Test
    void newerVersionsAndDamageAreOneClearErrorEach() throws IOException {
        Path file = checkpoint(Trainer.of(TrainingRuns.training(TrainingRuns.network())), "b");
        Map<String, NDArray> arrays = Safetensors.read(file);
        Map<String, String> texts;
        try (SafetensorsFile open = Safetensors.open(file)) {
            texts = new LinkedHashMap<>(open.metadata());
        }
        texts.put("version", "2");
        Path newer = folder.resolve("newer.safetensors");
        Safetensors.write(newer, arrays, texts);
        TrainingRuns.requireContains(
                assertThrows(FormatException.class, () -> Checkpoint.read(newer)).getMessage(),
                newer.toString(), "version '2'", "version 1");

        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length - 100] ^= 1;
        Path damaged = Files.write(folder.resolve("damaged.safetensors"), bytes);
        TrainingRuns.requireContains(
                assertThrows(FormatException.class, () -> Checkpoint.read(damaged)).getMessage(),
                damaged.toString(), "damaged");

        Path weights = folder.resolve("weights.safetensors");
        Safetensors.write(weights, arrays);
        TrainingRuns.requireContains(
                assertThrows(FormatException.class, () -> Checkpoint.read(weights)).getMessage(), "no checkpoint");
        TrainingRuns.requireContains(
                assertThrows(FormatException.class,
                        () -> Checkpoint.read(Files.createDirectory(folder.resolve("none"))))
                        .getMessage(),
                "has no checkpoint");
    }

    @Test
    void damagedFilesInAFolderArePassedOver() throws IOException {
        Path at = folder.resolve("c");
        try (Device device = open();
                State state = State.of(TrainingRuns.network(), device, 3)) {
            Trainer.of(TrainingRuns.training(state.model()))
                    .with(ModelCheckpoint.to(at))
                    .fit(state, TrainingRuns.loader(), 2);
        }
        List<Path> files = CheckpointFolder.of(at).files();
        Files.write(files.getLast(), new byte[1000]);
        assertEquals(6, Checkpoint.read(at).step());
        Files.write(files.getFirst(), new byte[0]);
        TrainingRuns.requireContains(
                assertThrows(FormatException.class, () -> Checkpoint.read(at)).getMessage(),
                "none of the 2 checkpoints");
    }

    @Test
    void oldOnesGoAndTheBestStays() {
        Path at = folder.resolve("d");
        History history;
        try (Device device = open();
                State state = State.of(TrainingRuns.network(), device, 3)) {
            history = Trainer.of(TrainingRuns.training(state.model()))
                    .with(ModelCheckpoint.to(at).withKeep(2).withBest(Monitor.training("loss").higher()))
                    .fit(state, TrainingRuns.loader(), 5);
        }
        // Training makes the loss smaller, so by this measure the first epoch is the best.
        assertTrue(history.epochs().getFirst().training().get("loss") > history.last().training().get("loss"));
        CheckpointFolder checkpoints = CheckpointFolder.of(at);
        assertEquals(
                List.of(6L, 24L, 30L),
                checkpoints.files().stream().map(f -> Checkpoint.read(f).step()).toList());
        assertEquals(6, Checkpoint.read(checkpoints.best().orElseThrow()).step());
    }

    @Test
    void aFolderBelongsToOneRun() {
        Path file = checkpoint(Trainer.of(TrainingRuns.training(TrainingRuns.network())), "e");
        try (Device device = open();
                State state = State.of(TrainingRuns.network(), device, 3)) {
            Trainer trainer =
                    Trainer.of(TrainingRuns.training(state.model())).with(ModelCheckpoint.to(file.getParent()));
            TrainingRuns.requireContains(
                    assertThrows(IllegalStateException.class, () -> trainer.fit(state, TrainingRuns.loader(), 1))
                            .getMessage(),
                    "earlier run", "step 6");
        }
    }

    @Test
    void inTheMiddleOfAnEpochTheDataMustBeTheSame() {
        Path at = folder.resolve("f");
        try (Device device = open();
                State state = State.of(TrainingRuns.network(), device, 3)) {
            Trainer.of(TrainingRuns.training(state.model()))
                    .with(new TrainingRuns.StopAfter(2))
                    .with(ModelCheckpoint.to(at))
                    .fit(state, TrainingRuns.loader(), 1);
            DataLoader other = DataLoader.of(TrainingRuns.images(23, 5), 8).shuffled(9);
            Trainer trainer = Trainer.of(TrainingRuns.training(state.model())).resuming(Checkpoint.read(at));
            TrainingRuns.requireContains(
                    assertThrows(IllegalArgumentException.class, () -> trainer.fit(state, other, 1)).getMessage(),
                    "data.batch_size was 4, is 8");
        }
    }

    @Test
    void aFullDiskKeepsTheOldCheckpoint() throws IOException {
        Path file = checkpoint(Trainer.of(TrainingRuns.training(TrainingRuns.network())), "g");
        Checkpoint checkpoint = Checkpoint.read(file);
        // A folder in the way of the file's name is refused by the system as a full disk would.
        Path blocked = folder.resolve("h/step-000000000006.safetensors");
        Files.createDirectories(blocked);
        assertThrows(
                java.io.UncheckedIOException.class,
                () -> CheckpointFolder.of(folder.resolve("h")).write(checkpoint));
        assertEquals(6, Checkpoint.read(file).step());
        try (var files = Files.list(folder.resolve("h"))) {
            assertEquals(List.of(blocked), files.toList());
        }
    }
}
