package io.tandem.compile;

import io.tandem.graph.Graph;
import io.tandem.graph.GraphStructure;
import io.tandem.graph.Node;
import io.tandem.graph.Op;
import io.tandem.graph.Tensor;
import io.tandem.tensor.TensorType;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * A graph in two: what follows from inputs that seldom change, such as weights rounded to 16 bits, and the rest, which
 * takes it from there. Values are cut where they are not larger than the inputs that they come from; what is larger, such
 * as a bias repeated for each sample, and what is moved only, is left to the rest.
 *
 * @param fixed gives the values, by names that begin with {@value #PREFIX}
 * @param rest has inputs of these names, and the graph's outputs
 */
public record FixedPart(Graph fixed, Graph rest) {
    static final String PREFIX = "fixed:";

    /**
     * Cuts a graph.
     *
     * @param graph a graph with outputs
     * @param seldom whether the input of a name changes seldom
     * @return empty if nothing worth keeping follows from these inputs alone
     */
    public static Optional<FixedPart> of(Graph graph, Predicate<String> seldom) {
        Map<Tensor, String> cuts = new Search(graph, seldom).cuts();
        return cuts.isEmpty() ? Optional.empty()
                : Optional.of(new FixedPart(fixed(graph, cuts), rest(graph, cuts, seldom)));
    }

    private static Graph fixed(Graph graph, Map<Tensor, String> cuts) {
        Graph target = new Graph();
        Map<Tensor, Tensor> known = new HashMap<>();
        repeat(graph, GraphStructure.needed(cuts.keySet(), Set.of()), target, known);
        cuts.forEach((value, name) -> target.output(name, known.get(value)));
        return target.freeze();
    }

    private static Graph rest(Graph graph, Map<Tensor, String> cuts, Predicate<String> seldom) {
        Graph target = new Graph();
        Map<Tensor, Tensor> known = new HashMap<>();
        cuts.forEach((value, name) -> known.put(value, target.input(name, value.type())));
        boolean[] needed = GraphStructure.needed(graph.outputTensors(), cuts.keySet());
        for (Tensor input : graph.inputs()) {
            // An input may be there for nothing but to be replaced.
            needed[input.node().id()] |= input.node().op() instanceof Op.Input i && !seldom.test(i.name());
        }
        repeat(graph, needed, target, known);
        graph.outputs().forEach((name, value) -> target.output(name, known.get(value)));
        return target.freeze();
    }

    /** Repeats nodes that are needed and not known yet. */
    private static void repeat(Graph graph, boolean[] needed, Graph target, Map<Tensor, Tensor> known) {
        for (Node node : graph.nodes()) {
            if (!needed[node.id()] || known.keySet().containsAll(node.results())) {
                continue;
            }
            List<Tensor> operands = node.operands().stream().map(known::get).toList();
            List<Tensor> results = node.op() instanceof Op.Input(String name, TensorType type)
                    ? List.of(target.input(name, type))
                    : target.inScope(node.scope(), () -> target.add(node.op(), operands));
            for (int i = 0; i < results.size(); i++) {
                known.putIfAbsent(node.result(i), results.get(i));
            }
        }
    }

    /** Looks for the values to cut at. */
    private static final class Search {
        private final Graph graph;
        /** For each node that follows from seldom changing inputs and constants alone the inputs it follows from. */
        private final Map<Node, Set<Tensor>> sources = new HashMap<>();

        private final Map<Tensor, String> cuts = new LinkedHashMap<>();
        private final Set<Tensor> seen = new HashSet<>();

        Search(Graph graph, Predicate<String> seldom) {
            this.graph = graph;
            for (Node node : graph.nodes()) {
                if (node.op() instanceof Op.Input(String name, TensorType _)) {
                    if (seldom.test(name)) {
                        sources.put(node, Set.of(node.result(0)));
                    }
                } else if (node.operands().stream().allMatch(x -> sources.containsKey(x.node()))) {
                    Set<Tensor> all = new HashSet<>();
                    node.operands().forEach(x -> all.addAll(sources.get(x.node())));
                    sources.put(node, all);
                }
            }
        }

        Map<Tensor, String> cuts() {
            boolean[] needed = GraphStructure.needed(graph.outputTensors(), Set.of());
            for (Node node : graph.nodes()) {
                if (needed[node.id()] && !sources.containsKey(node)) {
                    node.operands().forEach(this::visit);
                }
            }
            return cuts;
        }

        /** Looks at a value that is used, and then at what it is made of. */
        private void visit(Tensor value) {
            if (!sources.containsKey(value.node()) || !seen.add(value)) {
                return;
            }
            long bytes = sources.get(value.node()).stream().mapToLong(x -> x.type().bytes()).sum();
            if (isComputed(value.node().op()) && value.type().bytes() <= bytes) {
                cuts.put(value, PREFIX + cuts.size());
            } else {
                value.node().operands().forEach(this::visit);
            }
        }

        private static boolean isComputed(Op op) {
            boolean given = op instanceof Op.Input || op instanceof Op.Constant || op instanceof Op.Iota;
            boolean moved = op instanceof Op.Reshape || op instanceof Op.Permute || op instanceof Op.Broadcast
                    || op instanceof Op.Slice;
            return !given && !moved;
        }
    }
}
