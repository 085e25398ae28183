package io.tandem.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.autodiff.Gradients;
import io.tandem.backend.DeviceOptions;
import io.tandem.compile.ChannelBlocks;
import io.tandem.compile.Compiler;
import io.tandem.compile.Plan;
import io.tandem.conformance.Tolerance;
import io.tandem.cuda.lowering.ChannelsLast;
import io.tandem.cuda.simulation.ThreadOrder;
import io.tandem.graph.Composites;
import io.tandem.graph.ConvolutionGeometry;
import io.tandem.graph.Graph;
import io.tandem.graph.Op;
import io.tandem.graph.PoolGeometry;
import io.tandem.graph.Pooling;
import io.tandem.graph.Tensor;
import io.tandem.nn.Activation;
import io.tandem.nn.BatchNorm;
import io.tandem.nn.Conv;
import io.tandem.nn.Dense;
import io.tandem.nn.Flatten;
import io.tandem.nn.Losses;
import io.tandem.nn.MaxPool;
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
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;

/** Networks whose activations have their channels innermost, against the reference. */
abstract class ChannelsLastChecks {
    private static final int CHANNELS = 16;

    /**
     * The device under test.
     *
     * @param order the order of threads, where that can be chosen
     */
    abstract CudaDevice open(ChannelsLast.Where where, ThreadOrder order, DeviceOptions options);

    /** The orders of threads to test. */
    abstract List<ThreadOrder> orders();

    /** The networks with all of their gradients, in single and half precision. */
    static List<Graph> graphs() {
        List<Graph> graphs = new ArrayList<>();
        for (DType dtype : List.of(DType.F32, DType.F16)) {
            graphs.add(differentiated(ChannelsLastChecks::poolingAndDense, dtype));
            graphs.add(differentiated(ChannelsLastChecks::normsAndSkips, dtype));
            graphs.add(differentiated(ChannelsLastChecks::mixedUses, dtype));
            graphs.add(differentiated(ChannelsLastChecks::poolBetweenLayouts, dtype));
        }
        return graphs;
    }

    private static Tensor input(Graph graph, String name, DType dtype, int... dims) {
        return graph.input(name, TensorType.of(dtype, dims));
    }

    private static Tensor convolve(Tensor x, Tensor filter, int stride, int low, int high) {
        ConvolutionGeometry geometry = new ConvolutionGeometry(
                List.of(stride, stride), List.of(low, low), List.of(high, high), List.of(1, 1), 1);
        return x.graph().add(new Op.Convolution(geometry, DType.F32), List.of(x, filter)).getFirst();
    }

    private static Tensor pool(Tensor x, Pooling pooling) {
        PoolGeometry geometry = new PoolGeometry(
                List.of(3, 2), List.of(2, 2), List.of(1, 0), List.of(0, 0), List.of(1, 1), false);
        return x.graph().add(new Op.Pool(pooling, geometry), List.of(x)).getFirst();
    }

    private static Tensor perChannel(Tensor channels) {
        return channels.reshape(channels.dim(0), 1, 1);
    }

    private static Tensor poolingAndDense(Graph graph, DType dtype) {
        Tensor x = input(graph, "x", dtype, 3, 3, 10, 10);
        Tensor a = convolve(x, input(graph, "w0", dtype, CHANNELS, 3, 3, 3), 1, 1, 1)
                .add(perChannel(input(graph, "b0", dtype, CHANNELS)))
                .relu();
        Tensor b = convolve(a, input(graph, "w1", dtype, 2 * CHANNELS, CHANNELS, 3, 3), 1, 0, 0)
                .relu();
        Tensor c = pool(b, Pooling.MAX);
        Tensor d = convolve(c, input(graph, "w2", dtype, CHANNELS, 2 * CHANNELS, 1, 1), 1, 0, 0);
        Tensor e = pool(d, Pooling.AVERAGE).flatten(1);
        return e.matmul(input(graph, "w3", dtype, e.dim(1), 5)).tanh();
    }

