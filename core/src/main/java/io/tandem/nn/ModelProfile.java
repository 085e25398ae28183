package io.tandem.nn;

import io.tandem.graph.MultiplyAdds;
import io.tandem.graph.Node;
import io.tandem.graph.Op;
import io.tandem.graph.Tensor;
import io.tandem.tensor.DType;
import io.tandem.tensor.TensorType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What the layers of a model cost, found by tracing shapes: nothing is allocated or computed.
 *
 * @param layers the layers that compute something, in the order of their first use
 */
public record ModelProfile(List<Entry> layers) {
    /** The batch size of the trace: batch normalization refuses a single sample where one value is left. */
    private static final int BATCH = 2;

    /** Copies the list. */
    public ModelProfile {
        layers = List.copyOf(layers);
    }

    /**
     * A layer, without the layers inside it.
     *
     * @param path where it stands
     * @param kind the name of its class
     * @param result the type of its result for one sample, without batch axis
     * @param variables the shapes of its parameters and statistics by path; shared ones stand with the first layer
     * @param parameters number of elements of its parameters
     * @param statistics number of elements of what it tracks
     * @param multiplyAdds of products and convolutions, forward, for one sample
     * @param trainingOnly whether inference does without it
     */
    public record Entry(
            String path,
            String kind,
            TensorType result,
            Map<String, TensorType> variables,
            long parameters,
            long statistics,
            long multiplyAdds,
            boolean trainingOnly) {}

    static ModelProfile of(Model model) {
        Model.Traced traced = model.trace(Mode.TRAINING, BATCH);
        Set<String> inference = new LinkedHashSet<>();
        model.trace(Mode.INFERENCE, BATCH).trace().graph().nodes().forEach(node -> inference.add(node.scope()));
        Map<String, List<Node>> byLayer = new LinkedHashMap<>();
        for (Node node : traced.trace().graph().nodes()) {
            if (!traced.inputs().contains(node.result(0))) {
                byLayer.computeIfAbsent(node.scope(), s -> new ArrayList<>()).add(node);
            }
        }
        List<Entry> layers = new ArrayList<>();
        byLayer.forEach((path, nodes) -> layers.add(entry(model, traced.trace(), path, nodes, inference)));
        return new ModelProfile(layers);
    }

    private static Entry entry(Model model, Trace trace, String path, List<Node> nodes, Set<String> inference) {
        Map<String, TensorType> variables = new LinkedHashMap<>();
        long parameters = 0;
        long statistics = 0;
        long multiplyAdds = 0;
        for (Node node : nodes) {
            multiplyAdds += MultiplyAdds.of(node);
            if (node.op() instanceof Op.Input(String name, TensorType type) && trace.params().containsKey(name)) {
                variables.put(name, type);
                if (model.isParameter(name)) {
                    parameters += type.shape().size();
                } else {
                    statistics += type.shape().size();
                }
            }
        }
        TensorType result = trace.result(path)
                .map(Tensor::type)
                .orElseGet(() -> nodes.getLast().types().getFirst());
        return new Entry(
                path,
                model.kind(path),
                sample(result),
                variables,
                parameters,
                statistics,
                multiplyAdds / BATCH,
                // A layer that does nothing in inference, such as dropout, is part of both.
                !inference.contains(path) && parameters > 0);
    }

    /** A type without its batch axis. */
    static TensorType sample(TensorType type) {
        boolean batched = type.shape().rank() > 0 && type.shape().dim(0) == BATCH;
        return batched ? type.with(type.shape().without(0)) : type;
    }

    /** Multiply-adds of products and convolutions in inference, for one sample. */
    public long multiplyAdds() {
        return layers.stream().filter(l -> !l.trainingOnly()).mapToLong(Entry::multiplyAdds).sum();
    }

    /** Bytes of all parameters and statistics. */
    public long parameterBytes() {
        return layers.stream()
                .flatMap(l -> l.variables().values().stream())
                .mapToLong(TensorType::bytes)
                .sum();
    }

    /** Bytes of the results of all layers for one sample: what a backend that keeps every result would need. */
    public long resultBytes() {
        return layers.stream().mapToLong(l -> l.result().bytes()).sum();
    }

    /** The layers as a table. */
    public String table() {
        List<List<String>> rows = new ArrayList<>();
        rows.add(List.of("path", "layer", "result", "parameters", "multiply-adds", "bytes", "weights"));
        for (Entry layer : layers) {
            rows.add(List.of(
                    layer.path().isEmpty() ? "(model)" : layer.path(),
                    layer.kind() + (layer.trainingOnly() ? " (training)" : ""),
                    layer.result().toString(),
                    layer.parameters() == 0 ? "" : String.format(Locale.ROOT, "%,d", layer.parameters()),
                    layer.multiplyAdds() == 0 ? "" : String.format(Locale.ROOT, "%,d", layer.multiplyAdds()),
                    size(layer.result().bytes()),
                    weights(layer)));
        }
        List<Integer> widths = new ArrayList<>();
        for (int column = 0; column < rows.getFirst().size(); column++) {
            int at = column;
            widths.add(rows.stream().mapToInt(r -> r.get(at).length()).max().orElse(0));
        }
        // Numbers stand to the right.
        String format = String.format(
                Locale.ROOT, "%%-%ds  %%-%ds  %%-%ds  %%%ds  %%%ds  %%%ds  %%-%ds", widths.toArray());
        return rows.stream()
                .map(row -> String.format(Locale.ROOT, format, row.toArray()).stripTrailing())
                .collect(Collectors.joining("\n"));
    }

    private static String weights(Entry layer) {
        return layer.variables().entrySet().stream()
                .map(e -> e.getKey().substring(layer.path().isEmpty() ? 0 : within(e.getKey(), layer.path()))
                        + e.getValue().shape()
                        + (e.getValue().dtype() == DType.F32 ? "" : " " + e.getValue().dtype()))
                .collect(Collectors.joining(" "));
    }

    /** Where the name within the layer begins in a parameter's path; shared parameters keep the whole path. */
    private static int within(String path, String layer) {
        return path.startsWith(layer + ".") ? layer.length() + 1 : 0;
    }

    /** A number of bytes for people, for example {@code 4.8 MB}; units are powers of 1000. */
    public static String size(long bytes) {
        if (bytes < 1000) {
            return bytes + " B";
        }
        double value = bytes;
        int unit = -1;
        while (value >= 999.95 && unit < 3) {
            value /= 1000;
            unit++;
        }
        return String.format(Locale.ROOT, "%.1f %s", value, List.of("kB", "MB", "GB", "TB").get(unit));
    }
}
