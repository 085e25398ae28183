package io.tandem.graph;

import java.util.LinkedHashMap;
import java.util.Map;

/** A graph as a picture in the DOT language of Graphviz; layers become clusters. */
public final class GraphDot {
    private GraphDot() {}

    /** The graph in DOT. */
    public static String print(Graph graph) {
        StringBuilder dot = new StringBuilder("digraph tandem {\n  node [shape=box, fontname=\"sans-serif\"];\n");
        Map<String, StringBuilder> clusters = new LinkedHashMap<>();
        for (Node node : graph.nodes()) {
            clusters.computeIfAbsent(node.scope(), s -> new StringBuilder())
                    .append("    n%d [label=%s];\n".formatted(node.id(), quote(label(node))));
        }
        int cluster = 0;
        for (Map.Entry<String, StringBuilder> entry : clusters.entrySet()) {
            if (entry.getKey().isEmpty()) {
                dot.append(entry.getValue());
            } else {
                dot.append("  subgraph cluster_%d {\n    label=%s;\n".formatted(cluster++, quote(entry.getKey())))
                        .append(entry.getValue())
                        .append("  }\n");
            }
        }
        for (Node node : graph.nodes()) {
            for (Tensor operand : node.operands()) {
                dot.append("  n%d -> n%d [label=%s];\n"
                        .formatted(operand.node().id(), node.id(), quote(operand.type().toString())));
            }
        }
        int output = 0;
        for (Map.Entry<String, Tensor> entry : graph.outputs().entrySet()) {
            dot.append("  o%d [label=%s, shape=ellipse];\n  n%d -> o%d;\n"
                    .formatted(output, quote(entry.getKey()), entry.getValue().node().id(), output));
            output++;
        }
        return dot.append("}\n").toString();
    }

    private static String label(Node node) {
        String label = GraphText.label(node.op());
        return (label.length() > 60 ? label.substring(0, 57) + "..." : label) + "\n" + node.types().getFirst();
    }

    private static String quote(String text) {
        return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + '"';
    }
}
