package io.tandem.samples;

import io.tandem.backend.Device;
import io.tandem.data.DataLoader;
import io.tandem.models.ChangeFromLast;
import io.tandem.models.LstmForecaster;
import io.tandem.models.RecurrentKind;
import io.tandem.nn.Layer;
import io.tandem.nn.Losses;
import io.tandem.nn.Model;
import io.tandem.optim.Adam;
import io.tandem.optim.Clipping;
import io.tandem.optim.Schedules;
import io.tandem.samples.data.EttH1;
import io.tandem.samples.data.LoadCurve;
import io.tandem.samples.data.Progress;
import io.tandem.samples.data.SeriesData;
import io.tandem.tensor.NDArray;
import io.tandem.train.Checkpoint;
import io.tandem.train.EarlyStopping;
import io.tandem.train.Evaluation;
import io.tandem.train.Metrics;
import io.tandem.train.Monitor;
import io.tandem.train.State;
import io.tandem.train.Trainer;
import io.tandem.train.Training;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Trains a recurrent network to forecast a series. */
@Command(
        name = "forecast",
        description = "Train a recurrent network to forecast a series, and compare it with naive forecasts.",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "Examples:",
            "  tandem forecast --horizon 24",
            "  tandem forecast --series sales.csv --target revenue --window 60 --horizon 14 --cell gru"
        })
final class ForecastCommand implements Callable<Integer> {
    /** What the network yields. */
    enum TargetForm {
        /** The values to come. */
        DIRECT,
        /** Their change from the last known one, which is also subtracted from what the network sees. */
        CHANGE
    }

    /** What the network sees. */
    enum Features {
        /** The target's past. */
        UNIVARIATE,
        /** The past of all columns. */
        MULTIVARIATE
    }

    @Spec
    private CommandSpec spec;

    @Mixin
    private RunOptions run;

    @Option(
            names = "--series",
            paramLabel = "FILE",
            description = "A CSV file with a header, one row per time step. Default: ETTh1, else a generated load curve.")
    private Path series;

    @Option(names = "--target", paramLabel = "COLUMN",
            description = "The column to forecast. Default: OT, else the last.")
    private String target;

    @Option(names = "--window", paramLabel = "N", defaultValue = "168",
            description = "Rows that are given. Default: 168.")
    private int window;

    @Option(names = "--horizon", paramLabel = "N", defaultValue = "24", description = "Rows to forecast. Default: 24.")
    private int horizon;

    @Option(names = "--target-form", paramLabel = "FORM", defaultValue = "change",
            description = "What is learned: direct, the values to come; or change, their change from the last known"
                    + " one. Default: change.")
    private TargetForm form;

    @Option(names = "--features", paramLabel = "KIND", defaultValue = "univariate",
            description = "What is seen: univariate, the target's past; or multivariate, the past of all columns."
                    + " Default: univariate.")
    private Features features;

    @Option(names = "--cell", paramLabel = "CELL", defaultValue = "lstm",
            description = "lstm, gru or rnn. Default: lstm.")
    private RecurrentKind cell;

    @Option(names = "--layers", paramLabel = "N", defaultValue = "1", description = "Recurrent layers. Default: 1.")
    private int layers;

    @Option(names = "--units", paramLabel = "N", defaultValue = "64", description = "Size of a state. Default: 64.")
    private int units;

    @Option(names = "--dropout", paramLabel = "P", defaultValue = "0",
            description = "Rate of dropout after each recurrent layer. Default: 0.")
    private double dropout;

    @Option(names = "--rate", paramLabel = "R", defaultValue = "2e-3",
            description = "First learning rate; it falls along half a cosine. Default: 2e-3.")
    private double rate;

    @Option(names = "--epochs", paramLabel = "N", defaultValue = "6",
            description = "Passes over the data. Default: 6.")
    private int epochs;

    @Option(names = "--patience", paramLabel = "N", defaultValue = "3",
            description = "Epochs without a better validation loss after which training ends; in any case the best"
                    + " epoch counts. Default: 3.")
    private int patience;

    @Option(names = "--batch", paramLabel = "N", defaultValue = "64", description = "Windows per step. Default: 64.")
    private int batch;

    @Mixin
    private SaveOptions saving;

