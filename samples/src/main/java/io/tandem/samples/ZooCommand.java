package io.tandem.samples;

import io.tandem.models.Zoo;
import io.tandem.nn.Model;
import io.tandem.nn.ModelProfile;
import io.tandem.tensor.Shape;
import io.tandem.train.TrainingMemory;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Lists the published networks that there are. */
@Command(
        name = "zoo",
        description = "List the published networks: parameters, multiply-adds, memory. Nothing is allocated for it.",
        mixinStandardHelpOptions = true,
        footer = {"", "Examples:", "  tandem zoo", "  tandem zoo --batch 128", "  tandem summary resnet50"})
final class ZooCommand implements Callable<Integer> {
    private static final String ROW = "%-15s %-27s %-29s %-14s %12s %15s %11s %11s%n";

    @Spec
    private CommandSpec spec;

    @Option(names = "--batch", paramLabel = "N", defaultValue = "32",
            description = "Images per step, for the memory of training. Default: 32.")
    private int batch;

    @Option(names = "--json", description = "Print one line of JSON per network instead.")
    private boolean json;

    @Override
    public Integer call() {
        if (batch < 2) {
            throw new ParameterException(spec.commandLine(), "--batch must be at least 2, got " + batch);
        }
        PrintWriter out = spec.commandLine().getOut();
        if (!json) {
            out.printf(ROW, "name", "network", "published by", "input", "parameters", "multiply-adds", "weights",
                    "training");
        }
        for (Zoo zoo : Zoo.values()) {
            print(zoo, out);
            out.flush();
        }
        if (!json) {
            out.printf(
                    "%nmultiply-adds: products and convolutions, forward, one image; each is 2 FLOPs%n"
                            + "training: all memory of a step with Adam on %d images in float32, as planned; a device's"
                            + " kernels may need work space beside%n",
                    batch);
        }
        out.flush();
        return 0;
    }

    private void print(Zoo zoo, PrintWriter out) {
        Model model = zoo.model();
        ModelProfile profile = model.profile();
        TrainingMemory memory = KnownModels.trainingMemory(model, batch);
        Shape input = model.inputs().getFirst().shape();
        if (json) {
            out.println(new Report()
                    .put("name", zoo.id())
                    .put("title", zoo.title())
                    .put("paper", zoo.paper())
                    .put("input", input.toString())
                    .put("parameters", model.parameterCount())
                    .put("multiply_adds", profile.multiplyAdds())
                    .put("weight_bytes", profile.parameterBytes())
                    .put("training_batch", batch)
                    .put("training_bytes", memory.bytes())
                    .json());
            return;
        }
        out.printf(
                Locale.ROOT,
                ROW,
                zoo.id(),
                zoo.title(),
                zoo.paper(),
                input,
                String.format(Locale.ROOT, "%,d", model.parameterCount()),
                String.format(Locale.ROOT, "%,d", profile.multiplyAdds()),
                ModelProfile.size(profile.parameterBytes()),
                ModelProfile.size(memory.bytes()));
    }
}
