package io.tandem.samples;

import io.tandem.backend.Device;
import io.tandem.data.DataLoader;
import io.tandem.data.Dataset;
import io.tandem.models.Autoencoder;
import io.tandem.nn.Losses;
import io.tandem.nn.Model;
import io.tandem.optim.Adam;
import io.tandem.optim.Schedules;
import io.tandem.samples.data.Mnist;
import io.tandem.samples.data.Progress;
import io.tandem.samples.plot.AutoencoderReport;
import io.tandem.tensor.NDArray;
import io.tandem.train.Checkpoint;
import io.tandem.train.Evaluation;
import io.tandem.train.State;
import io.tandem.train.Trainer;
import io.tandem.train.Training;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Trains an autoencoder of digits. */
@Command(
        name = "autoencoder",
        description = "Reduce digits to few numbers and make them again, without labels.",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "Examples:",
            "  tandem autoencoder",
            "  tandem autoencoder --model conv --code 16 --labels 10",
            "  tandem autoencoder --save autoencoder.safetensors"
        })
final class AutoencoderCommand implements Callable<Integer> {
    /** The kinds of autoencoders. */
    enum Choice {
        DENSE,
        CONV
    }

    @Spec
    private CommandSpec spec;

    @Mixin
    private RunOptions run;

    @Option(names = "--model", paramLabel = "MODEL", defaultValue = "dense",
            description = "dense or conv. Default: dense.")
    private Choice choice;

    @Option(names = "--code", paramLabel = "N", defaultValue = "2",
            description = "Numbers that an image is reduced to. Default: 2, which are drawn as a map.")
    private int code;

    @Option(names = "--epochs", paramLabel = "N", defaultValue = "10",
            description = "Passes over the data. Default: 10.")
    private int epochs;

    @Option(names = "--batch", paramLabel = "N", defaultValue = "128", description = "Images per step. Default: 128.")
    private int batch;

    @Option(names = "--labels", paramLabel = "N", defaultValue = "0",
            description = "Then train classifiers with so many labels of each digit: on the encoder, and from scratch.")
    private int labels;

    @Mixin
    private SaveOptions saving;

    @Override
    public Integer call() {
        run.require(code > 0 && code <= 784, "--code must be from 1 to 784, got " + code);
        run.require(epochs > 0, "--epochs must be at least 1, got " + epochs);
        run.require(batch > 0, "--batch must be at least 1, got " + batch);
        run.require(labels >= 0, "--labels must not be negative, got " + labels);
        PrintWriter out = spec.commandLine().getOut();
        Optional<Checkpoint> checkpoint = saving.checkpoint();
        Path picture = run.output("autoencoder.png");
        Mnist digits = Mnist.load(run.folders(), Mnist.mirrors(), run.seed(), Progress.SILENT);
        out.println("data: " + digits.description());
        Autoencoder network = switch (choice) {
            case DENSE -> Autoencoder.dense(code, 1, 28, 28);
            case CONV -> Autoencoder.convolutional(code, 1, 28, 28);
        };
        Model model = run.precision().of(Model.of(network, 1, 28, 28));
        Pretraining pretraining = new Pretraining(network, digits, run.precision(), run.seed());
        // Before the training: too many labels are told at once.
        Dataset examples = pretraining.examples(labels);
        try (Device device = run.openDevice(SaveOptions.threads(checkpoint));
                State state = State.of(model, device, run.seed())) {
            out.println("device: " + device.info().name() + ", " + device.info().description());
            out.printf(Locale.ROOT, "model: %s autoencoder, %,d parameters%n", name(), model.parameterCount());
            out.flush();
            train(model, state, digits, checkpoint, out);
            saving.finish(state, model, out);
            AutoencoderFigures figures = AutoencoderFigures.of(network, state, digits, code);
            out.printf(
                    Locale.ROOT,
                    "test error (mean square): %.4f; principal components %.4f, mean image %.4f%n"
                            + "digit of the 10 nearest codes: %.2f %% right%n",
                    figures.error(), figures.principalError(), figures.meanError(), 100 * figures.nearestAccuracy());
            draw(network, model, state, digits, picture);
            out.println("picture: " + picture);
            Report report = new Report()
                    .put("device", device.info().name())
                    .put("model", name())
                    .put("code", code)
                    .put("epochs", epochs)
                    .put("seed", run.seed())
                    .put("test_error", figures.error())
                    .put("principal_components_error", figures.principalError())
                    .put("mean_error", figures.meanError())
                    .put("nearest_accuracy", figures.nearestAccuracy());
            if (labels > 0) {
                double pretrained = pretraining.accuracy(Optional.of(state), device, examples);
                double scratch = pretraining.accuracy(Optional.empty(), device, examples);
                out.printf(
                        Locale.ROOT,
                        "classifiers from %d labels: mean test accuracy %.2f %% on the trained encoder, %.2f %% from scratch%n",
                        10 * labels, 100 * pretrained, 100 * scratch);
                report.put("pretrained_accuracy", pretrained).put("scratch_accuracy", scratch);
            }
            if (run.json()) {
                out.println(report.json());
            }
        }
        out.flush();
        return 0;
    }

    private void train(Model model, State state, Mnist digits, Optional<Checkpoint> checkpoint, PrintWriter out) {
        // The image is its own target.
        Dataset images = digits.train().columns(0, 0);
        DataLoader batches = DataLoader.of(images, batch).shuffled(run.seed());
        long steps = (long) epochs * batches.batchesPerEpoch();
        Training training = Training.of(
                model, Losses.meanSquaredError(), Adam.of(Schedules.oneCycle(2e-3, Math.max(4, steps))));
        try (ProgressDisplay progress = new ProgressDisplay(epochs, batches.samplesPerEpoch(), "test", out)) {
            saving.attach(Trainer.of(training).with(progress), checkpoint)
                    .fit(state, batches, digits.test().columns(0, 0), epochs);
        }
    }

    private void draw(Autoencoder network, Model model, State state, Mnist digits, Path file) {
        NDArray originals = digits.test().rows(0, 10).column(0);
        NDArray reconstructions;
        try (Evaluation evaluation = new Evaluation(model, state)) {
            reconstructions = evaluation.predict(originals);
        }
        Dataset shown = digits.test().take(3000);
        AutoencoderReport.write(
                file,
                name() + " autoencoder of digits",
                originals,
                reconstructions,
                AutoencoderFigures.codes(network, state, shown).points(),
                shown.columns(1).all().column(0));
    }

    private String name() {
        return choice.name().toLowerCase(Locale.ROOT);
    }
}
