package io.tandem.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.autodiff.Gradients;
import io.tandem.backend.DeviceException;
import io.tandem.backend.DeviceOptions;
import io.tandem.backend.Executable;
import io.tandem.compile.Compiler;
import io.tandem.compile.Lowering;
import io.tandem.compile.Plan;
import io.tandem.conformance.Tolerance;
import io.tandem.cuda.simulation.SimulatedBlas;
import io.tandem.cuda.simulation.SimulatedDnn;
import io.tandem.cuda.simulation.SimulatedDriver;
import io.tandem.cuda.simulation.SimulationOptions;
import io.tandem.cuda.driver.Architecture;
import io.tandem.graph.CompositeKind;
import io.tandem.graph.Composites;
import io.tandem.graph.ConvolutionGeometry;
import io.tandem.graph.Graph;
import io.tandem.graph.Op;
import io.tandem.graph.PoolGeometry;
import io.tandem.graph.Pooling;
import io.tandem.graph.Tensor;
import io.tandem.reference.Interpreter;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** By what operations run: libraries in the precision that was asked for, or kernels where libraries do not reach. */
class OperationChoiceTest {
    private static final SimulationOptions LATE = SimulationOptions.DEFAULT.withDeferredStreams();

    private static NDArray values(TensorType type, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        return NDArray.generate(type, i -> type.dtype().isFloating() ? random.nextDouble(-1, 1) : random.nextInt(7));
    }

    private static void assertClose(Tolerance tolerance, NDArray expected, NDArray actual) {
        assertEquals(Optional.empty(), tolerance.mismatch(expected, actual));
    }

    /** Four spatial axes, which cuDNN does not have. */
    @Test
    void convolutionsBeyondTheLibrary() {
        ConvolutionGeometry geometry =
                new ConvolutionGeometry(List.of(1, 2, 1, 1), List.of(1, 0, 0, 1), List.of(0, 1, 0, 1),
                        List.of(1, 1, 2, 1), 2);
        Shape input = Shape.of(2, 4, 3, 5, 5, 4);
        Shape filter = Shape.of(6, 2, 2, 3, 2, 3);
        int[] dims = {2, 6, 0, 0, 0, 0};
        for (int a = 0; a < 4; a++) {
            dims[a + 2] = geometry.outputSize(a, input.dim(a + 2), filter.dim(a + 2));
        }
        for (DType dtype : List.of(DType.F32, DType.F64)) {
            Graph graph = new Graph();
            Tensor x = graph.input("x", new TensorType(dtype, input));
            Tensor w = graph.input("w", new TensorType(dtype, filter));
            Tensor g = graph.input("g", TensorType.of(dtype, dims));
            graph.output("y", graph.add(new Op.Convolution(geometry, dtype), x, w));
            graph.output("dx", graph.add(new Op.ConvolutionInputGradient(geometry, input, dtype), w, g));
            graph.output("dw", graph.add(new Op.ConvolutionFilterGradient(geometry, filter, dtype), x, g));
            graph.freeze();
            Map<String, NDArray> inputs = Map.of(
                    "x", values(x.type(), 1), "w", values(w.type(), 2), "g", values(g.type(), 3));
            try (CudaDevice device = SimulatedDevices.open(LATE, SimulatedDevices.DETERMINISTIC)) {
                Map<String, NDArray> expected = new Interpreter().run(graph, inputs);
                DeviceRun.once(device, graph, inputs).forEach(
                        (name, value) -> assertClose(Tolerance.sum(300), expected.get(name), value));
            }
        }
    }

