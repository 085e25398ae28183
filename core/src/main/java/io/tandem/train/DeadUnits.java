package io.tandem.train;

import io.tandem.data.Batch;
import io.tandem.data.Batches;
import io.tandem.data.DataLoader;
import io.tandem.data.Dataset;
import io.tandem.graph.Graph;
import io.tandem.graph.Node;
import io.tandem.graph.Op;
import io.tandem.graph.Tensor;
import io.tandem.graph.UnaryFunction;
import io.tandem.nn.Mode;
import io.tandem.nn.Model;
import io.tandem.tensor.NDArray;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The share of dead ReLU units: those that are 0 for every sample of a data set, so that no gradient reaches their weights
 * and they stay dead. A unit is one element of a ReLU's output for one sample.
 *
 * @param layers figures per ReLU, in the order in which the model applies them
 */
public record DeadUnits(List<Layer> layers) {
    /** Copies the list. */
    public DeadUnits {
        layers = List.copyOf(layers);
    }

    /**
     * The figures of one ReLU.
     *
     * @param path where it stands in the model
     * @param units elements of its output for one sample
     * @param dead those that were 0 for every sample
     */
    public record Layer(String path, int units, int dead) {
        /** The share of dead units, 0 to 1. */
        public double share() {
            return (double) dead / units;
        }
    }

    /**
     * Measures a model in inference.
     *
     * @param data samples, whose first columns are the model's inputs
     * @throws IllegalArgumentException if the model has no ReLU, or there are no samples
     */
    public static DeadUnits measure(Model model, State state, Dataset data, int batchSize) {
        state.require(model);
        if (data.size() == 0) {
            throw new IllegalArgumentException("dead units are counted over samples, and the data set has none");
        }
        int inputs = model.inputs().size();
        List<String> paths = new ArrayList<>();
        List<boolean[]> alive = new ArrayList<>();
        Map<Integer, Program> programs = new HashMap<>();
        try (Batches batches = DataLoader.of(data, batchSize).epoch(0)) {
            for (Batch batch : batches) {
                Program program = programs.computeIfAbsent(batch.size(), size -> compile(model, state, size, paths));
                for (int i = 0; i < inputs; i++) {
                    TrainStep.requireSamples("input " + i, model.inputs().get(i), batch.column(i), batch.size());
                    if (program.has("input." + i)) {
                        program.write("input." + i, batch.column(i));
                    }
                }
                program.run();
                for (int k = 0; k < paths.size(); k++) {
                    NDArray largest = program.read("largest." + k);
                    if (alive.size() == k) {
                        alive.add(new boolean[Math.toIntExact(largest.shape().size())]);
                    }
                    for (int i = 0; i < alive.get(k).length; i++) {
                        alive.get(k)[i] |= largest.getDouble(i) > 0;
                    }
                }
            }
        } finally {
            programs.values().forEach(Program::close);
        }
        List<Layer> layers = new ArrayList<>();
        for (int k = 0; k < paths.size(); k++) {
            int dead = 0;
            for (boolean one : alive.get(k)) {
                dead += one ? 0 : 1;
            }
            layers.add(new Layer(paths.get(k), alive.get(k).length, dead));
        }
        return new DeadUnits(layers);
    }

    /** A program that gives the largest output of each ReLU's units over a batch; its paths are listed. */
    private static Program compile(Model model, State state, int batch, List<String> paths) {
        Graph graph = model.trace(Mode.INFERENCE, batch).trace().graph();
        paths.clear();
        for (Node node : List.copyOf(graph.nodes())) {
            Tensor y = node.results().getFirst();
            if (node.op() instanceof Op.Unary(UnaryFunction function)
                    && function == UnaryFunction.RELU
                    && y.rank() > 0
                    && y.dim(0) == batch) {
                graph.output("largest." + paths.size(), y.max(0).reshape(-1));
                paths.add(node.scope());
            }
        }
        if (paths.isEmpty()) {
            throw new IllegalArgumentException("the model has no ReLU, so it has no dead units");
        }
        return new Program(state, graph, Map.of());
    }

    /** The share of dead units of all layers together, 0 to 1. */
    public double share() {
        int units = layers.stream().mapToInt(Layer::units).sum();
        return layers.stream().mapToDouble(Layer::dead).sum() / units;
    }

    /** A line per layer. */
    @Override
    public String toString() {
        return layers.stream()
                .map(l -> String.format(
                        Locale.ROOT, "%s: %d of %d units dead (%.1f %%)", l.path(), l.dead(), l.units(),
                        100 * l.share()))
                .collect(Collectors.joining("\n"));
    }
}
