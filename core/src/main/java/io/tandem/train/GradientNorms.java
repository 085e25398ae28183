package io.tandem.train;

import io.tandem.autodiff.Gradients;
import io.tandem.graph.Graph;
import io.tandem.graph.Tensor;
import io.tandem.nn.Mode;
import io.tandem.nn.Model;
import io.tandem.nn.Trace;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.TensorType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * How large the gradients of a loss are in each layer, for one batch in training mode: shows where they vanish or explode.
 *
 * @param layers figures per layer with trained parameters, in the order in which the model uses them
 */
public record GradientNorms(List<Layer> layers) {
    /** Below this share of the last layer's figure the first one's gradient counts as vanished. */
    private static final double VANISHED = 1e-3;

    /** Copies the list. */
    public GradientNorms {
        layers = List.copyOf(layers);
    }

    /**
     * The figures of one layer.
     *
     * @param path where it stands in the model
     * @param parameters number of its trained parameters
     * @param norm L2 norm of the gradient of all of them
     */
    public record Layer(String path, long parameters, double norm) {
        /** The root mean square of the gradient's elements, which can be compared between layers of different size. */
        public double rootMeanSquare() {
            return norm / Math.sqrt(parameters);
        }
    }

    /**
     * Measures the gradients of the training's loss, without penalties and before clipping. Parameters and statistics stay as
     * they are.
     *
     * @param state values of the training's model
     * @param inputs the model's inputs, each with a batch axis
     * @param targets with the same batch size
     */
    public static GradientNorms measure(Training training, State state, List<NDArray> inputs, NDArray targets) {
        Model model = training.model();
        state.require(model);
        int batch = targets.shape().rank() == 0 ? 0 : targets.shape().dim(0);
        if (inputs.size() != model.inputs().size()) {
            throw new IllegalArgumentException(
                    "the model has " + model.inputs().size() + " inputs, the batch gives " + inputs.size());
        }
        for (int i = 0; i < inputs.size(); i++) {
            TrainStep.requireSamples("input " + i, model.inputs().get(i), inputs.get(i), batch);
        }
        training.loss().check(model.outputs().getFirst(), targets);
        Model.Traced traced = model.trace(Mode.TRAINING, batch);
        Trace trace = traced.trace();
        List<String> trained = trace.params().keySet().stream().filter(trace::trainable).toList();
        if (trained.isEmpty()) {
            throw new IllegalArgumentException("the model has no trained parameters, so there are no gradients");
        }
        Graph graph = trace.graph();
        Tensor target = graph.input("target", targets.type());
        Tensor loss = training.loss().of(traced.outputs().getFirst(), target);
        List<Tensor> params = trained.stream().map(trace.params()::get).toList();
        List<Tensor> gradients = Gradients.of(loss, params);
        List<Tensor> squares = gradients.stream().map(g -> g.cast(DType.F64).square().sum()).toList();
        graph.output("squares", Tensor.stack(0, squares));
        Map<String, double[]> sums = new LinkedHashMap<>();
        try (Program program = new Program(state, graph, Map.of())) {
            for (int i = 0; i < inputs.size(); i++) {
                if (program.has("input." + i)) {
                    program.write("input." + i, inputs.get(i));
                }
            }
            program.write("target", targets);
            program.run();
            NDArray values = program.read("squares");
            for (int i = 0; i < trained.size(); i++) {
                TensorType type = params.get(i).type();
                double[] sum = sums.computeIfAbsent(layer(trained.get(i)), path -> new double[2]);
                sum[0] += type.shape().size();
                sum[1] += values.getDouble(i);
            }
        }
        List<Layer> layers = new ArrayList<>();
        sums.forEach((path, sum) -> layers.add(new Layer(path, (long) sum[0], Math.sqrt(sum[1]))));
        return new GradientNorms(layers);
    }

    private static String layer(String path) {
        int dot = path.lastIndexOf('.');
        return dot < 0 ? "" : path.substring(0, dot);
    }

    /** The root mean square of the first layer's gradient as a share of the last one's; 1 if there is one layer. */
    public double firstToLast() {
        return layers.getFirst().rootMeanSquare() / layers.getLast().rootMeanSquare();
    }

    /** Whether the first layer's gradient is below a thousandth of the last one's. */
    public boolean vanishing() {
        return firstToLast() < VANISHED;
    }

    /** A line per layer, with a bar per factor of ten above 1e-12, and a last line that says whether gradients vanish. */
    @Override
    public String toString() {
        int width = layers.stream().mapToInt(l -> l.path().length()).max().orElse(0);
        String lines = layers.stream()
                .map(l -> String.format(
                        Locale.ROOT,
                        "%-" + Math.max(1, width) + "s  norm %9.3g  per parameter %9.3g  %s",
                        l.path(),
                        l.norm(),
                        l.rootMeanSquare(),
                        "#".repeat((int) Math.clamp(Math.log10(l.rootMeanSquare()) + 12, 0, 24))))
                .collect(Collectors.joining("\n"));
        return lines
                + String.format(
                        Locale.ROOT,
                        "%nfirst layer's gradient: %.2g of the last layer's%s",
                        firstToLast(),
                        vanishing() ? "; it vanishes" : "");
    }
}
