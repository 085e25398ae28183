package io.tandem.samples;

import io.tandem.backend.Device;
import io.tandem.data.Dataset;
import io.tandem.io.AtomicFile;
import io.tandem.samples.data.Mnist;
import io.tandem.samples.data.Progress;
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

/** Shows what transfer learning gains. */
@Command(
        name = "transfer",
        description = "Learn the digits 0 to 4, then 5 to 9 from few examples: with the features learned before, which are"
                + " frozen, and from scratch.",
        mixinStandardHelpOptions = true,
        footer = {"", "Examples:", "  tandem transfer", "  tandem transfer --labels 20 --save features.safetensors"})
final class TransferCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private RunOptions run;

    @Option(names = "--epochs", paramLabel = "N", defaultValue = "3",
            description = "Passes over the digits 0 to 4. Default: 3.")
    private int epochs;

    @Option(names = "--labels", paramLabel = "N", defaultValue = "5",
            description = "Examples of each of the digits 5 to 9. Default: 5.")
    private int labels;

    @Option(names = "--adapt-epochs", paramLabel = "N", defaultValue = "60",
            description = "Passes over these examples. Default: 60.")
    private int adaptEpochs;

    @Option(names = "--save", paramLabel = "FILE",
            description = "Where the weights go, .safetensors or .npz. Default: transfer.safetensors in the folder of --out.")
    private Path save;

    @Override
    public Integer call() {
        run.require(epochs > 0, "--epochs must be at least 1, got " + epochs);
        run.require(labels > 0, "--labels must be at least 1, got " + labels);
        run.require(adaptEpochs > 0, "--adapt-epochs must be at least 1, got " + adaptEpochs);
        Path file = Optional.ofNullable(save).orElseGet(() -> run.output("transfer.safetensors"));
        String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
        run.require(
                name.endsWith(".safetensors") || name.endsWith(".npz"),
                "--save needs a file that ends with .safetensors or .npz, got " + file);
        AtomicFile.requireWritable(file);
        PrintWriter out = spec.commandLine().getOut();
        Mnist digits = Mnist.load(run.folders(), Mnist.mirrors(), run.seed(), Progress.SILENT);
        out.println("data: " + digits.description());
        try (Device device = run.openDevice()) {
            out.println("device: " + device.info().name() + ", " + device.info().description());
            Transfer transfer = new Transfer(digits, device, run.precision(), run.seed());
            Dataset source = transfer.source();
            Dataset target = transfer.target(labels);
            double before;
            try (ProgressDisplay progress = new ProgressDisplay(epochs, source.size(), "test", out)) {
                before = transfer.pretrain(source, epochs, file, progress);
            }
            out.printf(Locale.ROOT, "digits 0 to 4: test accuracy %.2f %%; weights: %s%n", 100 * before, file);
            double transferred = transfer.adapt(target, adaptEpochs, file);
            double scratch = transfer.fromScratch(target, adaptEpochs);
            out.printf(
                    Locale.ROOT,
                    "digits 5 to 9 from %d examples: test accuracy %.2f %% with frozen features, %.2f %% from scratch%n",
                    target.size(), 100 * transferred, 100 * scratch);
            if (run.json()) {
                out.println(new Report()
                        .put("device", device.info().name())
                        .put("seed", run.seed())
                        .put("examples", target.size())
                        .put("pretrained_accuracy", before)
                        .put("transferred_accuracy", transferred)
                        .put("scratch_accuracy", scratch)
                        .put("data", digits.source().name().toLowerCase(Locale.ROOT))
                        .json());
            }
        }
        out.flush();
        return 0;
    }
}