    /** Sums by many destinations are atomic; in deterministic mode, and in 16 bits, the updates are sorted. */
    @Test
    void manyDestinations() {
        TensorType indices = TensorType.of(DType.I64, 4200);
        for (DType dtype : List.of(DType.F32, DType.F64, DType.I32, DType.I64, DType.F16, DType.BF16)) {
            TensorType updates = TensorType.of(dtype, 2, 4200, 3);
            Graph graph = new Graph();
            Tensor i = graph.input("i", indices);
            graph.output("y", graph.add(new Op.ScatterAdd(1, 40_000), i, graph.input("u", updates)));
            graph.freeze();
            SplittableRandom random = new SplittableRandom(1);
            Map<String, NDArray> inputs =
                    Map.of("i", NDArray.generate(indices, k -> 39_999 - random.nextInt(100)), "u", values(updates, 5));
            NDArray expected = new Interpreter().run(graph, inputs).get("y");
            boolean atomic = dtype.bytes() > 2;
            for (DeviceOptions options : List.of(DeviceOptions.defaults(), SimulatedDevices.DETERMINISTIC)) {
                try (CudaDevice device = SimulatedDevices.open(LATE, options);
                        DeviceRun run = new DeviceRun(device, graph, inputs)) {
                    run.run();
                    assertClose(Tolerance.sum(100), expected, run.outputs().get("y"));
                    String kernels = run.executable().profile(run.buffers()).getFirst().kernel();
                    assertEquals(
                            atomic && !options.deterministic(), kernels.contains("scatter_atomic"), () -> kernels);
                    assertEquals(
                            !atomic || options.deterministic(), kernels.contains("scatter_sorted"), () -> kernels);
                }
            }
        }
    }

    /** Bad indices are clamped and reported by the sorted form as well. */
    @Test
    void sortedSumsReportBadIndices() {
        TensorType indices = TensorType.of(DType.I32, 9000);
        Graph graph = new Graph();
        Tensor i = graph.input("i", indices);
        graph.output("y", graph.add(new Op.ScatterAdd(0, 40_000), i, graph.input("u", TensorType.f32(9000))));
        graph.freeze();
        Map<String, NDArray> inputs = Map.of(
                "i", NDArray.generate(indices, k -> k == 8123 ? 40_007 : k * 7919L % 40_000),
                "u", NDArray.generate(TensorType.f32(9000), k -> k % 13));
        try (CudaDevice device = SimulatedDevices.open(LATE, SimulatedDevices.DETERMINISTIC)) {
            assertEquals(
                    new Interpreter().run(graph, inputs).get("y"), DeviceRun.once(device, graph, inputs).get("y"));
            String error = device.takeError().orElseThrow();
            assertTrue(error.contains("index 40007 (number 8123 of 9000)"), error);
        }
    }

    /** Transpositions go through tiles in shared memory, with odd sizes, other axes, and fused operations. */
    @Test
    void transpositionsGoThroughTiles() {
        for (DType dtype : List.of(DType.F32, DType.F64, DType.BF16, DType.U8)) {
            Graph graph = new Graph();
            Tensor x = graph.input("x", TensorType.of(dtype, 3, 45, 2, 67));
            Tensor z = graph.input("z", TensorType.of(dtype, 3, 67, 2, 45));
            graph.output("plain", x.permute(0, 2, 3, 1));
            graph.output("mirrored", x.permute(3, 2, 0, 1));
            graph.output("added", x.permute(0, 3, 2, 1).add(z));
            graph.output("both", x.permute(3, 2, 0, 1).mul(x.flip(3).permute(3, 2, 0, 1)));
            graph.freeze();
            Map<String, NDArray> inputs = Map.of("x", values(x.type(), 1), "z", values(z.type(), 2));
            try (CudaDevice device = SimulatedDevices.open(LATE, SimulatedDevices.DETERMINISTIC);
                    DeviceRun run = new DeviceRun(device, graph, inputs)) {
                run.run();
                Map<String, NDArray> actual = run.outputs();
                new Interpreter().run(graph, inputs)
                        .forEach((name, value) -> assertEquals(value, actual.get(name), name));
                List<String> kernels = run.executable().profile(run.buffers()).stream()
                        .map(Executable.StepTime::kernel)
                        .toList();
                assertTrue(kernels.stream().allMatch(k -> k.startsWith("tiles_")), kernels::toString);
            }
        }
    }

