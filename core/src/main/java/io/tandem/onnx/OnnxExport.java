package io.tandem.onnx;

import io.tandem.graph.Graph;
import io.tandem.graph.GraphException;
import io.tandem.graph.GraphStructure;
import io.tandem.graph.Op;
import io.tandem.graph.Tensor;
import io.tandem.io.AtomicFile;
import io.tandem.nn.Mode;
import io.tandem.nn.Model;
import io.tandem.train.State;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * Writes a model in inference form as an ONNX file, so that other engines run it with the same numbers.
 *
 * <pre>{@code
 * OnnxExport.of(model, state).write(Path.of("digits.onnx"));
 * }</pre>
 *
 * <p>Inputs are called {@code input.0}, {@code input.1}, ... and outputs {@code output.0}, ..., as in the model's trace;
 * parameters and statistics have their paths. The first axis of inputs and outputs is the symbolic size {@code batch}: a
 * file runs batches of any size. Models whose computation depends on the batch size in other ways, such as a mean over the
 * batch, are exported {@linkplain #withBatch for one size}.
 *
 * <p>Files have the operator set {@value #OPERATOR_SET} and the IR version {@value #IR_VERSION} (ONNX 1.15 of October 2023).
 * Numbers agree within the rounding of the engine's kernels. ONNX leaves open what differs in corner cases: conversions of
 * numbers that do not fit their new type, maxima with NaN, indices outside of their axis.
 */
public final class OnnxExport {
    /** The version of ONNX's operators in the files. */
    public static final int OPERATOR_SET = 20;

    /** The version of the format of the files. */
    public static final int IR_VERSION = 9;

    /** Traces with these batch sizes tell sizes that follow the batch from those that do not; none is 1, which repeats. */
    private static final List<Integer> BATCHES = List.of(2, 3, 7);

    private final Model model;
    private final State state;
    private final List<Integer> batches;

    private OnnxExport(Model model, State state, List<Integer> batches) {
        this.model = model;
        this.state = state;
        this.batches = batches;
    }

    /**
     * The export of a model with the values of a state, for batches of any size.
     *
     * @throws IllegalArgumentException if the state belongs to another model
     */
    public static OnnxExport of(Model model, State state) {
        state.require(model);
        return new OnnxExport(model, state, BATCHES);
    }

    /**
     * This export for batches of one size.
     *
     * @throws IllegalArgumentException if the size is not positive
     */
    public OnnxExport withBatch(int size) {
        if (size < 1) {
            throw new IllegalArgumentException("onnx: the batch size must be at least 1, got " + size);
        }
        return new OnnxExport(model, state, List.of(size));
    }

    /**
     * Writes the file, atomically, in place of one that may be there; folders are made.
     *
     * @throws GraphException if the model has an operation that ONNX cannot say, depends on the batch size in a way that a
     *     file for any batch cannot say, or is too large for one file (2 GB); no file is written
     * @throws UncheckedIOException if the file cannot be written; the old one is then unchanged
     */
    public void write(Path file) {
        List<Graph> traces = new ArrayList<>();
        for (int batch : batches) {
            Model.Traced traced = model.trace(Mode.INFERENCE, batch);
            Graph graph = traced.trace().graph();
            for (int i = 0; i < traced.outputs().size(); i++) {
                graph.output("output." + i, traced.outputs().get(i));
            }
            traces.add(graph);
        }
        String description = String.format(
                Locale.ROOT, "%s -> %s, %,d parameters", model.inputs(), model.outputs(), model.parameterCount());
        AtomicFile.write(file, new OnnxModel(graph(traces), description)::write);
    }

    /** The nodes of a model, with its parameters. */
    private OnnxGraph graph(List<Graph> traces) {
        OnnxGraph graph = OnnxGraph.of("model");
        Graph first = traces.getFirst();
        boolean[] needed = GraphStructure.needed(first.outputTensors(), Set.of());
        List<String> inputs = new ArrayList<>();
        for (Tensor input : first.inputs()) {
            String name = name(input);
            inputs.add(name);
            if (!model.variables().containsKey(name)) {
                graph.input(name, input.dtype(), Optional.of(shape(traces, input)));
            } else if (needed[input.node().id()]) {
                graph.initializer(new Initializer(name, input.type(), () -> state.get(name)));
            }
        }
        if (batches.size() > 1) {
            graph.batchOf("input.0");
        }
        List<String> outputs = new Translation(batches, graph).run(traces, inputs);
        for (int i = 0; i < outputs.size(); i++) {
            Tensor output = first.outputTensors().get(i);
            String name = graph.fresh("output." + i);
            graph.nodeTo("Identity", List.of(outputs.get(i)), List.of(name), List.of());
            graph.output(name, output.dtype(), Optional.of(shape(traces, output)));
        }
        return graph;
    }

    private static String name(Tensor input) {
        return input.node().op() instanceof Op.Input(String name, _) ? name : "";
    }

    private List<Dim> shape(List<Graph> traces, Tensor tensor) {
        return Site.of(batches, traces, tensor.node().id()).result(tensor.index());
    }
}
