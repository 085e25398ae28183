package io.tandem.cuda;

import io.tandem.compile.Compiler;
import io.tandem.compile.Lowering;
import io.tandem.compile.Plan;
import io.tandem.conformance.OpCase;
import io.tandem.conformance.OpCatalog;
import io.tandem.cuda.driver.KernelSource;
import io.tandem.graph.Graph;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * The kernels that the conformance suite will need, found before it runs, so that many are compiled with one call of
 * the compiler.
 */
public final class CatalogPlans {
    private CatalogPlans() {}

    /** All different kernel sources of the catalog's graphs and their gradients, in the order in which they occur. */
    public static List<KernelSource> sources(CudaDevice device) {
        return sources(device, row -> true);
    }

    /** Those of some of the catalog's cases. */
    static List<KernelSource> sources(CudaDevice device, Predicate<OpCase> wanted) {
        Map<String, KernelSource> sources = new LinkedHashMap<>();
        each(device.lowering(), wanted, plan -> device.sources(plan).forEach(s -> sources.putIfAbsent(s.text(), s)));
        return List.copyOf(sources.values());
    }

    /** Those of the catalog's graphs themselves, fused, in float32 and float64. */
    public static List<KernelSource> forwardSources(CudaDevice device) {
        Map<String, KernelSource> sources = new LinkedHashMap<>();
        List<OpCase> cases = new ArrayList<>(OpCatalog.cases());
        cases.addAll(OpCatalog.inFloat64());
        for (OpCase row : cases) {
            device.sources(plan(row.graph(), device.lowering(), true))
                    .forEach(s -> sources.putIfAbsent(s.text(), s));
        }
        return List.copyOf(sources.values());
    }

    private static void each(Lowering lowering, Predicate<OpCase> wanted, Consumer<Plan> action) {
        List<OpCase> cases = new ArrayList<>(OpCatalog.cases());
        cases.addAll(OpCatalog.outOfRange());
        cases.removeIf(wanted.negate());
        for (OpCase row : cases) {
            action.accept(plan(row.graph(), lowering, true));
            action.accept(plan(row.graph(), lowering, false));
            if (row.differentiable()) {
                action.accept(plan(row.gradient(), lowering, true));
                OpCase inlined = row.inlined();
                action.accept(plan(inlined.graph(), new Lowering() {}, true));
                action.accept(plan(inlined.gradient(), new Lowering() {}, true));
            }
        }
        OpCatalog.inFloat64().stream().filter(wanted).forEach(row -> action.accept(plan(row.graph(), lowering, true)));
    }

    private static Plan plan(Graph graph, Lowering lowering, boolean fuse) {
        return new Compiler(lowering, fuse).compile(graph, Map.of());
    }
}
