package io.tandem.benchmarks;

import io.tandem.autodiff.Gradients;
import io.tandem.graph.Composites;
import io.tandem.graph.ConvolutionGeometry;
import io.tandem.graph.Graph;
import io.tandem.graph.Op;
import io.tandem.graph.PoolGeometry;
import io.tandem.graph.Pooling;
import io.tandem.graph.Tensor;
import io.tandem.optim.Adam;
import io.tandem.optim.Optimizer;
import io.tandem.tensor.DType;
import io.tandem.tensor.TensorType;
import java.util.List;
import java.util.function.Consumer;

/** What is timed: the kernels that the workloads spend their time in, in the workloads' sizes. */
public enum Kernel {
    /** A negated copy of 64 MB: as fast as memory allows. */
    COPY(graph -> graph.output("y", graph.input("x", TensorType.f32(1 << 24)).neg())),
    /** The square product that workload {@code gemm} also measures. */
    PRODUCT_1024(product(1024, 1024, 1024)),
    /** First layer of {@code mlp}. */
    PRODUCT_MLP_1(product(128, 784, 256)),
    /** Gradient of that layer's weights. */
    PRODUCT_MLP_1_WEIGHTS(weightGradient(128, 784, 256)),
    /** Second layer of {@code mlp}. */
    PRODUCT_MLP_2(product(128, 256, 128)),
    /** Dense layer of {@code mnist-cnn}. */
    PRODUCT_CNN(product(128, 9216, 128)),
    /** Gradient of that layer's weights. */
    PRODUCT_CNN_WEIGHTS(weightGradient(128, 9216, 128)),
    /** Feed-forward layer of {@code transformer}. */
    PRODUCT_TRANSFORMER(product(1024, 256, 1024)),
    /** Second convolution of {@code mnist-cnn}. */
    CONVOLUTION_CNN(graph -> Convolution.CNN.forward(graph)),
    /** The gradient of its input. */
    CONVOLUTION_CNN_INPUT(graph -> Convolution.CNN.gradient(graph, 0)),
    /** The gradient of its filters. */
    CONVOLUTION_CNN_FILTERS(graph -> Convolution.CNN.gradient(graph, 1)),
    /** A convolution of the first stage of {@code resnet18-cifar}. */
    CONVOLUTION_RESNET(graph -> Convolution.RESNET.forward(graph)),
    /** The gradient of its input. */
    CONVOLUTION_RESNET_INPUT(graph -> Convolution.RESNET.gradient(graph, 0)),
    /** The gradient of its filters. */
    CONVOLUTION_RESNET_FILTERS(graph -> Convolution.RESNET.gradient(graph, 1)),
    /** Pooling of {@code mnist-cnn}. */
    MAX_POOL(graph -> graph.output("y", pooled(graph.input("x", pooledType())))),
    /** Its gradient, the forward pass included. */
    MAX_POOL_GRADIENT(graph -> {
        Tensor x = graph.input("x", pooledType());
        gradients(graph, pooled(x), List.of(x));
    }),
    /** The update of the 1.2 million parameters of the dense layer of {@code mnist-cnn}. */
    ADAM(graph -> {
        TensorType type = TensorType.f32(128, 9216);
        Tensor step = graph.input("step", TensorType.of(DType.F64));
        Tensor rate = graph.input("rate", TensorType.of(DType.F64));
        Optimizer.Update update = Adam.of(1e-3)
                .update(
                        new Optimizer.Context(step, rate),
                        graph.input("parameter", type),
                        graph.input("gradient", type),
                        List.of(graph.input("moment1", type), graph.input("moment2", type)));
        graph.output("newParameter", update.param());
        graph.output("newMoment1", update.slots().getFirst());
        graph.output("newMoment2", update.slots().getLast());
    }),
    /** Loss and gradient of {@code transformer}: 1024 tokens of 256. */
    CROSS_ENTROPY(graph -> {
        Tensor logits = graph.input("logits", TensorType.f32(1024, 256));
        Tensor loss = Composites.crossEntropy(logits, graph.input("labels", TensorType.of(DType.I32, 1024)))
                .mean();
        graph.output("loss", loss);
        graph.output("gradient", Gradients.of(loss, List.of(logits)).getFirst());
    }),
    /** One step of an LSTM cell of {@code lstm-forecast}. */
    LSTM_CELL(graph -> Lstm.forward(graph, 1)),
    /** A whole layer of it, forward. */
    LSTM_LAYER(graph -> Lstm.forward(graph, 96)),
    /** Forward and gradient of that layer. */
    LSTM_LAYER_GRADIENT(graph -> Lstm.gradient(graph, 96));

