package io.tandem.cuda;

import io.tandem.autodiff.Gradients;
import io.tandem.compile.Compiler;
import io.tandem.compile.Lowering;
import io.tandem.compile.Plan;
import io.tandem.conformance.Inlining;
import io.tandem.conformance.OpCase;
import io.tandem.conformance.OpCatalog;
import io.tandem.cuda.driver.KernelSource;
import io.tandem.graph.Graph;
import io.tandem.graph.Tensor;
import io.tandem.tensor.NDArray;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/**
 * The kernels that the conformance suite will need, found before it runs, so that many are compiled with one call of
 * the compiler.
 */
public final class CatalogPlans {
    private CatalogPlans() {}

    /** All different kernel sources of the catalog's graphs and their gradients, in the order in which they occur. */
    public static List<KernelSource> sources(CudaDevice device) {
        Map<String, KernelSource> sources = new LinkedHashMap<>();
        each(device.lowering(), plan -> device.sources(plan).forEach(s -> sources.putIfAbsent(s.text(), s)));
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

    private static void each(Lowering lowering, Consumer<Plan> action) {
        List<OpCase> cases = new ArrayList<>(OpCatalog.cases());
        cases.addAll(OpCatalog.outOfRange());
        for (OpCase row : cases) {
            action.accept(plan(row.graph(), lowering, true));
            action.accept(plan(row.graph(), lowering, false));
            if (row.differentiable()) {
                action.accept(plan(gradient(row), lowering, true));
                OpCase inlined = new OpCase(
                        row.name(), row.inputs(), Inlining.of(row.build()), row.tolerance(), row.differentiable());
                action.accept(plan(inlined.graph(), new Lowering() {}, true));
                action.accept(plan(gradient(inlined), new Lowering() {}, true));
            }
        }
        OpCatalog.inFloat64().forEach(row -> action.accept(plan(row.graph(), lowering, true)));
    }

    private static Plan plan(Graph graph, Lowering lowering, boolean fuse) {
        return new Compiler(lowering, fuse).compile(graph, Map.of());
    }

    /** The outputs, and the gradients of a weighted sum of all floating ones, as the conformance suite builds them. */
    private static Graph gradient(OpCase row) {
        Graph graph = new Graph();
        List<Tensor> inputs = new ArrayList<>();
        for (int i = 0; i < row.inputs().size(); i++) {
            inputs.add(graph.input("x" + i, row.inputs().get(i).type()));
        }
        List<Tensor> outputs = row.build().apply(List.copyOf(inputs));
        List<Tensor> floating =
                outputs.stream().filter(y -> y.dtype().isFloating()).toList();
        SplittableRandom random = new SplittableRandom(row.name().hashCode());
        List<Tensor> cotangents = floating.stream()
                .map(y -> graph.constant(NDArray.generate(y.type(), i -> random.nextDouble(-1, 1))))
                .toList();
        for (int i = 0; i < outputs.size(); i++) {
            graph.output("y" + i, outputs.get(i));
        }
        List<Tensor> wrt = inputs.stream().filter(x -> x.dtype().isFloating()).toList();
        List<Tensor> gradients = Gradients.gradients(floating, cotangents, wrt);
        for (int i = 0; i < gradients.size(); i++) {
            graph.output("g" + i, gradients.get(i));
        }
        return graph.freeze();
    }
}