    /** cuDNN's own attention projects its inputs with weights of its own: two batched products around one kernel. */
    @Test
    void attentionIsTwoProductsAndOneKernel() {
        for (boolean causal : new boolean[] {false, true}) {
            Graph graph = new Graph();
            Tensor q = graph.input("q", TensorType.f32(2, 3, 40, 8));
            Tensor k = graph.input("k", TensorType.f32(2, 3, 40, 8));
            Tensor v = graph.input("v", TensorType.f32(2, 3, 40, 8));
            graph.output("y", Composites.attention(q, k, v, Optional.empty(), causal, 0.35));
            graph.freeze();
            Map<String, NDArray> inputs =
                    Map.of("q", values(q.type(), 1), "k", values(k.type(), 2), "v", values(v.type(), 3));
            SimulatedDriver driver = new SimulatedDriver(SimulationOptions.DEFAULT);
            CudaRuntime runtime = new CudaRuntime(
                    driver, SimulatedDevices.compiler(), new SimulatedBlas(driver), new SimulatedDnn(driver));
            try (CudaDevice device =
                    new CudaDevice("cuda:0", runtime, SimulatedDevices.DETERMINISTIC, SimulatedDevices.SETTINGS);
                    DeviceRun run = new DeviceRun(device, graph, inputs)) {
                long before = driver.launches();
                List<String> kernels = run.executable().profile(run.buffers()).stream()
                        .map(Executable.StepTime::kernel)
                        .toList();
                assertEquals(1, driver.launches() - before, kernels::toString);
                assertEquals(3, kernels.size(), kernels::toString);
                assertEquals("cublas gemm 6 of 40x40x8", kernels.getFirst());
                assertTrue(kernels.get(1).startsWith("rows_"), kernels::toString);
                assertEquals("cublas gemm 6 of 40x8x40", kernels.getLast());
                assertClose(
                        new Tolerance(64, 16), new Interpreter().run(graph, inputs).get("y"), run.outputs().get("y"));
            }
        }
    }

    /** TF32 and BF16 round the factors of float32 products, so results differ, but not by much. */
    @Test
    void shorterProductsWhereTheyAreAskedFor() {
        Graph graph = new Graph();
        Tensor x = graph.input("x", TensorType.f32(8, 64));
        graph.output("y", x.matmul(x, false, true));
        graph.freeze();
        Map<String, NDArray> inputs = Map.of("x", values(TensorType.f32(8, 64), 1));
        NDArray exact = new Interpreter().run(graph, inputs).get("y");
        Map<DeviceOptions.MathPolicy, Double> units = Map.of(
                DeviceOptions.MathPolicy.EXACT, 0x1p-23,
                DeviceOptions.MathPolicy.TF32, 0x1p-10,
                DeviceOptions.MathPolicy.BF16, 0x1p-7);
        units.forEach((policy, unit) -> {
            try (CudaDevice device = SimulatedDevices.open(LATE, SimulatedDevices.DETERMINISTIC.withMath(policy))) {
                NDArray y = DeviceRun.once(device, graph, inputs).get("y");
                double worst = 0;
                for (int i = 0; i < 64; i++) {
                    worst = Math.max(worst, Math.abs(y.getDouble(i) - exact.getDouble(i)));
                }
                assertTrue(worst <= 64 * unit, policy + ": " + worst);
                assertTrue(policy == DeviceOptions.MathPolicy.EXACT || worst > 0x1p-18, policy + ": " + worst);
            }
        });
    }

    /** Larger than one piece of memory for a gradient can be: nothing is kept, or the composite's body runs. */
    @Test
    void largeResidualsAreNotKept() {
        try (CudaDevice device = SimulatedDevices.open(LATE, SimulatedDevices.DETERMINISTIC)) {
            Lowering lowering = device.lowering();
            PoolGeometry window = new PoolGeometry(
                    List.of(2, 2), List.of(2, 2), List.of(0, 0), List.of(0, 0), List.of(1, 1), false);
            Op pool = new Op.Pool(Pooling.MAX, window);
            assertEquals(1L << 30, lowering.residualBytes(pool, List.of(TensorType.f32(1 << 10, 1 << 10, 64, 64))));
            assertEquals(0, lowering.residualBytes(pool, List.of(TensorType.f32(1 << 12, 1 << 10, 64, 64))));
            for (int time : new int[] {10, 1000}) {
                List<TensorType> lstm = List.of(
                        TensorType.f32(time, 100, 64), TensorType.f32(100, 512), TensorType.f32(100, 512),
                        TensorType.f32(2048, 64), TensorType.f32(2048, 512), TensorType.f32(2048));
                assertEquals(
                        time == 10 ? Lowering.Support.PAIR : Lowering.Support.NONE,
                        lowering.composite(new CompositeKind.Lstm(false), lstm));
            }
        }
    }

