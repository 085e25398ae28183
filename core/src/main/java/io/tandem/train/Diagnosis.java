package io.tandem.train;

import io.tandem.graph.Graph;
import io.tandem.graph.GraphStructure;
import io.tandem.graph.Node;
import io.tandem.graph.Op;
import io.tandem.graph.Tensor;
import io.tandem.reference.Interpreter;
import io.tandem.tensor.NDArray;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Finds where in a step the first value arises that is not finite, with the reference interpreter. */
final class Diagnosis {
    private Diagnosis() {}

    /**
     * The origin: the first operation whose operands are finite and whose result is not, or, if there is none (a softmax
     * over nothing but minus infinity), the first result with a NaN.
     */
    static Optional<String> firstNonFinite(Graph graph, State state, List<NDArray> inputs, List<NDArray> targets) {
        List<Node> nodes = graph.nodes();
        boolean[] needed = GraphStructure.needed(graph.outputTensors(), List.of());
        List<List<NDArray>> values = new ArrayList<>();
        boolean[] finite = new boolean[nodes.size()];
        int[] last = new int[nodes.size()];
        nodes.forEach(node -> node.operands().forEach(x -> last[x.node().id()] = node.id()));
        Optional<String> firstNaN = Optional.empty();
        Interpreter interpreter = new Interpreter();
        for (Node node : nodes) {
            if (node.id() >= needed.length || !needed[node.id()]) {
                values.add(List.of());
                continue;
            }
            values.add(
                    node.op() instanceof Op.Input(String name, _)
                            ? List.of(input(name, node, state, inputs, targets))
                            : interpreter.apply(node.op(), operands(node, values), node.types()));
            List<NDArray> results = values.get(node.id());
            finite[node.id()] = results.stream().allMatch(Diagnosis::isFinite);
            if (!finite[node.id()]) {
                boolean origin = !(node.op() instanceof Op.Constant)
                        && node.operands().stream().allMatch(x -> finite[x.node().id()]);
                if (origin && !(node.op() instanceof Op.Input(String name, _) && name.startsWith("train."))) {
                    return Optional.of(describe(node));
                }
                if (firstNaN.isEmpty() && results.stream().anyMatch(Diagnosis::hasNaN)) {
                    firstNaN = Optional.of(describe(node));
                }
            }
            for (Tensor operand : node.operands()) {
                if (last[operand.node().id()] == node.id()) {
                    values.set(operand.node().id(), List.of());
                }
            }
        }
        return firstNaN;
    }

    private static List<NDArray> operands(Node node, List<List<NDArray>> values) {
        return node.operands().stream()
                .map(x -> values.get(x.node().id()).get(x.index()))
                .toList();
    }

    private static NDArray input(
            String name, Node node, State state, List<NDArray> inputs, List<NDArray> targets) {
        NDArray value = state.contains(name)
                ? state.get(name)
                : isTarget(name) ? targets.get(number(name)) : inputs.get(number(name));
        return value.cast(node.types().getFirst().dtype());
    }

    private static boolean isTarget(String name) {
        return name.equals("target") || name.startsWith("target.");
    }

    /** The number at the end of the name of an input or target. */
    private static int number(String name) {
        return name.equals("target") ? 0 : Integer.parseInt(name.substring(name.indexOf('.') + 1));
    }

    private static String describe(Node node) {
        String where = node.scope().isEmpty() ? "" : " in layer " + node.scope();
        return switch (node.op()) {
            case Op.Input(String name, _) when isTarget(name) ->
                "the batch's " + name.replace('.', ' ') + " has a value that is not finite";
            case Op.Input(String name, _) when name.startsWith("input.") ->
                "the batch's " + name.replace('.', ' ') + " has a value that is not finite";
            case Op.Input(String name, _) -> "'" + name + "' has a value that is not finite already";
            default -> "the first value that is not finite comes from " + node + where;
        };
    }

    private static boolean isFinite(NDArray array) {
        if (array.dtype().isFloating()) {
            for (long i = 0; i < array.shape().size(); i++) {
                if (!Double.isFinite(array.getDouble(i))) {
                    return false;
                }
            }
        }
        return true;
    }

    private static boolean hasNaN(NDArray array) {
        if (array.dtype().isFloating()) {
            for (long i = 0; i < array.shape().size(); i++) {
                if (Double.isNaN(array.getDouble(i))) {
                    return true;
                }
            }
        }
        return false;
    }
}