    private static Tensor normsAndSkips(Graph graph, DType dtype) {
        Tensor x = input(graph, "x", dtype, 4, CHANNELS, 6, 6);
        Tensor scale = input(graph, "scale", dtype, CHANNELS);
        Tensor shift = input(graph, "shift", dtype, CHANNELS);
        Tensor a = convolve(x, input(graph, "w0", dtype, CHANNELS, CHANNELS, 3, 3), 1, 1, 1);
        Tensor b = Composites.batchNormTraining(a, scale, shift, 1e-5).getFirst().relu();
        Tensor c = convolve(b, input(graph, "w1", dtype, CHANNELS, CHANNELS, 3, 3), 1, 1, 1);
        Tensor d = Composites.batchNormTraining(c, scale, shift, 1e-5).getFirst().add(a).relu();
        return convolve(d, input(graph, "w2", dtype, 2 * CHANNELS, CHANNELS, 1, 1), 2, 0, 0).mean(2, 3);
    }

    /** Uses that want the value row-major, in part, along other axes, or padded on one side. */
    private static Tensor mixedUses(Graph graph, DType dtype) {
        Tensor x = input(graph, "x", dtype, 2, CHANNELS, 5, 4);
        Tensor w = input(graph, "w0", dtype, CHANNELS, CHANNELS, 3, 3);
        Tensor a = convolve(x, w, 1, 1, 1);
        Tensor part = a.slice(1, 3, 9).exp().sum(1);
        Tensor turned = a.permute(0, 2, 1, 3).flip(1).mul(0.5).reshape(2, 5, CHANNELS * 4);
        Tensor softmax = Composites.softmax(a, 1).sub(a.max(1).expandDims(1));
        Tensor again = convolve(softmax, w, 1, 0, 2);
        Tensor average = pool(again, Pooling.AVERAGE).flatten(1);
        return Tensor.concat(
                1,
                part.flatten(1),
                turned.flatten(1).matmul(input(graph, "w1", dtype, 5 * CHANNELS * 4, 3)),
                average);
    }

    /** The pool runs with channels innermost, its gradient between row-major values. */
    private static Tensor poolBetweenLayouts(Graph graph, DType dtype) {
        Tensor x = input(graph, "x", dtype, 2, CHANNELS, 7, 6);
        Tensor a = convolve(x, input(graph, "w", dtype, CHANNELS, CHANNELS, 3, 3), 1, 1, 1).stopGradient();
        return pool(a.add(input(graph, "z", dtype, 2, CHANNELS, 7, 6)), Pooling.MAX);
    }

    @Test
    void poolingAndDenseLayers() {
        check(ChannelsLastChecks::poolingAndDense, DType.F32, ChannelsLast.Where.EVERYWHERE, new Tolerance(64, 2000));
    }

    @Test
    void normsAndSkipConnections() {
        check(ChannelsLastChecks::normsAndSkips, DType.F32, ChannelsLast.Where.EVERYWHERE, new Tolerance(64, 2000));
    }

    @Test
    void mixedUsesAndUnevenPadding() {
        check(ChannelsLastChecks::mixedUses, DType.F32, ChannelsLast.Where.EVERYWHERE, new Tolerance(64, 2000));
    }

    @Test
    void winnersOfPoolsKeepTheirOrder() {
        check(ChannelsLastChecks::poolBetweenLayouts, DType.F32, ChannelsLast.Where.EVERYWHERE, new Tolerance(64, 500));
    }

    /** Sums are rounded to 16 bits at other places than the reference's, and pass through several layers. */
    @Test
    void halfPrecision() {
        Tolerance tolerance = new Tolerance(32, 32);
        for (DType dtype : List.of(DType.F16, DType.BF16)) {
            check(ChannelsLastChecks::poolingAndDense, dtype, ChannelsLast.Where.TENSOR_CORES, tolerance);
            check(ChannelsLastChecks::poolBetweenLayouts, dtype, ChannelsLast.Where.TENSOR_CORES, tolerance);
        }
    }

    private static Graph differentiated(BiFunction<Graph, DType, Tensor> network, DType dtype) {
        Graph graph = new Graph();
        Tensor y = network.apply(graph, dtype);
        SplittableRandom random = new SplittableRandom(5);
        NDArray cotangent = NDArray.generate(y.type(), i -> random.nextDouble(-1, 1));
        List<Tensor> inputs = graph.inputs();
        List<Tensor> gradients =
                Gradients.gradients(List.of(y), List.of(graph.constant(cotangent)), inputs);
        graph.output("y", y);
        for (int i = 0; i < gradients.size(); i++) {
            graph.output("gradient " + i, gradients.get(i));
        }
        return graph.freeze();
    }

