package io.tandem.samples;

import io.tandem.backend.Device;
import io.tandem.data.ArrayDataset;
import io.tandem.data.DataLoader;
import io.tandem.data.Dataset;
import io.tandem.models.DenseSearch;
import io.tandem.models.playground.PointSet;
import io.tandem.models.playground.Points;
import io.tandem.nn.Losses;
import io.tandem.nn.Model;
import io.tandem.samples.data.Mnist;
import io.tandem.samples.data.Progress;
import io.tandem.samples.plot.SearchPicture;
import io.tandem.search.CrossValidation;
import io.tandem.search.Objective;
import io.tandem.search.Score;
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
import io.tandem.train.Training;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Searches for the hyperparameters of a dense network. */
@Command(
        name = "search",
        description = "Search for a dense network's layers, units, activation, initializer, optimizer, rate, regularizer.",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "Examples:",
            "  tandem search",
            "  tandem search --task moons --strategy random --trials 50 --folds 5",
            "  tandem search --parallel 4 --study digits.jsonl   goes on where it was interrupted"
        })
final class SearchCommand implements Callable<Integer> {
    private static final int ROWS = 10;

    /** What is learned. */
    enum Task {
        MNIST,
        MOONS,
        SPIRAL
    }

    /** How it is searched. */
    enum Way {
        HALVING,
        RANDOM,
        GRID
    }

    /** Data to search with, and data that the search does not see. */
    private record Data(String description, Dataset known, Dataset test, int classes) {}

    @Spec
    private CommandSpec spec;

    @Mixin
    private RunOptions run;

    @Option(names = "--task", paramLabel = "TASK", defaultValue = "mnist",
            description = "mnist, moons or spiral. Default: mnist.")
    private Task task;

    @Option(names = "--strategy", paramLabel = "S", defaultValue = "halving",
            description = "halving (the fast one), random or grid. Default: halving.")
    private Way way;

    @Option(names = "--trials", paramLabel = "N", defaultValue = "27",
            description = "Candidates of halving and random. Default: 27.")
    private int trials;

    @Option(names = "--points", paramLabel = "N", defaultValue = "2",
            description = "Values per range of a grid, which has 192 choices beside. Default: 2.")
    private int points;

    @Option(names = "--epochs", paramLabel = "N", defaultValue = "9",
            description = "Epochs per trial; halving begins with a ninth. Default: 9.")
    private int epochs;

    @Option(names = "--folds", paramLabel = "K", defaultValue = "0",
            description = "Cross-validate each trial on K folds. Default: one split, 3 : 1.")
    private int folds;

    @Option(names = "--samples", paramLabel = "N", defaultValue = "4000",
            description = "Samples to search with. Default: 4000.")
    private int samples;

    @Option(names = "--parallel", paramLabel = "N", defaultValue = "2", description = "Trials at once. Default: 2.")
    private int parallel;

    @Option(names = "--study", paramLabel = "FILE",
            description = "Keep finished trials in this file (JSON lines), and go on with those that are there.")
    private Path study;

