package io.tandem.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.backend.Device;
import io.tandem.data.ArrayDataset;
import io.tandem.data.DataLoader;
import io.tandem.data.Dataset;
import io.tandem.models.DenseSearch;
import io.tandem.models.playground.PointSet;
import io.tandem.models.playground.Points;
import io.tandem.nn.Activation;
import io.tandem.nn.Initializers;
import io.tandem.nn.Losses;
import io.tandem.nn.Model;
import io.tandem.samples.plot.SearchPicture;
import io.tandem.search.CrossValidation;
import io.tandem.search.Objective;
import io.tandem.search.Parameter;
import io.tandem.search.Score;
import io.tandem.search.SearchSpace;
import io.tandem.search.Strategy;
import io.tandem.search.Study;
import io.tandem.search.StudyResult;
import io.tandem.search.Trial;
import io.tandem.search.TrialResult;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.TensorType;
import io.tandem.train.Metrics;
import io.tandem.train.State;
import io.tandem.train.Trainer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Section 4.7: hyperparameter search on points in the plane. */
@Tag("contract")
class Contract4_7SearchTest {
    private static final Dataset DATA = points();

    @TempDir
    private Path folder;

    private static Dataset points() {
        Points drawn = PointSet.MOONS.draw(300, 0.2, 1);
        return ArrayDataset.of(
                drawn.x(),
                NDArray.generate(TensorType.of(DType.I32, 300), i -> drawn.labels().getDouble(i) > 0 ? 1 : 0));
    }

    private static Score fit(Trial trial, Device device, Dataset training, Dataset validation) {
        Model model = DenseSearch.model(trial.candidate(), TensorType.f32(2), 2);
        try (State state = State.of(model, device, trial.seed())) {
            Map<String, Double> figures = Trainer.of(
                    DenseSearch.training(trial.candidate(), model, Losses.crossEntropy())
                            .withMetrics(Metrics.accuracy()))
                    .fit(state, DataLoader.of(training, 20).shuffled(trial.seed()), validation, trial.budget())
                    .last()
                    .validation();
            return Score.of(figures.get("loss")).with("accuracy", figures.get("accuracy"));
        }
    }

    private static Objective split() {
        List<Dataset> parts = DATA.randomSplit(1, 0.7, 0.3);
        return (trial, device) -> fit(trial, device, parts.get(0), parts.get(1));
    }

    /** Layers, units, activation, initializer, optimizer, rate, regularizer; two at a time, then resumed with a file. */
    @Test
    void successiveHalvingFindsAGoodNetwork() throws IOException {
        Path file = folder.resolve("study.jsonl");
        Study study = Study.of(DenseSearch.space(), Strategy.halving(18, 5, 45), split())
                .withParallel(2)
                .withFile(file);
        StudyResult result = study.run();
        assertEquals(18 + 6 + 2, result.trials().size());
        TrialResult best = result.best();
        assertEquals(45, best.trial().budget());
        assertTrue(best.score().orElseThrow().figures().get("accuracy") > 0.95, () -> result.table(5));
        assertEquals(27, Files.readAllLines(file).size());
        // All is known: the same again, at once, and with one trial at a time.
        assertEquals(result, study.withParallel(1).run());
        assertTrue(result.table(3).contains("regularizer"));
        Path picture = folder.resolve("search.png");
        SearchPicture.write(picture, "moons", result);
        assertTrue(Files.size(picture) > 10_000);
    }

    @Test
    void gridWithCrossValidation() {
        Objective folds = CrossValidation.of(
                DATA, 3, 1, (trial, fold, device) -> fit(trial, device, fold.training(), fold.validation()));
        SearchSpace space = SearchSpace.of(
                DenseSearch.LAYERS,
                Parameter.choice("units", 16),
                Parameter.choice("activation", Map.of("tanh", Activation.tanh())),
                Parameter.choice(
                        "initializer", Map.of("glorot", Initializers.glorotUniform())),
                Parameter.choice("optimizer", Map.of("adam", DenseSearch.Method.ADAM)),
                DenseSearch.RATE,
                Parameter.choice("regularizer", Map.of("none", DenseSearch.Penalty.NONE)));
        StudyResult result = Study.of(space, Strategy.grid(3, 10), folds).withParallel(2).run();
        assertEquals(9, result.trials().size());
        // Of the rates 1e-4, 3e-3 and 0.1 the first one is too small for ten epochs.
        assertTrue(result.best().trial().get(DenseSearch.RATE) > 1e-3, () -> result.table(9));
        assertTrue(
                result.best().score().orElseThrow().figures().containsKey(CrossValidation.DEVIATION));
    }

    @Test
    void randomSearchIsDeterministic() {
        Study study = Study.of(DenseSearch.space(), Strategy.random(4, 3), split());
        List<Score> one = study.run().trials().stream().map(t -> t.score().orElseThrow()).toList();
        List<Score> two =
                study.withParallel(2).run().trials().stream().map(t -> t.score().orElseThrow()).toList();
        assertEquals(one, two);
    }
}
