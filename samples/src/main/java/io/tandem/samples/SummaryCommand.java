package io.tandem.samples;

import io.tandem.autodiff.Gradients;
import io.tandem.graph.Diagram;
import io.tandem.graph.Graph;
import io.tandem.graph.Tensor;
import io.tandem.io.AtomicFile;
import io.tandem.nn.Mode;
import io.tandem.nn.Model;
import io.tandem.nn.ModelProfile;
import io.tandem.train.TrainingMemory;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Prints a model's layers, parameters and costs, and draws it. */
@Command(
        name = "summary",
        description = "Show the layers of a model: results, parameters, multiply-adds, memory; and draw it.",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "Examples:",
            "  tandem summary lenet5",
            "  tandem summary resnet50 --svg resnet50.svg",
            "  tandem summary lenet5 --picture gradients --svg lenet5.svg --dot lenet5.dot"
        })
final class SummaryCommand implements Callable<Integer> {
    /** What is drawn. */
    enum Picture {
        /** A box per layer. */
        LAYERS,
        /** A box per operation. */
        OPERATIONS,
        /** As operations, with loss and gradients. */
        GRADIENTS
    }

    @Spec
    private CommandSpec spec;

    @Parameters(
            paramLabel = "MODEL",
            completionCandidates = KnownModels.Names.class,
            description = "One of: ${COMPLETION-CANDIDATES}.")
    private String name;

    @Option(names = "--batch", paramLabel = "N", defaultValue = "32",
            description = "Samples per step, for the memory of training. Default: 32.")
    private int batch;

    @Option(names = "--svg", paramLabel = "FILE", description = "Draw the model into an SVG file.")
    private Path svg;

    @Option(names = "--dot", paramLabel = "FILE", description = "Write the drawing in Graphviz' DOT language.")
    private Path dot;

    @Option(names = "--picture", paramLabel = "WHAT", defaultValue = "layers",
            description = "layers, operations, or gradients: operations forward and backward. Default: layers.")
    private Picture picture;

    @Override
    public Integer call() {
        if (batch < 2) {
            throw new ParameterException(spec.commandLine(), "--batch must be at least 2, got " + batch);
        }
        Model model = KnownModels.find(name).orElseThrow(() -> new ParameterException(
                spec.commandLine(),
                "there is no model '" + name + "'; there are " + String.join(", ", KnownModels.names())));
        PrintWriter out = spec.commandLine().getOut();
        out.println(model.summary());
        TrainingMemory memory = KnownModels.trainingMemory(model, batch);
        out.printf(
                "training with Adam on batches of %d: %s, of which %s for results and gradients%n",
                batch, ModelProfile.size(memory.bytes()), ModelProfile.size(memory.arena()));
        if (svg != null || dot != null) {
            Diagram diagram = switch (picture) {
                case LAYERS -> model.diagram();
                case OPERATIONS -> Diagram.of(operations(model, false));
                case GRADIENTS -> Diagram.of(operations(model, true));
            };
            if (svg != null) {
                write(svg, diagram.svg(), out);
            }
            if (dot != null) {
                write(dot, diagram.dot(), out);
            }
        }
        out.flush();
        return 0;
    }

    /** The graph of the model in training, with the gradients of the sum of its outputs' mean squares if asked for. */
    private static Graph operations(Model model, boolean gradients) {
        Model.Traced traced = model.trace(Mode.TRAINING, 2);
        Graph graph = traced.trace().graph();
        for (int i = 0; i < traced.outputs().size(); i++) {
            graph.output("output " + i, traced.outputs().get(i));
        }
        if (gradients) {
            Tensor loss = traced.outputs().stream()
                    .map(y -> y.square().mean())
                    .reduce(Tensor::add)
                    .orElseThrow();
            List<String> trained = traced.trace().params().keySet().stream()
                    .filter(traced.trace()::trainable)
                    .toList();
            List<Tensor> found = Gradients.of(
                    loss, trained.stream().map(traced.trace().params()::get).toList());
            graph.output("loss", loss);
            for (int i = 0; i < trained.size(); i++) {
                graph.output("gradient of " + trained.get(i), found.get(i));
            }
        }
        return graph;
    }

    private static void write(Path file, String text, PrintWriter out) {
        AtomicFile.write(file, stream -> stream.write(text.getBytes(StandardCharsets.UTF_8)));
        out.println("picture: " + file);
    }
}