    private static double furthest(NDArray a, NDArray b) {
        double worst = 0;
        for (long i = 0; i < a.shape().size(); i++) {
            worst = Math.max(worst, Math.abs(a.getDouble(i) - b.getDouble(i)));
        }
        return worst;
    }

    /** cuDNN's float32 convolutions know TF32 as the only shortened form, and older devices none. */
    @Test
    void shorterConvolutionsWhereTheyAreAskedFor() {
        ConvolutionGeometry geometry =
                new ConvolutionGeometry(List.of(1, 1), List.of(1, 1), List.of(1, 1), List.of(1, 1), 1);
        Graph graph = new Graph();
        Tensor x = graph.input("x", TensorType.f32(2, 5, 7, 7));
        Tensor w = graph.input("w", TensorType.f32(6, 5, 3, 3));
        Tensor g = graph.input("g", TensorType.f32(2, 6, 7, 7));
        graph.output("y", graph.add(new Op.Convolution(geometry, DType.F32), x, w));
        graph.output("dx", graph.add(new Op.ConvolutionInputGradient(geometry, x.shape(), DType.F32), w, g));
        graph.output("dw", graph.add(new Op.ConvolutionFilterGradient(geometry, w.shape(), DType.F32), x, g));
        graph.freeze();
        Map<String, NDArray> inputs =
                Map.of("x", values(x.type(), 1), "w", values(w.type(), 2), "g", values(g.type(), 3));
        Map<String, NDArray> exact = new Interpreter().run(graph, inputs);
        for (DeviceOptions.MathPolicy policy : DeviceOptions.MathPolicy.values()) {
            for (Architecture architecture : List.of(new Architecture(7, 0), new Architecture(8, 0))) {
                boolean shorter = policy != DeviceOptions.MathPolicy.EXACT && architecture.major() == 8;
                try (CudaDevice device = SimulatedDevices.open(
                        LATE.with(architecture), SimulatedDevices.DETERMINISTIC.withMath(policy))) {
                    DeviceRun.once(device, graph, inputs).forEach((name, value) -> {
                        double worst = furthest(exact.get(name), value);
                        assertTrue(worst <= 64 * 0x1p-11, () -> policy + ", " + name + ": " + worst);
                        assertEquals(shorter, worst > 0x1p-17, () -> policy + ", " + name + ": " + worst);
                    });
                }
            }
        }
    }

    @Test
    void shorterRecurrentNetworksWhereTheyAreAskedFor() {
        int hidden = 6;
        Graph graph = new Graph();
        Tensor x = graph.input("x", TensorType.f32(5, 3, 7));
        Tensor w = graph.input("w", TensorType.f32(4 * hidden, 7));
        Tensor u = graph.input("u", TensorType.f32(4 * hidden, hidden));
        Tensor zeros = graph.full(TensorType.f32(3, hidden), 0.25);
        Tensor y = Composites.lstm(x, zeros, zeros, w, u, graph.full(TensorType.f32(4 * hidden), 0.1), false)
                .getFirst();
        List<Tensor> gradients = Gradients.of(y.square().sum(), List.of(x, w, u));
        graph.output("y", y);
        for (int i = 0; i < 3; i++) {
            graph.output("g" + i, gradients.get(i));
        }
        graph.freeze();
        Map<String, NDArray> inputs =
                Map.of("x", values(x.type(), 1), "w", values(w.type(), 2), "u", values(u.type(), 3));
        Map<String, NDArray> exact = new Interpreter().run(graph, inputs);
        for (DeviceOptions.MathPolicy policy : List.of(DeviceOptions.MathPolicy.EXACT, DeviceOptions.MathPolicy.TF32)) {
            try (CudaDevice device = SimulatedDevices.open(LATE, SimulatedDevices.DETERMINISTIC.withMath(policy))) {
                DeviceRun.once(device, graph, inputs).forEach((name, value) -> {
                    double worst = furthest(exact.get(name), value);
                    assertTrue(worst <= 64 * 0x1p-11, () -> policy + ", " + name + ": " + worst);
                    assertEquals(
                            policy == DeviceOptions.MathPolicy.TF32, worst > 0x1p-17, () -> name + ": " + worst);
                });
            }
        }
    }

