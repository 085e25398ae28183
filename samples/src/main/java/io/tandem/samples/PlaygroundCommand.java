package io.tandem.samples;

import io.tandem.backend.Device;
import io.tandem.backend.DeviceOptions;
import io.tandem.backend.Devices;
import io.tandem.io.AtomicFile;
import io.tandem.models.playground.Experiment;
import io.tandem.models.playground.Feature;
import io.tandem.models.playground.Outcome;
import io.tandem.models.playground.PlaygroundRun;
import io.tandem.models.playground.PointSet;
import io.tandem.nn.Activation;
import io.tandem.optim.Regularizer;
import io.tandem.optim.Sgd;
import io.tandem.samples.plot.Curve;
import io.tandem.samples.plot.DecisionPicture;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Trains small networks on points in the plane. */
@Command(
        name = "playground",
        description = "Train small networks on points in the plane, and draw what they make of it.",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "Examples:",
            "  tandem playground --data circle --hidden 4,2",
            "  tandem playground --data xor --hidden none --features x1x2",
            "  tandem playground --data spiral --hidden 8 --features x1,x2,x1^2,x2^2,x1x2,sin(x1),sin(x2)"
        })
final class PlaygroundCommand implements Callable<Integer> {
    private static final int LOOKS = 50;

    /** The activations to choose from. */
    enum Choice {
        TANH,
        RELU,
        SIGMOID,
        LINEAR;

        Activation activation() {
            return switch (this) {
                case TANH -> Activation.tanh();
                case RELU -> Activation.relu();
                case SIGMOID -> Activation.sigmoid();
                case LINEAR -> Activation.linear();
            };
        }
    }

    @Spec
    private CommandSpec spec;

    @Option(names = "--data", paramLabel = "SET", defaultValue = "circle",
            description = "circle, xor, gaussians, spiral or moons. Default: circle.")
    private PointSet data;

    @Option(names = "--noise", paramLabel = "N", defaultValue = "0", description = "Noise from 0 to 0.5. Default: 0.")
    private double noise;

    @Option(names = "--hidden", paramLabel = "LIST", defaultValue = "4,2",
            description = "Units of the hidden layers, or none. Default: 4,2.")
    private String hidden;

    @Option(names = "--features", paramLabel = "LIST", defaultValue = "x1,x2",
            description = "Of x1, x2, x1^2, x2^2, x1x2, sin(x1), sin(x2). Default: x1,x2.")
    private String features;

    @Option(names = "--activation", paramLabel = "F", defaultValue = "tanh",
            description = "tanh, relu, sigmoid or linear. Default: tanh.")
    private Choice activation;

    @Option(names = "--rate", paramLabel = "R", defaultValue = "0.03", description = "Learning rate. Default: 0.03.")
    private double rate;

    @Option(names = "--l2", paramLabel = "L", defaultValue = "0",
            description = "Factor of the sum of squared weights. Default: 0.")
    private double l2;

    @Option(names = "--batch", paramLabel = "N", defaultValue = "10", description = "Points per step. Default: 10.")
    private int batch;

    @Option(names = "--epochs", paramLabel = "N", defaultValue = "500",
            description = "Passes over the data. Default: 500.")
    private int epochs;

    @Option(names = "--networks", paramLabel = "N", defaultValue = "8",
            description = "Networks that differ in points and weights; the first one is drawn. Default: 8.")
    private int networks;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "1", description = "Seed of the first one. Default: 1.")
    private long seed;

    @Option(names = "--device", paramLabel = "DEVICE", defaultValue = "cpu",
            description = "cpu (on one thread), cuda:0 or reference. Default: cpu.")
    private String device;

    @Option(names = "--out", paramLabel = "DIR", defaultValue = ".",
            description = "Folder for the picture. Default: here.")
    private Path out;

    @Option(names = "--json", description = "Print the result as one line of JSON at the end.")
    private boolean json;

    @Override
    public Integer call() {
        require(rate > 0, "--rate must be positive, got " + rate);
        require(l2 >= 0, "--l2 must not be negative, got " + l2);
        require(epochs > 0, "--epochs must be at least 1, got " + epochs);
        require(networks > 0, "--networks must be at least 1, got " + networks);
        Experiment experiment = experiment();
        PrintWriter print = spec.commandLine().getOut();
        Path picture = out.resolve("playground.png");
        AtomicFile.requireWritable(picture);
        // Steps are far too small to be shared by threads.
        try (Device where = Devices.open(device, DeviceOptions.defaults().withThreads(1));
                PlaygroundRun run = new PlaygroundRun(experiment, where, networks, seed)) {
            List<Double> trainingLosses = new ArrayList<>();
            List<Double> testLosses = new ArrayList<>();
            List<Double> at = new ArrayList<>();
            try (ProgressBar bar = new ProgressBarBuilder()
                    .setTaskName("epochs")
                    .setInitialMax(epochs)
                    .setUpdateIntervalMillis(500)
                    .build()) {
                while (run.epochs() < epochs) {
                    run.train(Math.min(Math.max(1, epochs / LOOKS), epochs - run.epochs()));
                    bar.stepTo(run.epochs());
                    Outcome.Member first = run.outcome().members().getFirst();
                    at.add((double) run.epochs());
                    trainingLosses.add(first.trainingLoss());
                    testLosses.add(first.testLoss());
                }
            }
            Outcome outcome = run.outcome();
            print.println("seed  training loss  accuracy  test loss  accuracy");
            for (Outcome.Member member : outcome.members()) {
                print.printf(
                        Locale.ROOT,
                        "%4d  %13.4f  %8.3f  %9.4f  %8.3f%n",
                        member.seed(),
                        member.trainingLoss(),
                        member.trainingAccuracy(),
                        member.testLoss(),
                        member.testAccuracy());
            }
            DecisionPicture.write(
                    picture,
                    run,
                    0,
                    List.of(new Curve("training", trainingLosses), new Curve("test", testLosses)),
                    at.stream().mapToDouble(Double::doubleValue).toArray());
            print.printf(
                    Locale.ROOT,
                    "median test accuracy of %d networks after %d epochs: %.3f%npicture: %s%n",
                    networks,
                    run.epochs(),
                    outcome.medianTestAccuracy(),
                    picture);
            if (json) {
                print.println(new Report()
                        .put("data", data.toString())
                        .put("features", experiment.features().stream().map(Feature::toString).toList())
                        .put("hidden", experiment.hidden())
                        .put("epochs", run.epochs())
                        .put("test_accuracy", outcome.medianTestAccuracy())
                        .json());
            }
        }
        print.flush();
        return 0;
    }

    private Experiment experiment() {
        try {
            Experiment plain = Experiment.on(data)
                    .withNoise(noise)
                    .withFeatures(Feature.parse(features).toArray(Feature[]::new))
                    .withHidden(units())
                    .withActivation(activation.activation())
                    .withOptimizer(Sgd.of(rate))
                    .withBatch(batch)
                    .withEpochs(epochs);
            return l2 == 0 ? plain : plain.withRegularizer(Regularizer.l2(l2));
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    private Integer[] units() {
        if (hidden.isBlank() || hidden.equalsIgnoreCase("none")) {
            return new Integer[0];
        }
        try {
            return Stream.of(hidden.split(",")).map(String::strip).map(Integer::valueOf).toArray(Integer[]::new);
        } catch (NumberFormatException e) {
            throw new ParameterException(
                    spec.commandLine(), "--hidden takes numbers joined by commas, or none; got '" + hidden + "'", e);
        }
    }

    private void require(boolean holds, String message) {
        if (!holds) {
            throw new ParameterException(spec.commandLine(), message);
        }
    }
}
