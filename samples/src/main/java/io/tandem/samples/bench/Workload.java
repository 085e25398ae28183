package io.tandem.samples.bench;

import io.tandem.models.LstmForecaster;
import io.tandem.models.Mlp;
import io.tandem.models.RecurrentKind;
import io.tandem.models.SimpleCnn;
import io.tandem.nn.Activation;
import io.tandem.nn.BatchNorm;
import io.tandem.nn.Conv;
import io.tandem.nn.Dense;
import io.tandem.nn.Embedding;
import io.tandem.nn.GlobalAveragePool;
import io.tandem.nn.Layer;
import io.tandem.nn.LayerNorm;
import io.tandem.nn.Losses;
import io.tandem.nn.Model;
import io.tandem.nn.Residual;
import io.tandem.nn.Sequential;
import io.tandem.nn.TransformerBlock;
import io.tandem.optim.Adam;
import io.tandem.optim.Sgd;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import io.tandem.train.Training;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * What can be measured. All data are random and drawn with fixed seeds; training workloads use 16 batches in turn, which
 * lie ready in host memory.
 */
enum Workload {
    /** 784-256-128-10 with ReLU, batch 128, Adam. */
    MLP,
    /** Two 3x3 convolutions, pooling and two dense layers on 28x28 images, batch 128, Adam. */
    MNIST_CNN,
    /** Two LSTM layers of 128 units over 96 steps of 7 features, batch 64, mean squared error, Adam. */
    LSTM_FORECAST,
    /** ResNet-18 on 32x32 images with a 3x3 stem, batch 32, SGD with momentum. */
    RESNET18_CIFAR,
    /** Two pre-norm blocks of width 256 with 4 heads, 128 tokens, batch 8, Adam. */
    TRANSFORMER,
    /** Square matrix products of 512, 1024 and 2048. */
    GEMM,
    /** The forward pass of {@link #MNIST_CNN} for 1 and for 256 images. */
    INFER,
    /** From the start of a JVM to the first finished step of {@link #MNIST_CNN}. */
    STARTUP;

    private static final int POOL = 16;

    /** The name on the command line and in results. */
    String id() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    static Workload named(String id) {
        for (Workload workload : values()) {
            if (workload.id().equals(id)) {
                return workload;
            }
        }
        throw new IllegalArgumentException("there is no workload '" + id + "'; there are "
                + String.join(", ", IntStream.range(0, values().length).mapToObj(i -> values()[i].id()).toList()));
    }

    /** Whether it measures training, of batches and widths of any size. */
    boolean isTrained() {
        return switch (this) {
            case MLP, MNIST_CNN, LSTM_FORECAST, RESNET18_CIFAR, TRANSFORMER -> true;
            case GEMM, INFER, STARTUP -> false;
        };
    }

    /**
     * A training task with its data.
     *
     * @param inputs batches
     * @param targets one per batch
     */
    record Task(Training training, List<NDArray> inputs, List<NDArray> targets) {
        int batch() {
            return targets.getFirst().shape().dim(0);
        }

        /** The type of one sample's target. */
        TensorType target() {
            TensorType type = targets.getFirst().type();
            return type.with(type.shape().without(0));
        }
    }

    /**
     * The workload as a training task.
     *
     * @param batch batch size, or 0 for the workload's own
     * @param width factor for the widths of layers
     * @param precision the arithmetic
     */
    Task task(int batch, double width, Precision precision) {
        Task task = task(batch, width);
        return precision.mixed()
                .map(mixed -> new Task(task.training().withPrecision(mixed), task.inputs(), task.targets()))
                .orElse(task);
    }