    @Override
    public Integer call() {
        run.require(window > 0, "--window must be at least 1, got " + window);
        run.require(horizon > 0, "--horizon must be at least 1, got " + horizon);
        run.require(epochs > 0, "--epochs must be at least 1, got " + epochs);
        run.require(batch > 0, "--batch must be at least 1, got " + batch);
        run.require(layers > 0, "--layers must be at least 1, got " + layers);
        run.require(units > 0, "--units must be at least 1, got " + units);
        run.require(dropout >= 0 && dropout < 1, "--dropout must be from 0 to below 1, got " + dropout);
        run.require(rate > 0, "--rate must be above 0, got " + rate);
        run.require(patience > 0, "--patience must be at least 1, got " + patience);
        PrintWriter out = spec.commandLine().getOut();
        Optional<Checkpoint> checkpoint = saving.checkpoint();
        Path picture = run.output("forecast.png");
        SeriesData data = features == Features.UNIVARIATE ? data().univariate() : data();
        SeriesData.Forecasting samples = data.forecasting(window, horizon);
        out.println("data: " + data.description());
        LstmForecaster forecaster = LstmForecaster.of(cell, layers, units, horizon, dropout);
        Layer layer = switch (form) {
            case DIRECT -> forecaster;
            case CHANGE -> ChangeFromLast.of(forecaster, data.target());
        };
        Model model = run.precision().of(Model.of(layer, window, data.columns().size()));
        try (Device device = run.openDevice(SaveOptions.threads(checkpoint));
                State state = State.of(model, device, run.seed())) {
            out.println("device: " + device.info().name() + ", " + device.info().description());
            out.printf(
                    Locale.ROOT,
                    "model: %s, %,d parameters, %d rows of %s -> %d rows of %s%n",
                    cell.name().toLowerCase(Locale.ROOT),
                    model.parameterCount(),
                    window,
                    String.join(", ", data.columns()),
                    horizon,
                    data.targetName());
            out.flush();
            train(model, state, data, samples, checkpoint, picture, out);
        }
        return 0;
    }

    private SeriesData data() {
        Optional<String> column = Optional.ofNullable(target);
        if (series != null) {
            return SeriesData.read(series, column);
        }
        return EttH1.find(run.folders(), EttH1.mirrors(), column, Progress.SILENT)
                .orElseGet(() -> LoadCurve.generate(run.seed(), column));
    }

    private void train(
            Model model,
            State state,
            SeriesData data,
            SeriesData.Forecasting samples,
            Optional<Checkpoint> checkpoint,
            Path picture,
            PrintWriter out) {
        DataLoader loader = DataLoader.of(samples.train(), batch).shuffled(run.seed());
        long steps = (long) epochs * loader.batchesPerEpoch();
        Training training = Training.of(
                model, Losses.meanSquaredError(), Adam.of(Schedules.cosine(rate, rate / 100, steps)))
                .withMetrics(Metrics.meanAbsoluteError())
                .withClipping(Clipping.byGlobalNorm(1));
        EarlyStopping stopping = EarlyStopping.of(Monitor.validation("loss"), patience);
        double seconds;
        try (ProgressDisplay progress = new ProgressDisplay(epochs, loader.samplesPerEpoch(), "validation", out)) {
            seconds = saving.attach(Trainer.of(training).with(progress).with(stopping), checkpoint)
                    .fit(state, loader, samples.validation(), epochs)
                    .epochs()
                    .stream()
                    .mapToDouble(e -> e.seconds())
                    .sum();
        }
        Map<String, Double> figures;
        NDArray forecasts;
        try (Evaluation evaluation = new Evaluation(model, state)) {
            forecasts = evaluation.predictAll(samples.test(), 256);
            figures = evaluation.evaluate(
                    samples.test(), 256, Losses.meanSquaredError(), List.of(Metrics.meanAbsoluteError()));
        }
        SeriesData.ForecastError last = data.lastValue(horizon);
        SeriesData.ForecastError day = data.dayAgo(horizon);
        out.printf("%n%-22s %8s %8s   (of the scaled target, on the test months)%n", "forecast", "MSE", "MAE");
        line(out, "last value", last.mse(), last.mae());
        line(out, "day ago", day.mse(), day.mae());
        line(out, cell.name().toLowerCase(Locale.ROOT), figures.get("loss"), figures.get("mae"));
        saving.finish(state, model, out);
        new ForecastPicture(data, samples, forecasts, window, horizon)
                .write(picture, cell.name().toLowerCase(Locale.ROOT));
        out.println("picture: " + picture);
        if (run.json()) {
            out.println(new Report()
                    .put("device", state.device().info().name())
                    .put("cell", cell.name().toLowerCase(Locale.ROOT))
                    .put("target_form", form.name().toLowerCase(Locale.ROOT))
                    .put("features", features.name().toLowerCase(Locale.ROOT))
                    .put("epochs", epochs)
                    .put("train_seconds", seconds)
                    .put("mse", figures.get("loss"))
                    .put("mae", figures.get("mae"))
                    .put("weights_sha256", Weights.checksum(state))
                    .put("mse_last_value", last.mse())
                    .put("mae_last_value", last.mae())
                    .put("mse_day_ago", day.mse())
                    .put("mae_day_ago", day.mae())
                    .put("horizon", horizon)
                    .put("data", data.description())
                    .json());
        }
        out.flush();
    }

    private static void line(PrintWriter out, String name, double mse, double mae) {
        out.printf(Locale.ROOT, "%-22s %8.4f %8.4f%n", name, mse, mae);
    }
}