    @Override
    public Integer call() {
        run.require(samples >= 20, "--samples must be at least 20, got " + samples);
        run.require(epochs > 0, "--epochs must be at least 1, got " + epochs);
        run.require(trials > 0, "--trials must be at least 1, got " + trials);
        run.require(points > 0, "--points must be at least 1, got " + points);
        run.require(parallel > 0, "--parallel must be at least 1, got " + parallel);
        run.require(folds == 0 || folds >= 2, "--folds must be at least 2, got " + folds);
        PrintWriter out = spec.commandLine().getOut();
        Path picture = run.output("search.png");
        Data data = data();
        out.println("data: " + data.description());
        Study search = Study.of(DenseSearch.space(), strategy(), objective(data))
                .withSeed(run.seed())
                .withParallel(parallel)
                .withDevices(() -> run.openDevice(OptionalInt.of(1)));
        search = study == null ? search : search.withFile(study);
        out.printf(Locale.ROOT, "search: %d trials, %d at once%n", search.trials(), parallel);
        out.flush();
        StudyResult result;
        long start = System.nanoTime();
        try (ProgressBar bar = new ProgressBarBuilder()
                .setTaskName("trials")
                .setInitialMax(search.trials())
                .setUpdateIntervalMillis(500)
                .build()) {
            result = search.withListener(r -> told(bar, r)).run();
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        out.println(result.table(ROWS));
        TrialResult best = result.best();
        double accuracy = test(best.trial(), data);
        SearchPicture.write(
                picture, "Hyperparameters: %s, %d samples".formatted(task, data.known().size()), result);
        out.printf(
                Locale.ROOT,
                "best: %s%ntrained again on all of the data for %d epochs: test accuracy %.2f %%%npicture: %s%n",
                best.trial().candidate(),
                epochs,
                100 * accuracy,
                picture);
        if (run.json()) {
            out.println(new Report()
                    .put("trials", result.trials().size())
                    .put("seconds", seconds)
                    .put("seed", run.seed())
                    .put("best", best.trial().candidate().labels())
                    .put("loss", best.rank())
                    .put("test_accuracy", accuracy)
                    .json());
        }
        out.flush();
        return 0;
    }

    private static void told(ProgressBar bar, TrialResult result) {
        bar.step();
        bar.setExtraMessage(result.score()
                .map(s -> String.format(Locale.ROOT, " loss %.4f", s.loss()))
                .orElse(" failed"));
    }

    private Strategy strategy() {
        return switch (way) {
            case HALVING -> Strategy.halving(trials, Math.max(1, epochs / 9), epochs);
            case RANDOM -> Strategy.random(trials, epochs);
            case GRID -> Strategy.grid(points, epochs);
        };
    }

    private Data data() {
        return switch (task) {
            case MNIST -> {
                Mnist digits = Mnist.load(run.folders(), Mnist.mirrors(), run.seed(), Progress.SILENT);
                yield new Data(
                        digits.description(),
                        digits.train().shuffled(run.seed()).take(samples),
                        digits.test(),
                        10);
            }
            case MOONS -> drawn(PointSet.MOONS, 0.2);
            case SPIRAL -> drawn(PointSet.SPIRAL, 0.2);
        };
    }

    private Data drawn(PointSet set, double noise) {
        Points drawn = set.draw(2 * samples, noise, run.seed());
        Dataset all = ArrayDataset.of(
                drawn.x(),
                NDArray.generate(
                        TensorType.of(DType.I32, 2 * samples), i -> drawn.labels().getDouble(i) > 0 ? 1 : 0));
        return new Data(set + ", " + samples + " points", all.take(samples), all.skip(samples), 2);
    }

    private Objective objective(Data data) {
        if (folds >= 2) {
            return CrossValidation.of(
                    data.known(),
                    folds,
                    run.seed(),
                    (trial, fold, device) -> fit(trial, device, data.classes(), fold.training(), fold.validation()));
        }
        List<Dataset> split = data.known().randomSplit(run.seed(), 0.75, 0.25);
        return (trial, device) -> fit(trial, device, data.classes(), split.get(0), split.get(1));
    }

    private Score fit(Trial trial, Device device, int classes, Dataset training, Dataset validation) {
        Model model = run.precision()
                .of(DenseSearch.model(trial.candidate(), training.types().getFirst(), classes));
        Training how = DenseSearch.training(trial.candidate(), model, Losses.crossEntropy())
                .withMetrics(Metrics.accuracy());
        try (State state = State.of(model, device, trial.seed())) {
            Map<String, Double> last = Trainer.of(how)
                    .fit(state, DataLoader.of(training, 32).shuffled(trial.seed()), validation, trial.budget())
                    .last()
                    .validation();
            return Score.of(last.get("loss")).with("accuracy", last.get("accuracy"));
        }
    }

    /** The accuracy of a candidate, trained on all that the search has seen, on the test data. */
    private double test(Trial best, Data data) {
        Trial longest = new Trial(best.number(), best.candidate(), epochs, best.seed());
        try (Device device = run.openDevice()) {
            return fit(longest, device, data.classes(), data.known(), data.test()).figures().get("accuracy");
        }
    }
}
