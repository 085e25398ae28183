package io.tandem.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.tandem.autodiff.Gradients;
import io.tandem.backend.Buffer;
import io.tandem.backend.Device;
import io.tandem.backend.DeviceOptions;
import io.tandem.backend.Executable;
import io.tandem.compile.ChannelBlocks;
import io.tandem.compile.Compiler;
import io.tandem.compile.Plan;
import io.tandem.conformance.Tolerance;
import io.tandem.cpu.onednn.OneDnn;
import io.tandem.graph.Composites;
import io.tandem.graph.ConvolutionGeometry;
import io.tandem.graph.Graph;
import io.tandem.graph.Op;
import io.tandem.graph.PoolGeometry;
import io.tandem.graph.Pooling;
import io.tandem.graph.Tensor;
import io.tandem.nn.Activation;
import io.tandem.nn.Conv;
import io.tandem.nn.Dense;
import io.tandem.nn.GlobalAveragePool;
import io.tandem.nn.Losses;
import io.tandem.nn.Model;
import io.tandem.nn.Sequential;
import io.tandem.optim.Sgd;
import io.tandem.reference.Interpreter;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.TensorType;
import io.tandem.train.State;
import io.tandem.train.TrainStep;
import io.tandem.train.Training;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.Function;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Networks whose activations are in blocks of channels, against the reference. */
class CpuLayoutTest {
    private static final int CHANNELS = 16;

    @BeforeEach
    void needsOneDnn() {
        assumeTrue(OneDnn.find().isPresent(), OneDnn.explanation());
    }

    private static Tensor convolve(Tensor x, Tensor filter, int stride, int pad) {
        ConvolutionGeometry geometry = new ConvolutionGeometry(
                List.of(stride, stride), List.of(pad, pad), List.of(pad, pad), List.of(1, 1), 1);
        return x.graph().add(new Op.Convolution(geometry, DType.F32), List.of(x, filter)).getFirst();
    }

    private static Tensor pool(Tensor x, Pooling pooling) {
        PoolGeometry geometry = new PoolGeometry(
                List.of(2, 2), List.of(2, 2), List.of(0, 0), List.of(0, 0), List.of(1, 1), false);
        return x.graph().add(new Op.Pool(pooling, geometry), List.of(x)).getFirst();
    }

    private static Tensor perChannel(Tensor channels) {
        return channels.reshape(channels.dim(0), 1, 1);
    }

    @Test
    void poolingAndDenseLayers() {
        check(graph -> {
            Tensor x = graph.input("x", TensorType.f32(3, 2, 10, 10));
            Tensor a = convolve(x, graph.input("w0", TensorType.f32(CHANNELS, 2, 3, 3)), 1, 1)
                    .add(perChannel(graph.input("b0", TensorType.f32(CHANNELS))))
                    .relu();
            Tensor b = convolve(a, graph.input("w1", TensorType.f32(2 * CHANNELS, CHANNELS, 3, 3)), 1, 0).relu();
            Tensor c = pool(b, Pooling.MAX).flatten(1);
            return c.matmul(graph.input("w2", TensorType.f32(c.dim(1), 5))).tanh();
        });
    }

    @Test
    void normsAndSkipConnections() {
        check(graph -> {
            Tensor x = graph.input("x", TensorType.f32(4, CHANNELS, 6, 6));
            Tensor scale = graph.input("scale", TensorType.f32(CHANNELS));
            Tensor shift = graph.input("shift", TensorType.f32(CHANNELS));
            Tensor a = convolve(x, graph.input("w0", TensorType.f32(CHANNELS, CHANNELS, 3, 3)), 1, 1);
            Tensor b = Composites.batchNormTraining(a, scale, shift, 1e-5).getFirst().relu();
            Tensor c = convolve(b, graph.input("w1", TensorType.f32(CHANNELS, CHANNELS, 3, 3)), 1, 1);
            Tensor d = Composites.batchNormTraining(c, scale, shift, 1e-5).getFirst().add(a).relu();
            Tensor e = convolve(d, graph.input("w2", TensorType.f32(2 * CHANNELS, CHANNELS, 1, 1)), 2, 0);
            return e.mean(2, 3);
        });
    }

