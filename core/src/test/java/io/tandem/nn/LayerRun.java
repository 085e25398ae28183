package io.tandem.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tandem.autodiff.Gradients;
import io.tandem.graph.Graph;
import io.tandem.graph.Op;
import io.tandem.graph.Tensor;
import io.tandem.reference.Interpreter;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.TensorType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Runs models on the reference interpreter, for tests of layers. */
final class LayerRun {
    static final long SEED = 11;

    private LayerRun() {}

    /** The first output of a layer with its initial parameters. */
    static NDArray output(Layer layer, Mode mode, NDArray x) {
        return outputs(model(layer, x), mode, Map.of(), x).getFirst();
    }

    /** A model for inputs like {@code x}, which has a batch axis. */
    static Model model(Layer layer, NDArray x) {
        return Model.of(layer, x.type().with(x.shape().without(0)));
    }

    /** All outputs of a model, with some parameters given and the others as they start. */
    static List<NDArray> outputs(Model model, Mode mode, Map<String, NDArray> params, NDArray... inputs) {
        Model.Traced traced = model.trace(mode, inputs[0].shape().dim(0));
        Graph graph = traced.trace().graph();
        traced.outputs().forEach(y -> graph.output("y" + graph.outputs().size(), y));
        traced.trace().updates().forEach(graph::output);
        Map<String, NDArray> results = new Interpreter().run(graph, bindings(model, graph, params, inputs));
        return List.copyOf(results.values());
    }

    /** Values for all inputs of a traced graph. */
    static Map<String, NDArray> bindings(Model model, Graph graph, Map<String, NDArray> params, NDArray... inputs) {
        Map<String, NDArray> values = new LinkedHashMap<>();
        for (Tensor input : graph.inputs()) {
            String name = ((Op.Input) input.node().op()).name();
            if (name.startsWith("input.")) {
                values.put(name, inputs[Integer.parseInt(name.substring("input.".length()))]);
            } else if (name.equals(Trace.SEED)) {
                values.put(name, NDArray.scalar(SEED));
            } else if (name.equals(Trace.COUNTER)) {
                values.put(name, NDArray.scalar(0));
            } else if (params.containsKey(name)) {
                values.put(name, params.get(name).cast(input.dtype()));
            } else {
                values.put(name, model.variables().get(name).initialize(SEED));
            }
        }
        return values;
    }

    /** Normal numbers. */
    static NDArray random(DType dtype, long seed, int... dims) {
        Random random = new Random(seed);
        return NDArray.generate(TensorType.of(dtype, dims), i -> random.nextGaussian());
    }

    /**
     * Compares the gradients of a weighted sum of a layer's outputs, with respect to input and parameters, with central
     * differences along random directions, in float64.
     *
     * @param x with batch axis, float64
     */
    static void checkGradients(String name, Layer layer, Mode mode, NDArray x) {
        Model model = model(layer, x);
        Model.Traced traced = model.trace(mode, x.shape().dim(0));
        Graph graph = traced.trace().graph();
        Tensor y = traced.outputs().getFirst();
        Tensor loss = y.mul(graph.constant(random(y.dtype(), 3, y.shape().toArray()))).sum();
        List<Tensor> wrt = new ArrayList<>(traced.inputs());
        traced.trace().params().values().stream()
                .filter(p -> traced.trace().trainable(((Op.Input) p.node().op()).name()))
                .forEach(wrt::add);
        List<Tensor> gradients = Gradients.of(loss, wrt);
        graph.output("loss", loss);
        for (int i = 0; i < wrt.size(); i++) {
            graph.output("gradient" + i, gradients.get(i));
        }
        // Away from the kinks and symmetries of initial values.
        Map<String, NDArray> point = new LinkedHashMap<>(bindings(model, graph, Map.of(), x));
        for (Tensor t : wrt) {
            String key = ((Op.Input) t.node().op()).name();
            NDArray start = point.get(key);
            NDArray noise = random(t.dtype(), key.hashCode(), t.shape().toArray());
            point.put(key, NDArray.generate(start.type(), i -> start.getDouble(i) + 0.1 * noise.getDouble(i)));
        }
        Map<String, NDArray> at = new Interpreter().run(graph, point);
        double step = 1e-6;
        for (int trial = 0; trial < 2; trial++) {
            double expected = 0;
            Map<String, NDArray> above = new LinkedHashMap<>(point);
            Map<String, NDArray> below = new LinkedHashMap<>(point);
            for (int i = 0; i < wrt.size(); i++) {
                String key = ((Op.Input) wrt.get(i).node().op()).name();
                NDArray value = point.get(key);
                NDArray direction = random(DType.F64, 100L * trial + i, value.shape().toArray());
                NDArray gradient = at.get("gradient" + i);
                for (int j = 0; j < value.shape().size(); j++) {
                    expected += direction.getDouble(j) * gradient.getDouble(j);
                }
                above.put(key, NDArray.generate(value.type(), j -> value.getDouble(j) + step * direction.getDouble(j)));
                below.put(key, NDArray.generate(value.type(), j -> value.getDouble(j) - step * direction.getDouble(j)));
            }
            double difference = new Interpreter().run(graph, above).get("loss").item()
                    - new Interpreter().run(graph, below).get("loss").item();
            assertEquals(difference / (2 * step), expected, 1e-6 * Math.max(1, Math.abs(expected)), name);
        }
    }
}
