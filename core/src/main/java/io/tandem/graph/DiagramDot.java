package io.tandem.graph;

import java.util.LinkedHashMap;
import java.util.Map;

/** A diagram in the DOT language of Graphviz. */
final class DiagramDot {
    private DiagramDot() {}

    static String print(Diagram diagram) {
        StringBuilder dot = new StringBuilder("digraph tandem {\n  node [shape=box, fontname=\"sans-serif\"];\n");
        Map<String, StringBuilder> clusters = new LinkedHashMap<>();
        for (int i = 0; i < diagram.boxes().size(); i++) {
            Diagram.Box box = diagram.boxes().get(i);
            clusters.computeIfAbsent(box.cluster(), c -> new StringBuilder())
                    .append("    n%d [label=%s, tooltip=%s%s];\n".formatted(
                            i,
                            quote(String.join("\n", box.lines())),
                            quote(box.detail()),
                            box.kind() == Diagram.Kind.OUTPUT ? ", shape=ellipse" : ""));
        }
        int number = 0;
        for (Map.Entry<String, StringBuilder> cluster : clusters.entrySet()) {
            if (cluster.getKey().isEmpty()) {
                dot.append(cluster.getValue());
            } else {
                dot.append("  subgraph cluster_%d {\n    label=%s;\n".formatted(number++, quote(cluster.getKey())))
                        .append(cluster.getValue())
                        .append("  }\n");
            }
        }
        for (Diagram.Arrow arrow : diagram.arrows()) {
            dot.append("  n%d -> n%d [label=%s];\n".formatted(arrow.from(), arrow.to(), quote(arrow.label())));
        }
        return dot.append("}\n").toString();
    }

    private static String quote(String text) {
        return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + '"';
    }
}
