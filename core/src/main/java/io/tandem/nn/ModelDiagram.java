package io.tandem.nn;

import io.tandem.graph.Diagram;
import io.tandem.graph.Node;
import io.tandem.graph.Op;
import io.tandem.graph.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A model as a diagram with a box per layer, as it is in training. A layer that works before and after another one has a
 * box for each part where one box would stand in a circle.
 */
final class ModelDiagram {
    private final Model model;
    private final Model.Traced traced;
    private final Map<Integer, Integer> boxOf = new HashMap<>();
    private final Map<String, Integer> latest = new HashMap<>();
    private final List<Node> last = new ArrayList<>();
    private final List<Set<Integer>> sources = new ArrayList<>();

    private ModelDiagram(Model model) {
        this.model = model;
        this.traced = model.trace(Mode.TRAINING, 2);
    }

    static Diagram of(Model model) {
        return new ModelDiagram(model).build();
    }

    private Diagram build() {
        Set<Integer> shown = dependent();
        for (Node node : traced.trace().graph().nodes()) {
            if (shown.contains(node.id())) {
                add(node);
            }
        }
        List<Diagram.Box> boxes = new ArrayList<>();
        List<Diagram.Arrow> arrows = new ArrayList<>();
        for (int i = 0; i < last.size(); i++) {
            boxes.add(box(last.get(i)));
            for (int source : sources.get(i)) {
                arrows.add(new Diagram.Arrow(source, i, type(last.get(source))));
            }
        }
        for (Tensor output : traced.outputs()) {
            String type = ModelProfile.sample(output.type()).toString();
            arrows.add(new Diagram.Arrow(boxOf.get(output.node().id()), boxes.size(), type));
            boxes.add(new Diagram.Box(List.of("output", type), "output " + type, "", Diagram.Kind.OUTPUT));
        }
        return new Diagram(boxes, arrows);
    }

    /** The nodes that come from the model's inputs: no parameters, constants and updates of statistics. */
    private Set<Integer> dependent() {
        Set<Integer> forward = new LinkedHashSet<>();
        traced.inputs().forEach(x -> forward.add(x.node().id()));
        List<Node> nodes = traced.trace().graph().nodes();
        for (Node node : nodes) {
            if (node.operands().stream().anyMatch(x -> forward.contains(x.node().id()))) {
                forward.add(node.id());
            }
        }
        Set<Integer> needed = new LinkedHashSet<>();
        traced.outputs().forEach(y -> needed.add(y.node().id()));
        for (Node node : nodes.reversed()) {
            if (needed.contains(node.id())) {
                node.operands().forEach(x -> needed.add(x.node().id()));
            }
        }
        traced.inputs().forEach(x -> needed.add(x.node().id()));
        forward.retainAll(needed);
        // An output may be a constant or a parameter.
        traced.outputs().forEach(y -> forward.add(y.node().id()));
        return forward;
    }

    private void add(Node node) {
        Set<Integer> from = new LinkedHashSet<>();
        node.operands().stream()
                .map(x -> boxOf.get(x.node().id()))
                .filter(box -> box != null)
                .forEach(from::add);
        boolean input = node.op() instanceof Op.Input;
        Integer box = input ? null : latest.get(node.scope());
        if (box == null || from.stream().anyMatch(f -> !f.equals(box) && leadsTo(box, f))) {
            boxOf.put(node.id(), last.size());
            if (!input) {
                latest.put(node.scope(), last.size());
            }
            last.add(node);
            sources.add(from);
            return;
        }
        boxOf.put(node.id(), box);
        last.set(box, node);
        from.remove(box);
        sources.get(box).addAll(from);
    }

    /** Whether a way leads from one box to another. */
    private boolean leadsTo(int from, int to) {
        Set<Integer> seen = new LinkedHashSet<>(List.of(to));
        List<Integer> open = new ArrayList<>(seen);
        while (!open.isEmpty()) {
            for (int source : sources.get(open.removeLast())) {
                if (source == from) {
                    return true;
                }
                if (seen.add(source)) {
                    open.add(source);
                }
            }
        }
        return false;
    }

    private Diagram.Box box(Node node) {
        if (node.op() instanceof Op.Input(String name, var type)) {
            return new Diagram.Box(List.of(name, type(node)), name + " " + type, "", Diagram.Kind.INPUT);
        }
        String kind = model.kind(node.scope());
        String path = node.scope().isEmpty() ? "(model)" : node.scope();
        return new Diagram.Box(
                kind.isEmpty() ? List.of(path, type(node)) : List.of(kind, path, type(node)),
                path + " " + type(node),
                "",
                Diagram.Kind.OPERATION);
    }

    private String type(Node node) {
        boolean whole = latest.get(node.scope()) != null && latest.get(node.scope()).equals(boxOf.get(node.id()));
        Tensor result = whole
                ? traced.trace().result(node.scope()).orElse(node.result(0))
                : node.result(0);
        return ModelProfile.sample(result.type()).toString();
    }
}
