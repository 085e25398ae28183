package io.tandem.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.tandem.compile.Compiler;
import io.tandem.compile.Plan;
import io.tandem.conformance.OpCase;
import io.tandem.conformance.OpCatalog;
import io.tandem.conformance.Tolerance;
import io.tandem.cuda.driver.KernelSource;
import io.tandem.cuda.simulation.SimulationOptions;
import io.tandem.cuda.simulation.ThreadOrder;
import io.tandem.graph.Composites;
import io.tandem.graph.Graph;
import io.tandem.graph.Op;
import io.tandem.graph.Reduction;
import io.tandem.graph.Tensor;
import io.tandem.reference.Interpreter;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.TensorType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/**
 * Kernels whose threads wait for each other, with blocks and threads in several orders: a missing barrier shows in
 * one of them. Sums must have equal bits in each.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ThreadOrderTest {
    private static final List<String> WAITING = List.of("__syncthreads", "__shfl", "__ballot");

    private final Map<ThreadOrder, CudaDevice> devices = new LinkedHashMap<>();
    private final List<Case> cases = new ArrayList<>();

    private record Case(String name, Graph graph, Map<String, NDArray> inputs, Tolerance tolerance) {}

    @BeforeAll
    void open() {
        for (ThreadOrder order : ThreadOrder.values()) {
            devices.put(order, SimulatedDevices.open(
                    SimulationOptions.DEFAULT.with(order), SimulatedDevices.DETERMINISTIC));
        }
        for (OpCase row : OpCatalog.cases()) {
            cases.add(new Case(row.name(), row.graph(), row.bindings(), row.tolerance()));
        }
        // One row per thread, warp or block, long rows in two stages; each along rows and along columns.
        int[][] shapes =
                {{3, 5}, {1000, 3}, {7, 100}, {5, 700}, {4, 1500}, {3, 5000}, {2, 40_000}, {1, 100_003}, {70_000, 3}};
        for (int[] shape : shapes) {
            for (Reduction reduction : Reduction.values()) {
                cases.add(reduction(reduction, DType.F32, shape[0], shape[1], 1));
                cases.add(reduction(reduction, DType.F32, shape[1], shape[0], 0));
            }
            cases.add(reduction(Reduction.SUM, DType.I64, shape[0], shape[1], 1));
            cases.add(reduction(Reduction.SUM, DType.F64, shape[1], shape[0], 0));
        }
        for (int classes : new int[] {20, 300, 3000}) {
            cases.add(softmax(classes));
        }
        cases.add(moments());
        cases.add(scatter());
        cases.add(scatterToManyPlaces());
        cases.add(transposition());
        cases.removeIf(c -> sources(c.graph()).stream()
                .noneMatch(s -> WAITING.stream().anyMatch(w -> s.text().contains(w))));
        List<KernelSource> all = cases.stream().flatMap(c -> sources(c.graph()).stream()).toList();
        SimulatedDevices.compiler().compileAll(all, SimulationOptions.DEFAULT.architecture());
    }

    @AfterAll
    void close() {
        devices.values().forEach(CudaDevice::close);
    }

    private List<KernelSource> sources(Graph graph) {
        CudaDevice device = devices.get(ThreadOrder.FORWARD);
        Plan plan = new Compiler(device.lowering(), true).compile(graph, Map.of());
        return device.sources(plan);
    }

    private static NDArray values(TensorType type, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        return NDArray.generate(
                type, i -> type.dtype().isFloating() ? random.nextDouble(-1, 1) : random.nextInt(-1000, 1000));
    }

    private static Case reduction(Reduction reduction, DType dtype, int rows, int columns, int axis) {
        Graph graph = new Graph();
        TensorType type = TensorType.of(dtype, rows, columns);
        Tensor x = graph.input("x", type);
        Tensor squares = x.mul(x).sub(x);
        DType accumulator = dtype == DType.F32 ? DType.F32 : dtype;
        Op op = new Op.Reduce(reduction, List.of(axis), accumulator);
        graph.output("y", graph.add(op, squares));
        String name = "%s of %s over axis %d".formatted(reduction, type, axis);
        long terms = type.shape().dim(axis);
        // In float64 the reference itself is as far from the sum as the device: its error grows with the number of
        // terms.
        Tolerance tolerance =
                dtype == DType.F64 ? new Tolerance(4 + Math.sqrt(terms), 4 + terms) : Tolerance.sum(terms);
        return new Case(name, graph.freeze(), Map.of("x", values(type, 1)), tolerance);
    }

    private static Case softmax(int classes) {
        Graph graph = new Graph();
        TensorType type = TensorType.f32(9, classes);
        graph.output("y", graph.input("x", type).softmax(1));
        return new Case("softmax of " + type, graph.freeze(), Map.of("x", values(type, 2)), new Tolerance(64, 16));
    }

    private static Case moments() {
        Graph graph = new Graph();
        TensorType type = TensorType.f32(6, 2500);
        Tensor x = graph.input("x", type);
        List<Tensor> norm = Composites.layerNorm(x, graph.full(TensorType.f32(2500), 1.5),
                graph.full(TensorType.f32(2500), 0.5), 1e-5);
        graph.output("y", norm.get(0));
        graph.output("mean", norm.get(1));
        graph.output("inverse", norm.get(2));
        return new Case("layer-norm of " + type, graph.freeze(), Map.of("x", values(type, 3)), new Tolerance(64, 64));
    }

    /** Few destinations and many updates: summed in parts. */
    private static Case scatter() {
        Graph graph = new Graph();
        TensorType indices = TensorType.of(DType.I32, 5000);
        TensorType updates = TensorType.f32(5000, 40);
        Tensor i = graph.input("i", indices);
        graph.output("y", graph.add(new Op.ScatterAdd(0, 3), i, graph.input("u", updates)));
        SplittableRandom random = new SplittableRandom(4);
        Map<String, NDArray> values =
                Map.of("i", NDArray.generate(indices, k -> random.nextInt(3)), "u", values(updates, 5));
        return new Case("scatter-add to few places", graph.freeze(), values, Tolerance.sum(5000));
    }

    /** Many destinations: updates are sorted first. */
    private static Case scatterToManyPlaces() {
        Graph graph = new Graph();
        TensorType indices = TensorType.of(DType.I64, 9000);
        TensorType updates = TensorType.f32(9000, 3);
        Tensor i = graph.input("i", indices);
        graph.output("y", graph.add(new Op.ScatterAdd(0, 30_000), i, graph.input("u", updates)));
        SplittableRandom random = new SplittableRandom(6);
        Map<String, NDArray> values =
                Map.of("i", NDArray.generate(indices, k -> random.nextInt(2000)), "u", values(updates, 7));
        return new Case("scatter-add to many places", graph.freeze(), values, Tolerance.sum(20));
    }

    private static Case transposition() {
        Graph graph = new Graph();
        TensorType type = TensorType.f32(3, 70, 45);
        graph.output("y", graph.input("x", type).permute(0, 2, 1).exp());
        return new Case("transposition of " + type, graph.freeze(), Map.of("x", values(type, 8)),
                Tolerance.FUNCTION);
    }

    @TestFactory
    Stream<DynamicTest> agreesInEachOrder() {
        assertTrue(cases.size() > 100, () -> "only " + cases.size() + " cases have kernels with barriers");
        return cases.stream().map(c -> dynamicTest(c.name(), () -> check(c)));
    }

    private void check(Case c) {
        Map<String, NDArray> expected = new Interpreter().run(c.graph(), c.inputs());
        Map<String, NDArray> forward = DeviceRun.once(devices.get(ThreadOrder.FORWARD), c.graph(), c.inputs());
        expected.forEach((name, value) -> {
            Optional<String> mismatch = c.tolerance().mismatch(value, forward.get(name));
            assertTrue(mismatch.isEmpty(), () -> name + ": " + mismatch.orElseThrow());
        });
        for (ThreadOrder order : List.of(ThreadOrder.REVERSE, ThreadOrder.SHUFFLED)) {
            assertEquals(forward, DeviceRun.once(devices.get(order), c.graph(), c.inputs()), order::name);
        }
    }
}
