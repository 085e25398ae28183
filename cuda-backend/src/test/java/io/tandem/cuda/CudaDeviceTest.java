package io.tandem.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.autodiff.Gradients;
import io.tandem.backend.Buffer;
import io.tandem.backend.Device;
import io.tandem.backend.DeviceException;
import io.tandem.backend.Executable;
import io.tandem.compile.Compiler;
import io.tandem.compile.Plan;
import io.tandem.conformance.Tolerance;
import io.tandem.cuda.simulation.GppCompiler;
import io.tandem.cuda.simulation.SimulatedBlas;
import io.tandem.cuda.simulation.SimulatedDnn;
import io.tandem.cuda.simulation.SimulatedDriver;
import io.tandem.cuda.simulation.SimulationOptions;
import io.tandem.graph.ConvolutionGeometry;
import io.tandem.graph.Graph;
import io.tandem.graph.Op;
import io.tandem.graph.Tensor;
import io.tandem.reference.Interpreter;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.TensorType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What CUDA devices do beside what all devices do: graphs, staging, merged launches, words for exhausted memory. */
class CudaDeviceTest {
    private static final SimulationOptions LATE = SimulationOptions.DEFAULT.withDeferredStreams();

    private static NDArray values(TensorType type, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        return NDArray.generate(type, i -> type.dtype().isFloating() ? random.nextDouble(-1, 1) : random.nextInt(7));
    }

    private static void assertClose(Tolerance tolerance, NDArray expected, NDArray actual) {
        assertEquals(Optional.empty(), tolerance.mismatch(expected, actual));
    }

    private record Rig(SimulatedDriver driver, CudaDevice device) {
        static Rig open(SimulationOptions simulation, CudaSettings settings) {
            GppCompiler compiler = SimulatedDevices.compiler();
            SimulatedDriver driver = new SimulatedDriver(simulation);
            CudaRuntime runtime =
                    new CudaRuntime(driver, compiler, new SimulatedBlas(driver), new SimulatedDnn(driver));
            return new Rig(driver, new CudaDevice("cuda:0", runtime, SimulatedDevices.DETERMINISTIC, settings));
        }
    }

    private static Graph twoLayers() {
        Graph graph = new Graph();
        Tensor x = graph.input("x", TensorType.f32(6, 20));
        Tensor w = graph.input("w", TensorType.f32(20, 9));
        graph.output("y", x.matmul(w).tanh().softmax(1));
        return graph.freeze();
    }

    @Test
    void replaysAreEqualToPlainRuns() {
        Map<String, NDArray> inputs =
                Map.of("x", values(TensorType.f32(6, 20), 1), "w", values(TensorType.f32(20, 9), 2));
        Map<String, NDArray> plain;
        try (CudaDevice device = SimulatedDevices.open(
                LATE, SimulatedDevices.DETERMINISTIC.withGraphs(false))) {
            plain = DeviceRun.once(device, twoLayers(), inputs);
        }
        Rig rig = Rig.open(LATE, SimulatedDevices.SETTINGS);
        try (CudaDevice device = rig.device();
                DeviceRun run = new DeviceRun(device, twoLayers(), inputs)) {
            for (int i = 0; i < 4; i++) {
                NDArray other = values(TensorType.f32(6, 20), 1);
                device.write(run.buffers().getFirst(), 0, other.segment());
                long before = rig.driver().launches();
                run.run();
                assertEquals(plain, run.outputs());
                assertTrue(rig.driver().launches() > before, "the replayed launches count");
            }
        }
    }

    @Test
    void alternatingBuffersHaveGraphsOfTheirOwn() {
        Graph graph = twoLayers();
        Map<String, NDArray> first =
                Map.of("x", values(TensorType.f32(6, 20), 1), "w", values(TensorType.f32(20, 9), 2));
        Map<String, NDArray> second =
                Map.of("x", values(TensorType.f32(6, 20), 3), "w", values(TensorType.f32(20, 9), 4));
        try (CudaDevice device = SimulatedDevices.open(LATE, SimulatedDevices.DETERMINISTIC);
                DeviceRun a = new DeviceRun(device, graph, first);
                DeviceRun b = new DeviceRun(device, graph, second)) {
            for (int i = 0; i < 12; i++) {
                a.executable().run(i % 2 == 0 ? a.buffers() : b.buffers());
            }
            assertClose(new Tolerance(64, 64), new Interpreter().run(graph, first).get("y"), a.outputs().get("y"));
            assertClose(new Tolerance(64, 64), new Interpreter().run(graph, second).get("y"), b.outputs().get("y"));
        }
    }

