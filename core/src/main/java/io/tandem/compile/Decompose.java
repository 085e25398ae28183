package io.tandem.compile;

import io.tandem.graph.CompositeKind;
import io.tandem.graph.Graph;
import io.tandem.graph.Node;
import io.tandem.graph.Op;
import io.tandem.graph.Tensor;
import io.tandem.tensor.TensorType;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Replaces the composites that a backend has no kernel for by their bodies, until none is left. */
final class Decompose {
    private Decompose() {}

    static Graph apply(Graph graph, Lowering lowering) {
        Graph current = graph;
        while (true) {
            Set<Node> kept = kept(current, lowering);
            boolean[] changed = {false};
            current = Rewrite.apply(current, (target, node, operands) -> {
                if (node.op() instanceof Op.Composite(CompositeKind kind, Graph body) && !kept.contains(node)) {
                    changed[0] = true;
                    return target.inline(body, operands);
                }
                if (node.op() instanceof Op.Scan scan) {
                    Graph body = apply(scan.body(), lowering);
                    return target.add(
                            new Op.Scan(body, scan.length(), scan.reverse(), scan.carries(), scan.scanned()), operands);
                }
                return target.add(node.op(), operands);
            });
            if (!changed[0]) {
                return current;
            }
        }
    }

    private static Set<Node> kept(Graph graph, Lowering lowering) {
        Set<Node> kept = new HashSet<>();
        for (Node node : graph.nodes()) {
            if (node.op() instanceof Op.Composite(CompositeKind kind, Graph body)) {
                List<TensorType> types =
                        node.operands().stream().map(Tensor::type).toList();
                boolean keep = switch (kind) {
                    case CompositeKind.Gradient gradient -> {
                        Optional<Node> forward = forward(node, gradient);
                        yield forward.isPresent()
                                && kept.contains(forward.get())
                                && support(forward.get(), lowering) == Lowering.Support.PAIR
                                && lowering.gradient(gradient, types);
                    }
                    case CompositeKind.Custom custom -> false;
                    default -> lowering.composite(kind, types) != Lowering.Support.NONE;
                };
                if (keep) {
                    kept.add(node);
                }
            }
        }
        return kept;
    }

    private static Lowering.Support support(Node forward, Lowering lowering) {
        Op.Composite composite = (Op.Composite) forward.op();
        return lowering.composite(
                composite.kind(), forward.operands().stream().map(Tensor::type).toList());
    }

    /** The forward node of a gradient: it has the same first operands, and its results are the next ones. */
    static Optional<Node> forward(Node gradient, CompositeKind.Gradient kind) {
        for (Tensor operand : gradient.operands()) {
            Node node = operand.node();
            if (node.op() instanceof Op.Composite(CompositeKind of, Graph body)
                    && of.equals(kind.of())
                    && gradient.operands().size() > node.operands().size()
                    && gradient.operands().subList(0, node.operands().size()).equals(node.operands())) {
                return Optional.of(node);
            }
        }
        return Optional.empty();
    }
}