    /** Uses that want the value row-major, or in part, or along other axes. */
    @Test
    void mixedUses() {
        check(graph -> {
            Tensor x = graph.input("x", TensorType.f32(2, CHANNELS, 5, 4));
            Tensor w = graph.input("w0", TensorType.f32(CHANNELS, CHANNELS, 3, 3));
            Tensor a = convolve(x, w, 1, 1);
            Tensor part = a.slice(1, 3, 9).exp().sum(1);
            Tensor turned = a.permute(0, 2, 1, 3).flip(1).mul(0.5).reshape(2, 5, CHANNELS * 4);
            Tensor softmax = Composites.softmax(a, 1).sub(a.max(1).expandDims(1));
            Tensor again = convolve(softmax, w, 1, 1);
            Tensor average = pool(again, Pooling.AVERAGE).flatten(1);
            return Tensor.concat(
                    1,
                    part.flatten(1),
                    turned.flatten(1).matmul(graph.input("w1", TensorType.f32(5 * CHANNELS * 4, 3))),
                    average);
        });
    }

    private static void check(Function<Graph, Tensor> network) {
        Graph graph = new Graph();
        Tensor y = network.apply(graph);
        SplittableRandom random = new SplittableRandom(5);
        NDArray cotangent = NDArray.generate(y.type(), i -> random.nextDouble(-1, 1));
        List<Tensor> inputs = graph.inputs();
        List<Tensor> gradients =
                Gradients.gradients(List.of(y), List.of(graph.constant(cotangent)), inputs);
        graph.output("y", y);
        for (int i = 0; i < gradients.size(); i++) {
            graph.output("gradient " + i, gradients.get(i));
        }
        graph.freeze();
        Map<String, NDArray> values = new LinkedHashMap<>();
        for (Tensor input : inputs) {
            String name = ((Op.Input) input.node().op()).name();
            values.put(name, NDArray.generate(input.type(), i -> random.nextDouble(-0.3, 0.3)));
        }
        Map<String, NDArray> expected = new Interpreter().run(graph, values);
        for (boolean fuse : new boolean[] {true, false}) {
            try (Device device =
                    new CpuDevice(DeviceOptions.defaults().withThreads(2), new CpuSettings(true, true, true))) {
                Plan plan = new Compiler(device.lowering(), fuse).compile(graph, Map.of());
                Executable executable = device.compile(plan);
                assertTrue(
                        executable.plan().values().stream().anyMatch(v -> v.layout() instanceof ChannelBlocks),
                        "no value has a layout");
                List<Buffer> buffers = new ArrayList<>();
                for (Plan.Argument argument : plan.arguments()) {
                    Buffer buffer = device.allocate(argument.type().bytes());
                    buffers.add(buffer);
                    if (values.containsKey(argument.name())) {
                        device.write(buffer, 0, values.get(argument.name()).segment());
                    }
                }
                executable.run(buffers);
                for (int i = 0; i < buffers.size(); i++) {
                    Plan.Argument argument = plan.arguments().get(i);
                    if (argument.role() == Plan.Role.OUTPUT) {
                        MemorySegment memory = NDArray.allocate(argument.type());
                        device.read(buffers.get(i), 0, memory);
                        NDArray actual = NDArray.wrap(argument.type(), memory);
                        assertEquals(
                                Optional.empty(),
                                new Tolerance(64, 2000).mismatch(expected.get(argument.name()), actual),
                                argument.name() + (fuse ? " fused" : " unfused"));
                    }
                }
            }
        }
    }

    /** Layouts that suit most convolutions must not push others to the library's reference code, 100 times slower. */
    @Test
    void noConvolutionFallsToReferenceCode() {
        assumeTrue(OneDnn.find().isPresent(), "needs oneDNN");
        int[][] channels = {{16, 32}, {32, 16}, {16, 16}, {64, 128}, {3, 24}};
        try (Device device = Device.of("cpu")) {
            for (int[] pair : channels) {
                for (int stride = 1; stride <= 2; stride++) {
                    Model model = Model.of(
                            Sequential.of(
                                    Conv.conv2d(pair[0], 3).withPadding(1),
                                    Conv.conv2d(pair[1], 3).withStride(stride).withPadding(1),
                                    Activation.relu(),
                                    GlobalAveragePool.of(),
                                    Dense.of(3)),
                            pair[0], 14, 14);
                    Training training = Training.of(model, Losses.crossEntropy(), Sgd.of(0.1));
                    try (State state = State.of(model, device, 1);
                            TrainStep step = new TrainStep(training, state, TensorType.of(DType.I32))) {
                        NDArray labels = NDArray.zeros(TensorType.of(DType.I32, 4));
                        step.run(List.of(NDArray.zeros(TensorType.f32(4, pair[0], 14, 14))), labels).loss();
                        for (Executable.StepTime time : step.profile(4)) {
                            assertFalse(
                                    time.kernel().contains("ref:"),
                                    () -> time.kernel() + " for " + time.step().label() + ", channels "
                                            + pair[0] + " and " + pair[1]);
                        }
                    }
                }
            }
        }
    }
}