    /** More sets of buffers than graphs that are kept, and a workspace that grows in between. */
    @Test
    void graphsGoWhenOthersCome() {
        Graph graph = twoLayers();
        try (CudaDevice device = SimulatedDevices.open(LATE, SimulatedDevices.DETERMINISTIC)) {
            Plan plan = new Compiler(device.lowering(), true).compile(graph, Map.of());
            try (Executable executable = device.compile(plan)) {
                for (int round = 0; round < 12; round++) {
                    Map<String, NDArray> inputs = Map.of(
                            "x", values(TensorType.f32(6, 20), round), "w", values(TensorType.f32(20, 9), -round));
                    try (DeviceRun buffers = new DeviceRun(device, plan, inputs)) {
                        executable.run(buffers.buffers());
                        executable.run(buffers.buffers());
                        assertClose(
                                new Tolerance(64, 64),
                                new Interpreter().run(graph, inputs).get("y"),
                                buffers.outputs().get("y"));
                    }
                    if (round == 6) {
                        Graph large = new Graph();
                        large.output("s", large.input("a", TensorType.f32(300, 300)).exp()
                                .matmul(large.input("b", TensorType.f32(300, 4))));
                        DeviceRun.once(device, large.freeze(), Map.of(
                                "a", values(TensorType.f32(300, 300), 8), "b", values(TensorType.f32(300, 4), 9)));
                    }
                }
            }
        }
    }

    @Test
    void largeWritesKeepTheirOrder() {
        int n = 9_000_001; // several pieces
        try (CudaDevice device = SimulatedDevices.open(LATE, SimulatedDevices.DETERMINISTIC);
                Buffer buffer = device.allocate(4L * n)) {
            for (int round = 0; round < 3; round++) {
                float[] values = new float[n];
                for (int i = 0; i < n; i += 1000) {
                    values[i] = i + round;
                }
                device.write(buffer, 0, MemorySegment.ofArray(values));
                device.write(buffer, 4000, MemorySegment.ofArray(new float[] {-1, -2}));
                values[1000] = -1;
                values[1001] = -2;
                float[] back = new float[n];
                device.read(buffer, 0, MemorySegment.ofArray(back));
                assertEquals(-1, MemorySegment.ofArray(values).mismatch(MemorySegment.ofArray(back)));
            }
        }
    }

    /** The buffer's next content must not arrive while a step that was asked for before still reads it. */
    @Test
    void writesWaitForEarlierWork() {
        Graph graph = new Graph();
        Tensor x = graph.input("x", TensorType.f32(20_000));
        Tensor sum = graph.input("sum", TensorType.f32());
        graph.output("sum'", sum.add(x.sum()));
        graph.freeze();
        try (CudaDevice device = SimulatedDevices.open(LATE, SimulatedDevices.DETERMINISTIC)) {
            Plan plan = new Compiler(device.lowering(), true).compile(graph, Map.of("sum'", "sum"));
            Map<String, NDArray> inputs =
                    Map.of("x", NDArray.zeros(TensorType.f32(20_000)), "sum", NDArray.scalar(DType.F32, 0));
            try (DeviceRun run = new DeviceRun(device, plan, inputs)) {
                for (int i = 1; i <= 9; i++) {
                    device.write(run.buffers().getFirst(), 0, NDArray.full(TensorType.f32(20_000), i).segment());
                    run.run();
                }
                assertEquals(45 * 20_000, run.outputs().get("sum").item());
            }
        }
    }

    @Test
    void updatesOfManyParametersAreOneLaunch() {
        Graph graph = new Graph();
        Map<String, String> updates = new LinkedHashMap<>();
        Map<String, NDArray> inputs = new LinkedHashMap<>();
        int[] sizes = {2, 3, 1000, 4097, 64, 7};
        Tensor rate = graph.input("rate", TensorType.f32());
        inputs.put("rate", NDArray.scalar(DType.F32, 0.25));
        for (int i = 0; i < sizes.length; i++) {
            TensorType type = TensorType.f32(sizes[i]);
            Tensor w = graph.input("w" + i, type);
            Tensor g = graph.input("g" + i, type);
            graph.output("w" + i + "'", w.sub(g.mul(rate)));
            updates.put("w" + i + "'", "w" + i);
            inputs.put("w" + i, values(type, i));
            inputs.put("g" + i, values(type, 100 + i));
        }
        graph.freeze();
        Rig rig = Rig.open(SimulationOptions.DEFAULT, SimulatedDevices.SETTINGS);
        try (CudaDevice device = rig.device()) {
            Plan plan = new Compiler(device.lowering(), true).compile(graph, updates);
            try (DeviceRun run = new DeviceRun(device, plan, inputs)) {
                long before = rig.driver().launches();
                run.run();
                assertEquals(1, rig.driver().launches() - before);
                Map<String, NDArray> expected = new Interpreter().run(graph, inputs);
                Map<String, NDArray> actual = run.outputs();
                updates.forEach((output, input) -> assertEquals(expected.get(output), actual.get(input), input));
                List<Executable.StepTime> times = run.executable().profile(run.buffers());
                assertEquals(plan.steps().size(), times.size());
                assertTrue(times.getLast().kernel().contains("6 steps"), () -> times.getLast().kernel());
            }
        }
    }