    private void check(
            BiFunction<Graph, DType, Tensor> network, DType dtype, ChannelsLast.Where where, Tolerance tolerance) {
        Graph graph = differentiated(network, dtype);
        SplittableRandom random = new SplittableRandom(6);
        Map<String, NDArray> values = new LinkedHashMap<>();
        for (Tensor input : graph.inputs()) {
            String name = ((Op.Input) input.node().op()).name();
            values.put(name, NDArray.generate(input.type(), i -> random.nextDouble(-0.3, 0.3)));
        }
        Map<String, NDArray> expected = new Interpreter().run(graph, values);
        for (boolean fuse : new boolean[] {true, false}) {
            for (ThreadOrder order : fuse ? orders() : orders().subList(0, 1)) {
                try (CudaDevice device = open(where, order, SimulatedDevices.DETERMINISTIC)) {
                    Plan plan = new Compiler(device.lowering(), fuse).compile(graph, Map.of());
                    try (DeviceRun run = new DeviceRun(device, plan, values)) {
                        assertTrue(hasLayouts(run.executable().plan()), "no value has a layout");
                        run.run();
                        run.run();
                        run.outputs().forEach((name, actual) -> assertEquals(
                                Optional.empty(),
                                tolerance.mismatch(expected.get(name), actual),
                                name + (fuse ? " fused " : " unfused ") + dtype + " " + order));
                    }
                }
            }
        }
    }

    private static boolean hasLayouts(Plan plan) {
        return plan.values().stream().anyMatch(v -> v.layout() instanceof ChannelBlocks);
    }

    private static Model images() {
        return Model.of(
                Sequential.of(
                        Conv.conv2d(8, 3).withPadding(1),
                        BatchNorm.of(),
                        Activation.relu(),
                        MaxPool.pool2d(2),
                        Conv.conv2d(16, 3).withPadding(1),
                        Activation.relu(),
                        Flatten.of(),
                        Dense.of(4)),
                3, 8, 8);
    }

    private record Trained(List<Float> losses, Plan plan) {}

    private Trained train(ChannelsLast.Where where, DeviceOptions.MathPolicy math) {
        Model model = images();
        Training training = Training.of(model, Losses.crossEntropy(), Sgd.of(0.05));
        try (CudaDevice device = open(where, orders().getFirst(), SimulatedDevices.DETERMINISTIC.withMath(math));
                State state = State.of(model, device, 3);
                TrainStep step = new TrainStep(training, state, TensorType.of(DType.I32))) {
            SplittableRandom random = new SplittableRandom(7);
            List<Float> losses = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                NDArray x = NDArray.generate(TensorType.f32(6, 3, 8, 8), k -> random.nextDouble(-1, 1));
                NDArray labels = NDArray.generate(TensorType.of(DType.I32, 6), k -> random.nextInt(4));
                losses.add(step.run(List.of(x), labels).loss());
            }
            return new Trained(losses, step.plan(6));
        }
    }

    /** Steps of training with TF32: as in row-major order, which rounds the same factors. */
    @Test
    void trainingWithTf32() {
        Trained expected = train(ChannelsLast.Where.NOWHERE, DeviceOptions.MathPolicy.TF32);
        Trained actual = train(ChannelsLast.Where.TENSOR_CORES, DeviceOptions.MathPolicy.TF32);
        assertFalse(hasLayouts(expected.plan()));
        assertTrue(hasLayouts(actual.plan()));
        for (int i = 0; i < expected.losses().size(); i++) {
            assertEquals(expected.losses().get(i), actual.losses().get(i), 1e-3f, "step " + i);
        }
    }

    /** Between the first convolution and the dense layer nothing is rearranged but where the dense layer wants it. */
    @Test
    void chainsAreNotConverted() {
        Plan plan = train(ChannelsLast.Where.TENSOR_CORES, DeviceOptions.MathPolicy.TF32).plan();
        long conversions =
                plan.steps().stream().filter(s -> s.action() instanceof Plan.Convert).count();
        assertTrue(conversions <= 2, plan::toString);
    }

    @Test
    void exactConvolutionsStayRowMajor() {
        assertFalse(hasLayouts(train(ChannelsLast.Where.TENSOR_CORES, DeviceOptions.MathPolicy.EXACT).plan()));
    }
}
