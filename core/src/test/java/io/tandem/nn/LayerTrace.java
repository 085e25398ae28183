package io.tandem.nn;

import io.tandem.graph.Graph;
import io.tandem.graph.GraphException;
import io.tandem.graph.Op;
import io.tandem.graph.Tensor;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/** Applies layers to tensors of any graph, with given tensors as their parameters: for tests without a model. */
public final class LayerTrace {
    /**
     * What layers yield.
     *
     * @param outputs results
     * @param updates new values of statistics, by path
     */
    public record Result(List<Tensor> outputs, Map<String, Tensor> updates) {}

    private LayerTrace() {}

    /**
     * Traces layers and repeats their nodes in the graph of the inputs.
     *
     * @param root the layer, or a record of layers
     * @param params values of the parameters, by path
     * @param forward what is done with the layers
     */
    public static Result apply(
            Object root, Mode mode, List<Tensor> inputs, Map<String, Tensor> params,
            UnaryOperator<List<Tensor>> forward) {
        Graph graph = inputs.getFirst().graph();
        DType dtype = inputs.stream()
                .map(Tensor::dtype)
                .filter(DType::isFloating)
                .findFirst()
                .orElseGet(() -> params.values().iterator().next().dtype());
        Graph layers = new Graph();
        Trace trace = Trace.start(layers, ParamPaths.of(root), mode, dtype, path -> false);
        Map<Tensor, Tensor> known = new LinkedHashMap<>();
        List<Tensor> standIns = new ArrayList<>();
        for (Tensor input : inputs) {
            Tensor standIn = layers.input("layer.input." + standIns.size(), input.type());
            standIns.add(standIn);
            known.put(standIn, input);
        }
        List<Tensor> results = new ArrayList<>(forward.apply(standIns));
        int outputs = results.size();
        Map<String, Tensor> updates = trace.updates();
        results.addAll(updates.values());
        layers.body(results);
        for (Tensor input : layers.inputs()) {
            String name = ((Op.Input) input.node().op()).name();
            if (name.equals(Trace.SEED) || name.equals(Trace.COUNTER)) {
                known.put(input, graph.constant(NDArray.scalar(name.equals(Trace.SEED) ? 7 : 0)));
            } else if (params.containsKey(name)) {
                Tensor value = params.get(name);
                if (!value.type().equals(input.type())) {
                    throw new GraphException("parameter '" + name + "' is " + input.type() + ", the value given for it "
                            + value.type());
                }
                known.put(input, value);
            } else if (!known.containsKey(input)) {
                throw new GraphException("no value for parameter '" + name + "', there are " + params.keySet());
            }
        }
        List<Tensor> repeated = graph.inline(layers, known);
        Map<String, Tensor> updated = new LinkedHashMap<>();
        int at = outputs;
        for (String path : updates.keySet()) {
            updated.put(path, repeated.get(at++));
        }
        return new Result(repeated.subList(0, outputs), updated);
    }
}