    /** The second kernel reads what the first one of its kind writes: they must not run at once. */
    @Test
    void dependentKernelsAreNotMerged() {
        Graph graph = new Graph();
        Tensor x = graph.input("x", TensorType.f32(200));
        Tensor y = x.add(1).reshape(1, 200).matmul(graph.input("w", TensorType.f32(200, 200))).reshape(200).add(1);
        graph.output("a", x.add(1));
        graph.output("b", y.add(1));
        graph.freeze();
        Map<String, NDArray> inputs =
                Map.of("x", values(TensorType.f32(200), 1), "w", values(TensorType.f32(200, 200), 2));
        try (CudaDevice device = SimulatedDevices.open(LATE, SimulatedDevices.DETERMINISTIC)) {
            Map<String, NDArray> expected = new Interpreter().run(graph, inputs);
            DeviceRun.once(device, graph, inputs).forEach(
                    (name, value) -> assertClose(Tolerance.sum(200), expected.get(name), value));
        }
    }

    @Test
    void exhaustedMemoryNamesTheLargestValues() {
        try (CudaDevice device = SimulatedDevices.open(
                LATE.withMemory(24L << 20), SimulatedDevices.DETERMINISTIC)) {
            Graph graph = new Graph();
            Tensor x = graph.input("x", TensorType.f32(2000, 4));
            Tensor wide = graph.inScope("encoder.dense", () -> x.matmul(x.mul(2), false, true));
            graph.output("y", graph.inScope("head", () -> wide.matmul(wide).matmul(x)));
            Plan plan = new Compiler(device.lowering(), true).compile(graph.freeze(), Map.of());
            DeviceException error = assertThrows(DeviceException.class, () -> device.compile(plan));
            String message = error.getMessage();
            assertTrue(message.contains("cuda:0 is out of memory"), message);
            assertTrue(message.contains("f32[2000, 2000]"), message);
            assertTrue(message.contains("in encoder.dense"), message);
            assertTrue(message.contains("instead of 2000"), message);
            DeviceException buffer = assertThrows(DeviceException.class, () -> device.allocate(1L << 30));
            assertTrue(buffer.getMessage().contains("1,073,741,824"), buffer.getMessage());
        }
    }

    private static Plan classifier(CudaDevice device, int batch) {
        Graph graph = new Graph();
        Tensor x = graph.input("x", TensorType.f32(batch, 64));
        Tensor w = graph.input("w", TensorType.f32(64, 384));
        Tensor v = graph.input("v", TensorType.f32(384, 256));
        Tensor hidden = x.matmul(w).tanh();
        Tensor out = hidden.matmul(v).exp();
        Tensor loss = out.matmul(v, false, true).mul(hidden).mean();
        List<Tensor> gradients = Gradients.of(loss, List.of(w, v));
        graph.output("w'", w.sub(gradients.get(0)));
        graph.output("v'", v.sub(gradients.get(1)));
        return new Compiler(device.lowering(), true).compile(graph.freeze(), Map.of("w'", "w", "v'", "v"));
    }

    /** The advice is an estimate, but not a bad one: it fits, and twice as much does not. */
    @Test
    void exhaustedMemoryTellsTheBatchThatFits() {
        int batch = 4000;
        try (CudaDevice device = SimulatedDevices.open(
                SimulationOptions.DEFAULT.withMemory(16L << 20), SimulatedDevices.DETERMINISTIC)) {
            DeviceException error =
                    assertThrows(DeviceException.class, () -> device.compile(classifier(device, batch)));
            Matcher advice = Pattern.compile("A batch of about (\\d+) instead of 4000 would fit \\(estimated")
                    .matcher(error.getMessage());
            assertTrue(advice.find(), error.getMessage());
            int fits = Integer.parseInt(advice.group(1));
            device.compile(classifier(device, fits)).close();
            assertThrows(DeviceException.class, () -> device.compile(classifier(device, 2 * fits)));
        }
        try (CudaDevice device = SimulatedDevices.open(
                SimulationOptions.DEFAULT.withMemory(64 << 10), SimulatedDevices.DETERMINISTIC)) {
            DeviceException error =
                    assertThrows(DeviceException.class, () -> device.compile(classifier(device, batch)));
            assertTrue(error.getMessage().contains("Not even a batch of 1"), error.getMessage());
        }
    }

