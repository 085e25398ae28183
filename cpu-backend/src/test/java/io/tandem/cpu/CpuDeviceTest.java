package io.tandem.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.tandem.autodiff.Gradients;
import io.tandem.backend.Buffer;
import io.tandem.backend.Device;
import io.tandem.backend.DeviceException;
import io.tandem.backend.DeviceOptions;
import io.tandem.backend.Devices;
import io.tandem.backend.Executable;
import io.tandem.compile.Compiler;
import io.tandem.compile.Plan;
import io.tandem.conformance.Tolerance;
import io.tandem.cpu.onednn.OneDnn;
import io.tandem.cpu.primitive.OneDnnContext;
import io.tandem.graph.ConvolutionGeometry;
import io.tandem.graph.Distribution;
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
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class CpuDeviceTest {

    /** A graph on a device, with buffers for all arguments. */
    private record Session(Device device, Plan plan, Executable executable, List<Buffer> buffers) {
        static Session of(Device device, Graph graph) {
            Plan plan = new Compiler(device.lowering(), true).compile(graph, Map.of());
            List<Buffer> buffers = new ArrayList<>();
            plan.arguments().forEach(a -> buffers.add(device.allocate(a.type().bytes())));
            return new Session(device, plan, device.compile(plan), buffers);
        }

        Map<String, NDArray> run(Map<String, NDArray> inputs) {
            for (int i = 0; i < buffers.size(); i++) {
                NDArray value = inputs.get(plan.arguments().get(i).name());
                if (value != null) {
                    device.write(buffers.get(i), 0, value.segment());
                }
            }
            executable.run(buffers);
            Map<String, NDArray> outputs = new LinkedHashMap<>();
            for (int i = 0; i < buffers.size(); i++) {
                Plan.Argument argument = plan.arguments().get(i);
                if (argument.role() == Plan.Role.OUTPUT) {
                    MemorySegment memory = NDArray.allocate(argument.type());
                    device.read(buffers.get(i), 0, memory);
                    outputs.put(argument.name(), NDArray.wrap(argument.type(), memory));
                }
            }
            return outputs;
        }
    }

    private static NDArray numbers(TensorType type, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        return NDArray.generate(type, i -> random.nextDouble(-1, 1));
    }

    /** A product, a fused kernel and a reduction of n x n. */
    private static Graph square(int n) {
        Graph graph = new Graph();
        Tensor x = graph.input("x", TensorType.f32(n, n));
        graph.output("y", x.matmul(x).tanh().add(x).sum(0));
        return graph.freeze();
    }

    @Test
    void isFoundByName() {
        try (Device device = Device.of("cpu")) {
            assertEquals("cpu", device.info().name());
            assertTrue(device.info().threads() >= 1);
        }
        DeviceException e = assertThrows(DeviceException.class, () -> Device.of("cpu:7"));
        assertTrue(e.getMessage().contains("cpu:7"), e.getMessage());
        assertThrows(
                DeviceException.class, () -> Devices.open("cpu", DeviceOptions.defaults().withThreads(-1)));
    }

    /** The workspace grows with the second program, and the first one must follow it. */
    @Test
    void programsShareAWorkspace() {
        try (Device device = Device.of("cpu")) {
            Session small = Session.of(device, square(8));
            Session large = Session.of(device, square(150));
            Map<String, NDArray> x8 = Map.of("x", numbers(TensorType.f32(8, 8), 1));
            Map<String, NDArray> x150 = Map.of("x", numbers(TensorType.f32(150, 150), 2));
            Map<String, NDArray> first = small.run(x8);
            Map<String, NDArray> second = large.run(x150);
            assertEquals(first, small.run(x8));
            assertEquals(second, large.run(x150));
            small.executable.close();
            assertEquals(second, large.run(x150));
        }
    }

    @Test
    void threadsDoNotChangeFusedKernelsAndRandomNumbers() {
        Graph graph = new Graph();
        Tensor seed = graph.input("seed", TensorType.of(DType.I64));
        Tensor counter = graph.input("counter", TensorType.of(DType.I64));
        Shape shape = Shape.of(257, 129);
        List<Tensor> drawn = new ArrayList<>();
        for (Distribution distribution : Distribution.values()) {
            drawn.add(graph.add(new Op.Random(distribution, shape, 42), List.of(seed, counter)).getFirst());
            graph.output(distribution.name(), drawn.getLast());
        }
        graph.output("sums", drawn.get(1).mul(drawn.get(2)).exp().sum(0));
        graph.output("total", drawn.get(2).sum());
        graph.freeze();
        Map<String, NDArray> inputs = Map.of("seed", NDArray.scalar(-5), "counter", NDArray.scalar(1L << 40));
        Map<String, NDArray> expected = new Interpreter().run(graph, inputs);
        Map<Integer, Map<String, NDArray>> byThreads = new HashMap<>();
        for (int threads = 1; threads <= 3; threads++) {
            try (Device device = Devices.open("cpu", DeviceOptions.defaults().withThreads(threads))) {
                byThreads.put(threads, Session.of(device, graph).run(inputs));
            }
        }
        assertEquals(byThreads.get(1), byThreads.get(2));
        assertEquals(byThreads.get(1), byThreads.get(3));
        assertEquals(expected.get("BITS"), byThreads.get(1).get("BITS"));
        assertEquals(expected.get("UNIFORM"), byThreads.get(1).get("UNIFORM"));
        assertEquals(
                Optional.empty(),
                Tolerance.FUNCTION.mismatch(expected.get("NORMAL"), byThreads.get(1).get("NORMAL")));
    }

    /** Windows side by side, with ties and NaN, in one to three dimensions. */
    @Test
    void poolsWhoseWindowsTile() {
        List<TensorType> types =
                List.of(TensorType.f32(2, 3, 12), TensorType.f32(2, 16, 6, 4), TensorType.f32(1, 2, 2, 4, 6));
        for (boolean oneDnn : new boolean[] {true, false}) {
            try (Device device = new CpuDevice(
                    DeviceOptions.defaults().withThreads(2), new CpuSettings(oneDnn, true, true))) {
                for (TensorType type : types) {
                    for (Pooling pooling : Pooling.values()) {
                        pool(device, type, pooling);
                    }
                }
            }
        }
    }

    private static void pool(Device device, TensorType type, Pooling pooling) {
        int axes = type.shape().rank() - 2;
        List<Integer> two = Collections.nCopies(axes, 2);
        List<Integer> zero = Collections.nCopies(axes, 0);
        PoolGeometry geometry =
                new PoolGeometry(two, two, zero, zero, Collections.nCopies(axes, 1), false);
        Graph graph = new Graph();
        Tensor x = graph.input("x", type);
        Tensor y = graph.add(new Op.Pool(pooling, geometry), List.of(x)).getFirst();
        Tensor g = graph.input("g", y.type());
        graph.output("y", y);
        graph.output("dx", Gradients.gradients(List.of(y), List.of(g), List.of(x)).getFirst());
        graph.freeze();
        Map<String, NDArray> inputs = Map.of(
                "x", NDArray.generate(type, i -> i % 29 == 0 ? Double.NaN : i * 7 % 5), "g", numbers(y.type(), 3));
        Map<String, NDArray> expected = new Interpreter().run(graph, inputs);
        Map<String, NDArray> actual = Session.of(device, graph).run(inputs);
        expected.forEach((name, value) -> assertEquals(
                Optional.empty(),
                Tolerance.sum(8).mismatch(value, actual.get(name)),
                () -> pooling + " of " + type + ", " + name));
    }

    @Test
    void roundedProducts() {
        assumeTrue(
                OneDnn.find().map(OneDnnContext::multipliesBfloat16).orElse(false),
                "no oneDNN, or no instructions for bfloat16");
        Graph graph = new Graph();
        Tensor x = graph.input("x", TensorType.f32(2, 16, 8, 8));
        Tensor w = graph.input("w", TensorType.f32(16, 16, 3, 3));
        ConvolutionGeometry geometry =
                new ConvolutionGeometry(List.of(1, 1), List.of(1, 1), List.of(1, 1), List.of(1, 1), 1);
        Tensor y = graph.add(new Op.Convolution(geometry, DType.F32), List.of(x, w)).getFirst();
        Tensor z = y.flatten(1);
        Tensor product = z.matmul(z, false, true);
        List<Tensor> gradients = Gradients.of(product.sum(), List.of(x, w));
        graph.output("product", product);
        graph.output("dx", gradients.get(0));
        graph.output("dw", gradients.get(1));
        graph.freeze();
        Map<String, NDArray> inputs = Map.of("x", numbers(x.type(), 1), "w", numbers(w.type(), 2));
        Map<String, NDArray> expected = new Interpreter().run(graph, inputs);
        DeviceOptions options = DeviceOptions.defaults().withMath(DeviceOptions.MathPolicy.BF16);
        try (Device device = Devices.open("cpu", options)) {
            Map<String, NDArray> actual = Session.of(device, graph).run(inputs);
            for (String name : expected.keySet()) {
                double[] e = expected.get(name).toDoubles();
                double[] a = actual.get(name).toDoubles();
                double error = 0;
                double size = 0;
                for (int i = 0; i < e.length; i++) {
                    error += (e[i] - a[i]) * (e[i] - a[i]);
                    size += e[i] * e[i];
                }
                assertTrue(error > 0, name + " was not rounded");
                assertTrue(Math.sqrt(error / size) < 0x1p-6, name + " differs by " + Math.sqrt(error / size));
            }
        }
    }

    /** Without instructions for them, products of 16 bits are named once per device, not per program. */
    @Test
    void slowProductsAreNamedOnce() {
        Logger logger = (Logger) LoggerFactory.getLogger(SlowProducts.class);
        ListAppender<ILoggingEvent> lines = new ListAppender<>();
        lines.start();
        logger.addAppender(lines);
        DeviceOptions options = DeviceOptions.defaults().withMath(DeviceOptions.MathPolicy.BF16);
        try (Device device = new CpuDevice(options, new CpuSettings(false, true, true))) {
            for (DType dtype : List.of(DType.BF16, DType.F16, DType.F16, DType.F32)) {
                Graph graph = new Graph();
                Tensor x = graph.input("x", TensorType.of(dtype, 3, 3));
                graph.output("y", x.matmul(x));
                Session.of(device, graph.freeze());
            }
        } finally {
            logger.detachAppender(lines);
        }
        List<String> said =
                lines.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
        assertEquals(2, said.size(), said.toString());
        assertTrue(said.get(0).contains("bfloat16 (AVX-512 BF16 or AMX)"), said.get(0));
        assertTrue(said.get(1).contains("float16 (AVX-512 FP16 or AMX-FP16)"), said.get(1));
    }

    /** Devices are independent: each has its own thread, and closing one leaves the other alone. */
    @Test
    void twoDevices() {
        try (Device one = Device.of("cpu");
                Device two = Device.of("cpu")) {
            Map<String, NDArray> x = Map.of("x", numbers(TensorType.f32(20, 20), 4));
            Session a = Session.of(one, square(20));
            Session b = Session.of(two, square(20));
            Map<String, NDArray> expected = a.run(x);
            assertEquals(expected, b.run(x));
            one.close();
            assertEquals(expected, b.run(x));
            assertThrows(DeviceException.class, () -> a.run(x));
        }
    }

    @Test
    void closingGivesAllMemoryBack() {
        Device device = Device.of("cpu");
        Session session = Session.of(device, square(64));
        session.run(Map.of("x", numbers(TensorType.f32(64, 64), 5)));
        assertNotEquals(0, device.allocatedBytes());
        device.close();
        assertEquals(0, device.allocatedBytes());
    }

    /** A failure of work that runs on its own is thrown by the next call. */
    @Test
    void failuresOfTheOwnThreadAreThrown() {
        try (OwnerThread owner = new OwnerThread("test", 1)) {
            owner.post(() -> {
                throw new IllegalStateException("broken");
            });
            DeviceException e = assertThrows(DeviceException.class, owner::finish);
            assertTrue(e.getMessage().contains("broken"), e.getMessage());
            assertEquals(7, owner.<Integer>compute(() -> 7));
            owner.post(() -> {
                throw new OutOfMemoryError("for the test");
            });
            assertThrows(OutOfMemoryError.class, () -> owner.call(() -> {}));
            owner.finish();
        }
    }
}
