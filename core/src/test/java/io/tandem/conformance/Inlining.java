package io.tandem.conformance;

import io.tandem.graph.Graph;
import io.tandem.graph.Node;
import io.tandem.graph.Op;
import io.tandem.graph.Tensor;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;

/** Composites replaced by their bodies, as a backend without kernels for them runs them. */
public final class Inlining {
    private Inlining() {}

    /** The same function with all composites inlined, also those in the bodies of scans and of other composites. */
    public static Function<List<Tensor>, List<Tensor>> of(Function<List<Tensor>, List<Tensor>> f) {
        return in -> {
            Graph draft = new Graph();
            List<Tensor> inputs = IntStream.range(0, in.size())
                    .mapToObj(i -> draft.input("i" + i, in.get(i).type()))
                    .toList();
            draft.body(f.apply(inputs));
            return replay(draft, in);
        };
    }

    private static List<Tensor> replay(Graph body, List<Tensor> values) {
        Graph graph = values.getFirst().graph();
        Map<Tensor, Tensor> known = new HashMap<>();
        for (int i = 0; i < values.size(); i++) {
            known.put(body.inputs().get(i), values.get(i));
        }
        for (Node node : body.nodes()) {
            List<Tensor> operands = node.operands().stream().map(known::get).toList();
            List<Tensor> results = switch (node.op()) {
                case Op.Input input -> List.of(known.get(node.result(0)));
                case Op.Composite composite -> replay(composite.body(), operands);
                case Op.Scan scan -> graph.add(
                        new Op.Scan(inlined(scan.body()), scan.length(), scan.reverse(), scan.carries(),
                                scan.scanned()),
                        operands);
                default -> graph.add(node.op(), operands);
            };
            for (int i = 0; i < results.size(); i++) {
                known.put(node.result(i), results.get(i));
            }
        }
        return body.outputTensors().stream().map(known::get).toList();
    }

    private static Graph inlined(Graph body) {
        Graph copy = new Graph();
        List<Tensor> inputs = IntStream.range(0, body.inputs().size())
                .mapToObj(i -> copy.input("i" + i, body.inputs().get(i).type()))
                .toList();
        return copy.body(replay(body, inputs));
    }
}