    /** bfloat16 on a device without units for it: convolutions run on own kernels, products are refused in words. */
    @Test
    void bfloat16OnOlderDevices() {
        SimulationOptions volta = LATE.with(new Architecture(7, 0));
        ConvolutionGeometry geometry =
                new ConvolutionGeometry(List.of(1, 1), List.of(0, 0), List.of(0, 0), List.of(1, 1), 1);
        Graph graph = new Graph();
        Tensor x = graph.input("x", TensorType.of(DType.BF16, 2, 5, 7, 7));
        Tensor w = graph.input("w", TensorType.of(DType.BF16, 6, 5, 3, 3));
        graph.output("y", graph.add(new Op.Convolution(geometry, DType.F32), x, w));
        graph.freeze();
        Map<String, NDArray> inputs = Map.of("x", values(x.type(), 1), "w", values(w.type(), 2));
        try (CudaDevice device = SimulatedDevices.open(volta, SimulatedDevices.DETERMINISTIC)) {
            assertClose(
                    new Tolerance(2, 1),
                    new Interpreter().run(graph, inputs).get("y"),
                    DeviceRun.once(device, graph, inputs).get("y"));
            Graph product = new Graph();
            Tensor a = product.input("a", TensorType.of(DType.BF16, 4, 4));
            product.output("b", a.matmul(a));
            Plan plan = new Compiler(device.lowering(), true).compile(product.freeze(), Map.of());
            DeviceException error = assertThrows(DeviceException.class, () -> device.compile(plan));
            assertTrue(error.getMessage().contains("from compute capability 8.0 on"), error.getMessage());
        }
    }

    /** Two gradients of one LSTM: the first must leave what the second needs. */
    @Test
    void twoGradientsOfOneRecurrentLayer() {
        Graph graph = new Graph();
        int hidden = 3;
        Tensor x = graph.input("x", TensorType.f32(4, 2, 5));
        Tensor h = graph.input("h", TensorType.f32(2, hidden));
        Tensor c = graph.input("c", TensorType.f32(2, hidden));
        Tensor w = graph.input("w", TensorType.f32(4 * hidden, 5));
        Tensor u = graph.input("u", TensorType.f32(4 * hidden, hidden));
        Tensor b = graph.input("b", TensorType.f32(4 * hidden));
        List<Tensor> results = Composites.lstm(x, h, c, w, u, b, false);
        List<Tensor> first = Gradients.of(results.get(0).sum(), List.of(x, u));
        List<Tensor> second = Gradients.of(results.get(2).square().sum(), List.of(w, h));
        graph.output("dx", first.get(0));
        graph.output("du", first.get(1));
        graph.output("dw", second.get(0));
        graph.output("dh", second.get(1));
        graph.freeze();
        Map<String, NDArray> inputs = new LinkedHashMap<>();
        graph.inputs().forEach(t -> inputs.put(((Op.Input) t.node().op()).name(), values(t.type(), inputs.size())));
        try (CudaDevice device = SimulatedDevices.open(LATE, SimulatedDevices.DETERMINISTIC)) {
            Map<String, NDArray> expected = new Interpreter().run(graph, inputs);
            DeviceRun.once(device, graph, inputs).forEach(
                    (name, value) -> assertClose(new Tolerance(256, 256), expected.get(name), value));
        }
    }
}
