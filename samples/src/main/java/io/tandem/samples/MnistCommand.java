package io.tandem.samples;

import io.tandem.backend.Device;
import io.tandem.data.DataLoader;
import io.tandem.data.Dataset;
import io.tandem.data.ImageAugmentation;
import io.tandem.data.ImageTransform;
import io.tandem.data.Transform;
import io.tandem.nn.Losses;
import io.tandem.nn.Model;
import io.tandem.optim.Adam;
import io.tandem.optim.Schedules;
import io.tandem.samples.data.Mnist;
import io.tandem.samples.data.Progress;
import io.tandem.train.Checkpoint;
import io.tandem.train.Evaluation;
import io.tandem.train.FitAssessment;
import io.tandem.train.History;
import io.tandem.train.Metrics;
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

/** Trains a classifier of handwritten digits. */
@Command(
        name = "mnist",
        description = "Train a classifier of handwritten digits, and test it.",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "Examples:",
            "  tandem mnist",
            "  tandem mnist --model lenet5 --epochs 10 --augment",
            "  tandem mnist --device cuda:0 --batch 256 --save digits.npz",
            "  tandem mnist --save digits.onnx",
            "  tandem mnist --save run/",
            "  tandem mnist --resume run/"
        })
final class MnistCommand implements Callable<Integer> {
    /** One resampling: an elastic distortion on top blurs thin strokes, and LeNet-5 then errs twice as often. */
    private static final Transform AUGMENTATION =
            ImageTransform.of(ImageAugmentation.affine(0.08, 12, 0.9, 1.1)).withFill(Mnist.BLACK);

    /** The models for this task. */
    enum Choice {
        CNN,
        LENET5,
        MLP,
        VIT
    }

    @Spec
    private CommandSpec spec;

    @Mixin
    private RunOptions run;

    @Option(names = "--model", paramLabel = "MODEL", defaultValue = "cnn",
            description = "cnn, lenet5, mlp or vit. Default: cnn.")
    private Choice choice;

    @Option(names = "--epochs", paramLabel = "N", defaultValue = "3", description = "Passes over the data. Default: 3.")
    private int epochs;

    @Option(names = "--batch", paramLabel = "N", defaultValue = "128", description = "Images per step. Default: 128.")
    private int batch;

    @Option(names = "--augment", description = "Shift, rotate and scale the training images.")
    private boolean augment;

    @Mixin
    private SaveOptions saving;

    @Override
    public Integer call() {
        run.require(epochs > 0, "--epochs must be at least 1, got " + epochs);
        run.require(batch > 0, "--batch must be at least 1, got " + batch);
        PrintWriter out = spec.commandLine().getOut();
        Optional<Checkpoint> checkpoint = saving.checkpoint();
        Path picture = run.output("mnist.png");
        Mnist digits = Mnist.load(run.folders(), Mnist.mirrors(), run.seed(), Progress.SILENT);
        out.println("data: " + digits.description());
        Model model = run.precision().of(NamedModel.valueOf(choice.name()).model());
        try (Device device = run.openDevice(SaveOptions.threads(checkpoint));
                State state = State.of(model, device, run.seed())) {
            out.println("device: " + device.info().name() + ", " + device.info().description());
            out.printf(Locale.ROOT, "model: %s, %,d parameters%n", name(), model.parameterCount());
            out.flush();
            train(model, state, digits, checkpoint, picture, out);
        }
        return 0;
    }

    private void train(
            Model model, State state, Mnist digits, Optional<Checkpoint> checkpoint, Path picture, PrintWriter out) {
        Dataset images = augment ? digits.train().map(AUGMENTATION) : digits.train();
        DataLoader loader = DataLoader.of(images, batch).shuffled(run.seed());
        long steps = (long) epochs * loader.batchesPerEpoch();
        Training training = Training.of(
                model, Losses.crossEntropy(), Adam.of(Schedules.oneCycle(peakRate(), Math.max(4, steps))))
                .withMetrics(Metrics.accuracy());
        History history;
        try (ProgressDisplay progress = new ProgressDisplay(epochs, loader.samplesPerEpoch(), "test", out)) {
            history = saving.attach(Trainer.of(training).with(progress), checkpoint)
                    .fit(state, loader, digits.test(), epochs);
        }
        MnistReport report;
        try (Evaluation evaluation = new Evaluation(model, state)) {
            report = new MnistReport(digits, evaluation);
        }
        report.print(out);
        saving.finish(state, model, out);
        report.draw(picture, name() + " on " + digits.description(), history);
        double seconds = history.epochs().stream().mapToDouble(e -> e.seconds()).sum();
        long samples = history.epochs().stream().mapToLong(e -> e.samples()).sum();
        double accuracy = report.accuracy();
        out.printf(Locale.ROOT, "test accuracy %.2f %%%npicture: %s%n", 100 * accuracy, picture);
        if (history.epochs().size() >= 3) {
            out.println(FitAssessment.of(history, Math.log(10)).sentence());
        }
        if (run.json()) {
            out.println(new Report()
                    .put("device", state.device().info().name())
                    .put("model", name())
                    .put("epochs", epochs)
                    .put("batch", batch)
                    .put("seed", run.seed())
                    .put("parameters", model.parameterCount())
                    .put("train_seconds", seconds)
                    .put("samples_per_s", samples / seconds)
                    .put("test_accuracy", accuracy)
                    .put("weights_sha256", Weights.checksum(state))
                    .put("test_loss", history.last().validation().get("loss"))
                    .put("data", digits.source().name().toLowerCase(Locale.ROOT))
                    .json());
        }
        out.flush();
    }

    /** The largest learning rate of the one-cycle schedule: what each network bears. */
    private double peakRate() {
        return switch (choice) {
            case CNN, VIT -> 2e-3;
            case LENET5, MLP -> 4e-3;
        };
    }

    private String name() {
        return choice.name().toLowerCase(Locale.ROOT);
    }
}
