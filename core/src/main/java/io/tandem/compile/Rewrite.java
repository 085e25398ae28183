package io.tandem.compile;

import io.tandem.graph.Graph;
import io.tandem.graph.GraphStructure;
import io.tandem.graph.Node;
import io.tandem.graph.Op;
import io.tandem.graph.Tensor;
import io.tandem.tensor.TensorType;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Rebuilds a graph node by node; what the outputs do not need is left out, inputs stay as they are. */
final class Rewrite {
    /** What becomes of a node. */
    @FunctionalInterface
    interface Rule {
        /**
         * The results that take the place of the node's.
         *
         * @param target the graph that is being built
         * @param node the node in the old graph
         * @param operands its operands in the new graph
         */
        List<Tensor> apply(Graph target, Node node, List<Tensor> operands);
    }

    private Rewrite() {}

    static Graph apply(Graph graph, Rule rule) {
        Graph target = new Graph();
        Map<Tensor, Tensor> known = new HashMap<>();
        boolean[] needed = GraphStructure.needed(graph.outputTensors(), Set.of());
        for (Node node : graph.nodes()) {
            if (node.op() instanceof Op.Input(String name, TensorType type)) {
                known.put(node.result(0), target.input(name, type));
            } else if (needed.length > 0 && needed[node.id()]) {
                List<Tensor> operands = node.operands().stream().map(known::get).toList();
                List<Tensor> results =
                        target.inScope(node.scope(), () -> rule.apply(target, node, operands));
                for (int i = 0; i < results.size(); i++) {
                    known.put(node.result(i), results.get(i));
                }
            }
        }
        graph.outputs().forEach((name, tensor) -> target.output(name, known.get(tensor)));
        return target.freeze();
    }
}
