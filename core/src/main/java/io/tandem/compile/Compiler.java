package io.tandem.compile;

import io.tandem.graph.Graph;
import io.tandem.graph.Verifier;
import java.util.Map;
import java.util.Set;

/**
 * Compiles a graph to a plan: simplify, decompose, simplify again, compute again what is not worth
 * keeping, fuse, schedule. The graph is verified after each pass,
 * the plan at the end.
 *
 * @param lowering what the backend has kernels for
 * @param fuse whether operations are fused; off, each becomes a step of its own, for finding faults
 */
public record Compiler(Lowering lowering, boolean fuse) {

    /**
     * Compiles a graph.
     *
     * @param graph what to compute; its inputs and outputs become the plan's arguments
     * @param updates from the names of outputs to the names of the inputs that they replace: their new values are written
     *     to the same memory, after the old ones have been read
     */
    public Plan compile(Graph graph, Map<String, String> updates) {
        updates.forEach((output, input) -> {
            if (!graph.outputs().containsKey(output)) {
                throw new IllegalArgumentException("no output '" + output + "' to update input '" + input + "' from");
            }
        });
        Graph current = verified(Simplify.apply(graph), "simplify");
        current = verified(Decompose.apply(current, lowering), "decompose");
        current = verified(Simplify.apply(current), "simplify");
        Recompute.Recomputed last =
                fuse ? Recompute.apply(current, lowering) : new Recompute.Recomputed(current, Set.of());
        Plan plan = PlanBuilder.build(
                verified(last.graph(), "recompute"), updates, this, last.repetitions());
        PlanVerifier.verify(plan);
        return plan;
    }

    private static Graph verified(Graph graph, String pass) {
        Verifier.verify(graph, pass);
        return graph;
    }
}