    /** Each step of a plan gets a time from events, and the name of the kernel or library that runs it. */
    @Test
    void profileNamesKernelsAndLibraries() {
        Graph graph = new Graph();
        Tensor x = graph.input("x", TensorType.f32(2, 3, 9, 9));
        Tensor w = graph.input("w", TensorType.f32(4, 3, 3, 3));
        Tensor v = graph.input("v", TensorType.f32(4 * 49, 5));
        ConvolutionGeometry geometry =
                new ConvolutionGeometry(List.of(1, 1), List.of(0, 0), List.of(0, 0), List.of(1, 1), 1);
        Tensor convolved = graph.add(new Op.Convolution(geometry, DType.F32), x, w).relu();
        graph.output("y", convolved.reshape(2, 4 * 49).matmul(v).softmax(1));
        graph.freeze();
        Map<String, NDArray> inputs = Map.of("x", values(x.type(), 1), "w", values(w.type(), 2), "v",
                values(v.type(), 3));
        for (boolean graphs : new boolean[] {true, false}) {
            try (CudaDevice device = SimulatedDevices.open(LATE, SimulatedDevices.DETERMINISTIC.withGraphs(graphs));
                    DeviceRun run = new DeviceRun(device, graph, inputs)) {
                run.run();
                Map<String, NDArray> expected = run.outputs();
                List<Executable.StepTime> times = run.executable().profile(run.buffers());
                assertEquals(expected, run.outputs());
                List<String> names = times.stream().map(Executable.StepTime::kernel).toList();
                assertTrue(names.stream().anyMatch(n -> n.startsWith("cudnn convolution, algorithm ")),
                        names::toString);
                assertTrue(names.contains("cublas gemm 2x5x196"), names::toString);
                assertTrue(names.stream().anyMatch(n -> n.startsWith("elementwise_")), names::toString);
                assertTrue(names.stream().anyMatch(n -> n.startsWith("rows_")), names::toString);
                assertTrue(times.stream().allMatch(t -> t.seconds() > 0), times::toString);
            }
        }
    }

    @Test
    void aFailedKernelIsAnErrorOfTheDevice() {
        Graph graph = new Graph();
        graph.output("y", graph.input("x", TensorType.f32(100)).exp());
        Rig rig = Rig.open(SimulationOptions.DEFAULT, SimulatedDevices.SETTINGS);
        try (CudaDevice device = rig.device()) {
            Plan plan = new Compiler(device.lowering(), true).compile(graph.freeze(), Map.of());
            try (Executable executable = device.compile(plan);
                    Buffer x = device.allocate(400);
                    Buffer y = device.allocate(400)) {
                // Never written: the simulation reports the read.
                DeviceException error =
                        assertThrows(DeviceException.class, () -> executable.run(List.of(x, y)));
                assertTrue(error.getMessage().contains("exp"), error.getMessage());
                assertTrue(error.getMessage().contains("nobody wrote"), error.getMessage());
            }
        }
    }

    @Test
    void constantsAreSharedAndCounted() {
        Graph graph = new Graph();
        NDArray table = values(TensorType.f32(500), 3);
        Tensor x = graph.input("x", TensorType.f32(500));
        graph.output("y", x.mul(graph.constant(table)));
        graph.freeze();
        Map<String, NDArray> inputs = Map.of("x", values(TensorType.f32(500), 4));
        try (CudaDevice device = SimulatedDevices.open(LATE, SimulatedDevices.DETERMINISTIC)) {
            long before = device.allocatedBytes();
            try (DeviceRun run = new DeviceRun(device, graph, inputs)) {
                assertTrue(device.allocatedBytes() >= before + 3 * 2000);
                run.run();
                assertEquals(new Interpreter().run(graph, inputs).get("y"), run.outputs().get("y"));
            }
            assertTrue(device.allocatedBytes() - before <= 256);
            float[] one = new float[1];
            try (Buffer small = device.allocate(4)) {
                device.write(small, 0, MemorySegment.ofArray(new float[] {7}));
                device.read(small, 0, MemorySegment.ofArray(one));
            }
            assertEquals(7, MemorySegment.ofArray(one).get(ValueLayout.JAVA_FLOAT, 0));
        }
    }

    @Test
    void descriptionNamesDeviceAndCompiler() {
        try (Device device = SimulatedDevices.open(LATE, SimulatedDevices.DETERMINISTIC)) {
            assertEquals("cuda:0", device.info().name());
            assertTrue(device.info().description().contains("simulated device, compute capability 8.0"));
        }
    }
}