    private Task task(int batch, double width) {
        return switch (this) {
            case MLP -> {
                int n = batch > 0 ? batch : 128;
                Model model = Model.of(Mlp.of(scaled(256, width), scaled(128, width), 10), 784);
                yield new Task(
                        Training.of(model, Losses.crossEntropy(), Adam.of(1e-3)),
                        gaussian(1, Shape.of(n, 784)),
                        integers(2, Shape.of(n), 10));
            }
            case MNIST_CNN, INFER, STARTUP -> {
                // Where the start is measured, drawing numbers is not.
                int pool = this == STARTUP ? 1 : POOL;
                int n = batch > 0 ? batch : 128;
                Model model = Model.of(cnn(), 1, 28, 28);
                yield new Task(
                        Training.of(model, Losses.crossEntropy(), Adam.of(1e-3)),
                        gaussian(1, Shape.of(n, 1, 28, 28), pool),
                        integers(2, Shape.of(n), 10, pool));
            }
            case LSTM_FORECAST -> {
                int n = batch > 0 ? batch : 64;
                Model model = Model.of(
                        LstmForecaster.of(RecurrentKind.LSTM, 2, scaled(128, width), 1), 96, 7);
                yield new Task(
                        Training.of(model, Losses.meanSquaredError(), Adam.of(1e-3)),
                        gaussian(1, Shape.of(n, 96, 7)),
                        gaussian(2, Shape.of(n, 1)));
            }
            case RESNET18_CIFAR -> {
                int n = batch > 0 ? batch : 32;
                Model model = Model.of(resnet18(), 3, 32, 32);
                yield new Task(
                        Training.of(model, Losses.crossEntropy(), Sgd.of(0.01).withMomentum(0.9)),
                        gaussian(1, Shape.of(n, 3, 32, 32)),
                        integers(2, Shape.of(n), 10));
            }
            case TRANSFORMER -> {
                int n = batch > 0 ? batch : 8;
                Model model = Model.of(transformer(), TensorType.of(DType.I32, 128));
                yield new Task(
                        Training.of(model, Losses.crossEntropy().withClassAxis(-1), Adam.of(1e-3)),
                        integers(1, Shape.of(n, 128), 256),
                        integers(2, Shape.of(n, 128), 256));
            }
            case GEMM -> throw new IllegalArgumentException("gemm is not trained");
        };
    }

    private static int scaled(int units, double factor) {
        return Math.max(1, (int) Math.round(units * factor));
    }

    static Layer cnn() {
        return SimpleCnn.of(10);
    }

    private static Layer transformer() {
        return Sequential.of(
                Embedding.of(256, 256), TransformerBlock.of(256, 4), TransformerBlock.of(256, 4), LayerNorm.of(),
                Dense.of(256));
    }

    private static Layer resnet18() {
        List<Layer> layers = new ArrayList<>(List.of(conv(64, 3, 1), BatchNorm.of(), Activation.relu()));
        int channels = 64;
        for (int filters : new int[] {64, 128, 256, 512}) {
            for (int block = 0; block < 2; block++) {
                int stride = block == 0 && filters != 64 ? 2 : 1;
                Sequential body = Sequential.of(
                        conv(filters, 3, stride),
                        BatchNorm.of(),
                        Activation.relu(),
                        conv(filters, 3, 1),
                        BatchNorm.of());
                layers.add(
                        stride == 1 && filters == channels
                                ? Residual.of(body)
                                : Residual.of(body, Sequential.of(conv(filters, 1, stride), BatchNorm.of())));
                layers.add(Activation.relu());
                channels = filters;
            }
        }
        layers.add(GlobalAveragePool.of());
        layers.add(Dense.of(10));
        return Sequential.of(layers.toArray(Layer[]::new));
    }

    private static Conv conv(int filters, int size, int stride) {
        return Conv.conv2d(filters, size).withStride(stride).withPadding(size / 2).withoutBias();
    }

    static List<NDArray> gaussian(long seed, Shape shape) {
        return gaussian(seed, shape, POOL);
    }

    static List<NDArray> gaussian(long seed, Shape shape, int count) {
        SplittableRandom random = new SplittableRandom(seed);
        return IntStream.range(0, count)
                .mapToObj(i -> NDArray.generate(new TensorType(DType.F32, shape), j -> random.nextGaussian()))
                .toList();
    }

    private static List<NDArray> integers(long seed, Shape shape, int bound) {
        return integers(seed, shape, bound, POOL);
    }

    private static List<NDArray> integers(long seed, Shape shape, int bound, int count) {
        SplittableRandom random = new SplittableRandom(seed);
        return IntStream.range(0, count)
                .mapToObj(i -> NDArray.generate(new TensorType(DType.I32, shape), j -> random.nextInt(bound)))
                .toList();
    }
}
