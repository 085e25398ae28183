package io.tandem.graph;

import io.tandem.tensor.TensorType;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Checks that a graph is well formed; run after each pass, it names the pass and shows the lines around a fault. */
public final class Verifier {
    private static final int CONTEXT = 5;

    private Verifier() {}

    /**
     * Checks order, ownership and types of all nodes, and bodies likewise.
     *
     * @param graph what to check
     * @param after the pass that made it, for the message
     * @throws GraphException at the first fault
     */
    public static void verify(Graph graph, String after) {
        List<Node> nodes = graph.nodes();
        for (int i = 0; i < nodes.size(); i++) {
            Node node = nodes.get(i);
            if (node.id() != i || node.graph() != graph) {
                throw fault(graph, i, after, "node is out of place");
            }
            for (Tensor operand : node.operands()) {
                if (operand.graph() != graph || operand.node().id() >= i) {
                    throw fault(graph, i, after, "operand " + operand + " is not before the node");
                }
            }
            List<TensorType> types;
            try {
                types = ShapeRules.infer(
                        node.op(), node.operands().stream().map(Tensor::type).toList());
            } catch (ShapeRules.Violation violation) {
                throw fault(graph, i, after, violation.getMessage());
            }
            if (!types.equals(node.types())) {
                throw fault(graph, i, after, "results are " + node.types() + ", the rules give " + types);
            }
            for (Graph body : GraphText.bodies(node.op())) {
                verify(body, after);
            }
        }
        for (Tensor output : graph.outputs().values()) {
            if (output.graph() != graph) {
                throw new GraphException("after " + after + ": output " + output + " belongs to another graph");
            }
        }
    }

    private static GraphException fault(Graph graph, int at, String after, String what) {
        List<Node> nodes = graph.nodes();
        String context = IntStream.range(Math.max(0, at - CONTEXT), Math.min(nodes.size(), at + CONTEXT))
                .mapToObj(i -> (i == at ? "> " : "  ") + nodes.get(i))
                .collect(Collectors.joining("\n"));
        return new GraphException("after " + after + ", at %" + at + ": " + what + "\n" + context);
    }
}
