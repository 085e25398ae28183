package io.tandem.graph;

import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** Questions about the structure of graphs. */
public final class GraphStructure {
    private GraphStructure() {}

    /** For each node of the graph whether the targets need it; what is already known is not followed further. */
    public static boolean[] needed(Collection<Tensor> targets, Collection<Tensor> known) {
        if (targets.isEmpty()) {
            return new boolean[0];
        }
        List<Node> nodes = targets.iterator().next().graph().nodes();
        boolean[] needed = new boolean[nodes.size()];
        for (Tensor target : targets) {
            if (!known.contains(target)) {
                needed[target.node().id()] = true;
            }
        }
        for (int i = nodes.size() - 1; i >= 0; i--) {
            if (needed[i]) {
                for (Tensor operand : nodes.get(i).operands()) {
                    if (!known.contains(operand)) {
                        needed[operand.node().id()] = true;
                    }
                }
            }
        }
        return needed;
    }

    /** For each node whether its results depend on one of the sources. */
    public static boolean[] dependent(Graph graph, Collection<Tensor> sources) {
        boolean[] dependent = new boolean[graph.nodes().size()];
        for (Tensor source : sources) {
            dependent[source.node().id()] = true;
        }
        for (Node node : graph.nodes()) {
            for (Tensor operand : node.operands()) {
                dependent[node.id()] |= dependent[operand.node().id()];
            }
        }
        return dependent;
    }

    static int hash(Graph graph) {
        int hash = graph.outputs().keySet().hashCode();
        for (Node node : graph.nodes()) {
            hash = 31 * hash + node.op().hashCode();
            for (Tensor operand : node.operands()) {
                hash = 31 * hash + operand.node().id() + operand.index();
            }
        }
        return hash;
    }

    static boolean equal(Graph a, Graph b) {
        if (a.nodes().size() != b.nodes().size() || a.outputs().size() != b.outputs().size()
                || a.hashCode() != b.hashCode()) {
            return false;
        }
        for (int i = 0; i < a.nodes().size(); i++) {
            Node x = a.nodes().get(i);
            Node y = b.nodes().get(i);
            if (!x.op().equals(y.op()) || !same(x.operands(), y.operands())) {
                return false;
            }
        }
        Iterator<Map.Entry<String, Tensor>> others = b.outputs().entrySet().iterator();
        for (Map.Entry<String, Tensor> output : a.outputs().entrySet()) {
            Map.Entry<String, Tensor> other = others.next();
            if (!output.getKey().equals(other.getKey()) || !same(output.getValue(), other.getValue())) {
                return false;
            }
        }
        return true;
    }

    private static boolean same(List<Tensor> a, List<Tensor> b) {
        if (a.size() != b.size()) {
            return false;
        }
        for (int i = 0; i < a.size(); i++) {
            if (!same(a.get(i), b.get(i))) {
                return false;
            }
        }
        return true;
    }

    private static boolean same(Tensor a, Tensor b) {
        return a.node().id() == b.node().id() && a.index() == b.index();
    }
}
