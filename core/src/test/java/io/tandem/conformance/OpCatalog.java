package io.tandem.conformance;

import io.tandem.graph.Graph;
import io.tandem.graph.Node;
import io.tandem.graph.Op;
import java.util.ArrayList;
import java.util.List;

/**
 * Small graphs for every operation: with awkward sizes, every attribute, every element type, and values from a fixed
 * seed. It feeds the checks of gradients, of backends against the reference, of passes against what they change, and of
 * printing.
 */
public final class OpCatalog {
    private OpCatalog() {}

    /** All cases; floating ones in float32, some in float16 and bfloat16. */
    public static List<OpCase> cases() {
        List<OpCase> cases = new ArrayList<>();
        cases.addAll(ElementwiseCases.cases());
        cases.addAll(MovementCases.cases());
        cases.addAll(ReductionCases.cases());
        cases.addAll(ProductCases.cases());
        cases.addAll(IndexingCases.cases());
        cases.addAll(ScanCases.cases());
        cases.addAll(CompositeCases.cases());
        cases.addAll(SpecialCases.cases());
        return List.copyOf(cases);
    }

    /** The differentiable cases in float64. */
    public static List<OpCase> inFloat64() {
        return cases().stream()
                .filter(OpCase::differentiable)
                .filter(OpCase::hasFloat32Input)
                .map(OpCase::inFloat64)
                .toList();
    }

    /**
     * Cases with indices outside their axis. The values must be as with the nearest index inside, and the device must
     * report an index error at the next read.
     */
    public static List<OpCase> outOfRange() {
        return IndexingCases.outOfRange();
    }

    /** All operations of a graph, those in bodies too. */
    public static List<Op> operations(Graph graph) {
        List<Op> operations = new ArrayList<>();
        List<Graph> graphs = new ArrayList<>(List.of(graph));
        while (!graphs.isEmpty()) {
            for (Node node : graphs.removeLast().nodes()) {
                operations.add(node.op());
                switch (node.op()) {
                    case Op.Scan scan -> graphs.add(scan.body());
                    case Op.Composite composite -> graphs.add(composite.body());
                    default -> {}
                }
            }
        }
        return operations;
    }
}
