package io.tandem.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.compile.Compiler;
import io.tandem.compile.Lowering;
import io.tandem.compile.Plan;
import io.tandem.conformance.Tolerance;
import io.tandem.cuda.lib.ConvolutionPass;
import io.tandem.cuda.simulation.SimulatedBlas;
import io.tandem.cuda.simulation.SimulatedDnn;
import io.tandem.cuda.simulation.SimulatedDriver;
import io.tandem.cuda.simulation.SimulationOptions;
import io.tandem.graph.CompositeKind;
import io.tandem.graph.ConvolutionGeometry;
import io.tandem.graph.Graph;
import io.tandem.graph.Op;
import io.tandem.reference.Interpreter;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.TensorType;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** What cuBLAS and cuDNN may refuse when they are called, though nothing said so before. */
class LibraryLimitsTest {
    private static NDArray values(TensorType type, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        return NDArray.generate(type, i -> random.nextDouble(-1, 1));
    }

    @Test
    void anotherAlgorithmReplacesOneThatIsRefused() {
        Graph graph = new Graph();
        ConvolutionGeometry geometry =
                new ConvolutionGeometry(List.of(1, 1), List.of(1, 1), List.of(1, 1), List.of(1, 1), 1);
        TensorType x = TensorType.f32(2, 3, 6, 5);
        TensorType w = TensorType.f32(4, 3, 3, 3);
        graph.output(
                "y",
                graph.add(
                        new Op.Convolution(geometry, DType.F32),
                        List.of(graph.input("x", x), graph.input("w", w)))
                        .getFirst()
                        .exp());
        graph.freeze();
        SimulatedDriver driver = new SimulatedDriver(SimulationOptions.DEFAULT.withDeferredStreams());
        SimulatedDnn dnn = new SimulatedDnn(driver);
        dnn.refuse(ConvolutionPass.FORWARD, 1);
        CudaRuntime runtime =
                new CudaRuntime(driver, SimulatedDevices.compiler(), new SimulatedBlas(driver), dnn);
        Map<String, NDArray> inputs = Map.of("x", values(x, 1), "w", values(w, 2));
        try (CudaDevice device =
                new CudaDevice("cuda:0", runtime, SimulatedDevices.DETERMINISTIC, SimulatedDevices.SETTINGS);
                DeviceRun run = new DeviceRun(device, graph, inputs)) {
            for (int i = 0; i < 3; i++) { // plain, captured, replayed
                run.run();
                assertEquals(
                        Optional.empty(),
                        Tolerance.sum(64).mismatch(new Interpreter().run(graph, inputs).get("y"),
                                run.outputs().get("y")));
            }
            assertTrue(run.executable().profile(run.buffers()).stream()
                    .anyMatch(step -> step.kernel().equals("cudnn convolution, algorithm 0")));
        }
    }

    @Test
    void largeBatchesOfProductsAreSeveralCalls() {
        Graph graph = new Graph();
        TensorType x = TensorType.f32(70_001, 2, 1);
        TensorType y = TensorType.f32(70_001, 1, 2);
        graph.output("z", graph.input("x", x).matmul(graph.input("y", y)));
        graph.freeze();
        Map<String, NDArray> inputs = Map.of("x", values(x, 1), "y", values(y, 2));
        try (CudaDevice device = SimulatedDevices.open(
                SimulationOptions.DEFAULT.withDeferredStreams(), SimulatedDevices.DETERMINISTIC)) {
            assertEquals(
                    Optional.empty(),
                    Tolerance.ARITHMETIC.mismatch(
                            new Interpreter().run(graph, inputs).get("z"),
                            DeviceRun.once(device, graph, inputs).get("z")));
        }
    }

    @Test
    void tensorsOfManyElementsAreLeftToGeneratedKernels() {
        TensorType x = TensorType.f32(70_000, 8, 64, 64);
        Graph graph = new Graph();
        ConvolutionGeometry geometry =
                new ConvolutionGeometry(List.of(1, 1), List.of(0, 0), List.of(0, 0), List.of(1, 1), 1);
        graph.output(
                "y",
                graph.add(
                        new Op.Convolution(geometry, DType.F32),
                        List.of(graph.input("x", x), graph.input("w", TensorType.f32(1, 8, 1, 1))))
                        .getFirst());
        try (CudaDevice device = SimulatedDevices.open(SimulationOptions.DEFAULT, SimulatedDevices.DETERMINISTIC)) {
            Plan plan = new Compiler(device.lowering(), true).compile(graph.freeze(), Map.of());
            assertTrue(device.sources(plan).stream().anyMatch(s -> s.text().contains("convolution")));
            CompositeKind norm = new CompositeKind.BatchNormTraining(1e-5);
            TensorType channels = TensorType.f32(8);
            assertEquals(
                    Lowering.Support.NONE, device.lowering().composite(norm, List.of(x, channels, channels)));
            assertEquals(
                    Lowering.Support.PAIR,
                    device.lowering().composite(norm, List.of(TensorType.f32(7, 8, 64, 64), channels, channels)));
        }
    }
}