    private final Consumer<Graph> definition;

    Kernel(Consumer<Graph> definition) {
        this.definition = definition;
    }

    /** A graph that computes it. */
    Graph graph() {
        Graph graph = new Graph();
        definition.accept(graph);
        return graph;
    }

    private static Consumer<Graph> product(int rows, int inputs, int outputs) {
        return graph -> {
            Tensor x = graph.input("x", TensorType.f32(rows, inputs));
            Tensor weights = graph.input("weights", TensorType.f32(outputs, inputs));
            graph.output("y", x.matmul(weights, false, true));
        };
    }

    private static Consumer<Graph> weightGradient(int rows, int inputs, int outputs) {
        return graph -> {
            Tensor x = graph.input("x", TensorType.f32(rows, inputs));
            Tensor dy = graph.input("dy", TensorType.f32(rows, outputs));
            graph.output("dweights", dy.matmul(x, true, false));
        };
    }

    private static void gradients(Graph graph, Tensor result, List<Tensor> wrt) {
        Tensor cotangent = graph.input("cotangent", result.type());
        List<Tensor> gradients = Gradients.gradients(List.of(result), List.of(cotangent), wrt);
        for (int i = 0; i < gradients.size(); i++) {
            graph.output("gradient" + i, gradients.get(i));
        }
    }

    private static TensorType pooledType() {
        return TensorType.f32(128, 64, 24, 24);
    }

    private static Tensor pooled(Tensor x) {
        List<Integer> two = List.of(2, 2);
        List<Integer> none = List.of(0, 0);
        PoolGeometry geometry = new PoolGeometry(two, two, none, none, List.of(1, 1), false);
        return x.graph().add(new Op.Pool(Pooling.MAX, geometry), x);
    }

    private enum Convolution {
        CNN(TensorType.f32(128, 32, 26, 26), TensorType.f32(64, 32, 3, 3), 0),
        RESNET(TensorType.f32(32, 64, 32, 32), TensorType.f32(64, 64, 3, 3), 1);

        private final TensorType input;
        private final TensorType filters;
        private final int padding;

        Convolution(TensorType input, TensorType filters, int padding) {
            this.input = input;
            this.filters = filters;
            this.padding = padding;
        }

        private Tensor of(Tensor x, Tensor w) {
            List<Integer> one = List.of(1, 1);
            List<Integer> pad = List.of(padding, padding);
            ConvolutionGeometry geometry = new ConvolutionGeometry(one, pad, pad, one, 1);
            return x.graph().add(new Op.Convolution(geometry, DType.F32), x, w);
        }

        void forward(Graph graph) {
            graph.output("y", of(graph.input("x", input), graph.input("w", filters)));
        }

        void gradient(Graph graph, int operand) {
            Tensor x = graph.input("x", input);
            Tensor w = graph.input("w", filters);
            gradients(graph, of(x, w), List.of(operand == 0 ? x : w));
        }
    }

    private static final class Lstm {
        private static final int SAMPLES = 64;
        private static final int UNITS = 128;

        private Lstm() {}

        private static List<Tensor> operands(Graph graph, int steps) {
            return List.of(
                    graph.input("x", TensorType.f32(steps, SAMPLES, UNITS)),
                    graph.input("h", TensorType.f32(SAMPLES, UNITS)),
                    graph.input("c", TensorType.f32(SAMPLES, UNITS)),
                    graph.input("inputWeight", TensorType.f32(4 * UNITS, UNITS)),
                    graph.input("recurrentWeight", TensorType.f32(4 * UNITS, UNITS)),
                    graph.input("bias", TensorType.f32(4 * UNITS)));
        }

        private static Tensor states(List<Tensor> in) {
            return Composites.lstm(in.get(0), in.get(1), in.get(2), in.get(3), in.get(4), in.get(5), false)
                    .getFirst();
        }

        static void forward(Graph graph, int steps) {
            graph.output("states", states(operands(graph, steps)));
        }

        static void gradient(Graph graph, int steps) {
            List<Tensor> operands = operands(graph, steps);
            gradients(graph, states(operands), operands);
        }
    }
}
