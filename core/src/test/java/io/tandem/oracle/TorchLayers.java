package io.tandem.oracle;

import io.tandem.graph.Op;
import io.tandem.graph.PoolGeometry;
import io.tandem.graph.Tensor;
import io.tandem.nn.AdaptiveAveragePool;
import io.tandem.nn.AdaptiveMaxPool;
import io.tandem.nn.AveragePool;
import io.tandem.nn.BatchNorm;
import io.tandem.nn.Conv;
import io.tandem.nn.ConvTranspose;
import io.tandem.nn.Embedding;
import io.tandem.nn.GroupNorm;
import io.tandem.nn.Initializers;
import io.tandem.nn.InstanceNorm;
import io.tandem.nn.Layer;
import io.tandem.nn.LayerNorm;
import io.tandem.nn.LayerTrace;
import io.tandem.nn.MaxPool;
import io.tandem.nn.Mode;
import io.tandem.nn.Padding;
import io.tandem.nn.Param;
import io.tandem.nn.Upsample;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Convolution, pooling, normalization, embedding, dropout: by Tandem's layers. */
final class TorchLayers {
    private static final List<String> SPATIAL =
            List.of("conv_transpose", "conv", "max_pool", "avg_pool", "adaptive_avg_pool", "adaptive_max_pool");

    private TorchLayers() {}

    private static Object first(Object batch) {
        return switch (batch) {
            case Tensor tensor -> tensor.squeeze(0);
            case List<?> list -> list.stream().map(TorchLayers::first).toList();
            default -> batch;
        };
    }

    static Optional<Object> apply(TorchCall c) {
        Optional<Integer> spatial = SPATIAL.stream()
                .filter(c.function()::startsWith)
                .findFirst()
                .map(f -> c.function().charAt(f.length()) - '0');
        if (spatial.isPresent() && c.isTensor(0) && c.tensor(0).rank() == spatial.get() + 1) {
            // One sample without batch axis.
            return apply(c.with(0, c.tensor(0).expandDims(0))).map(TorchLayers::first);
        }
        return Optional.ofNullable(switch (c.function()) {
            case "conv1d", "conv2d", "conv3d" -> conv(c, c.tensor(0).rank() - 2);
            case "conv_transpose1d", "conv_transpose2d", "conv_transpose3d" -> convTranspose(c, 3, 4, 5, 6, 7);
            case "convolution", "_convolution" -> c.flag(6, "transposed", false)
                    ? convTranspose(c, 3, 4, 7, 8, 5)
                    : convolution(c);
            case "max_pool1d", "max_pool2d", "max_pool3d" -> maxPool(c);
            case "max_pool1d_with_indices", "max_pool2d_with_indices", "max_pool3d_with_indices" ->
                List.of(maxPool(c), indices(c));
            case "avg_pool1d", "avg_pool2d", "avg_pool3d" -> averagePool(c);
            case "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d" ->
                new AdaptiveAveragePool(c.spatial(1, "output_size", c.tensor(0).rank() - 2, 1)).forward(c.tensor(0));
            case "adaptive_max_pool1d", "adaptive_max_pool2d", "adaptive_max_pool3d" -> {
                List<Integer> sizes = c.spatial(1, "output_size", c.tensor(0).rank() - 2, 1);
                yield List.of(new AdaptiveMaxPool(sizes).forward(c.tensor(0)), "indices");
            }
            case "batch_norm", "native_batch_norm" -> batchNorm(c);
            case "layer_norm", "native_layer_norm" -> layerNorm(c);
            case "group_norm" -> norm(
                    c,
                    new GroupNorm(c.integer(1, "num_groups", 1), c.number(4, "eps", 1e-5), param(c, 2), param(c, 3)),
                    2,
                    3);
            case "instance_norm" -> instanceNorm(c);
            case "rms_norm" -> {
                Tensor x = c.tensor(0);
                int count = c.integers(1, "normalized_shape").orElseThrow().size();
                int[] axes = java.util.stream.IntStream.range(x.rank() - count, x.rank()).toArray();
                List<Integer> list = java.util.Arrays.stream(axes).boxed().toList();
                double epsilon = c.number(3, "eps", x.dtype() == DType.F32 ? Math.ulp(1f) : Math.ulp(1.0));
                Tensor y = x.mul(x.square().mean(axes).add(epsilon).rsqrt().keepDims(x.shape(), list));
                yield c.optional(2, "weight").map(y::mul).orElse(y);
            }
            case "embedding" -> embedding(c);
            case "dropout", "native_dropout", "feature_dropout", "alpha_dropout" -> {
                if (c.flag(2, "train", true) && c.number(1, "p", 0.5) > 0) {
                    throw new NotCovered("dropout in training");
                }
                yield c.tensor(0);
            }
            case "upsample_nearest1d", "upsample_nearest2d" -> nearest(c);
            default -> null;
        });
    }

    private static Param fresh() {
        return Param.of(Initializers.zeros());
    }

    private static Optional<Param> param(TorchCall c, int index) {
        return c.optional(index, "?").map(t -> fresh());
    }

    /** Applies a layer whose parameters are called weight and bias. */
    private static Tensor norm(TorchCall c, Layer layer, int weight, int bias) {
        Map<String, Tensor> params = new LinkedHashMap<>();
        c.optional(weight, "weight").ifPresent(w -> params.put("weight", w));
        c.optional(bias, "bias").ifPresent(b -> params.put("bias", b));
        return LayerTrace.apply(
                layer, Mode.TRAINING, List.of(c.tensor(0)), params, in -> List.of(layer.apply(in.getFirst())))
                .outputs()
                .getFirst();
    }

    private static Padding padding(TorchCall c, int index, int axes) {
        if (c.get(index, "padding").orElse(0L) instanceof String mode) {
            return mode.equals("same") ? Padding.same() : Padding.valid();
        }
        List<Integer> amounts = c.spatial(index, "padding", axes, 0);
        return new Padding.Explicit(amounts, amounts);
    }

    private static Tensor conv(TorchCall c, int axes) {
        return conv(
                c,
                c.spatial(3, "stride", axes, 1),
                padding(c, 4, axes),
                c.spatial(5, "dilation", axes, 1),
                c.integer(6, "groups", 1));
    }

    private static Tensor convolution(TorchCall c) {
        int axes = c.tensor(0).rank() - 2;
        return conv(
                c,
                c.spatial(3, "stride", axes, 1),
                padding(c, 4, axes),
                c.spatial(5, "dilation", axes, 1),
                c.integer(8, "groups", 1));
    }

    private static Tensor conv(
            TorchCall c, List<Integer> stride, Padding padding, List<Integer> dilation, int groups) {
        Shape w = c.tensor(1).shape();
        List<Integer> kernel = w.dims().subList(2, w.rank());
        Conv layer = new Conv(w.dim(0), kernel, stride, padding, dilation, groups, fresh(), param(c, 2));
        return norm(c, layer, 1, 2);
    }

    private static Tensor convTranspose(TorchCall c, int stride, int padding, int extra, int groups, int dilation) {
        int axes = c.tensor(0).rank() - 2;
        Shape w = c.tensor(1).shape();
        int count = c.integer(groups, "groups", 1);
        ConvTranspose layer = new ConvTranspose(
                w.dim(1) * count,
                w.dims().subList(2, w.rank()),
                c.spatial(stride, "stride", axes, 1),
                padding(c, padding, axes),
                c.spatial(extra, "output_padding", axes, 0),
                c.spatial(dilation, "dilation", axes, 1),
                count,
                fresh(),
                param(c, 2));
        return norm(c, layer, 1, 2);
    }

    private static List<Integer> poolStride(TorchCall c, int axes) {
        List<Integer> window = c.spatial(1, "kernel_size", axes, 1);
        return c.integers(2, "stride").filter(s -> !s.isEmpty()).isPresent()
                ? c.spatial(2, "stride", axes, 1)
                : window;
    }

    private static Tensor maxPool(TorchCall c) {
        int axes = c.tensor(0).rank() - 2;
        return new MaxPool(
                c.spatial(1, "kernel_size", axes, 1),
                poolStride(c, axes),
                padding(c, 3, axes),
                c.spatial(4, "dilation", axes, 1),
                c.flag(5, "ceil_mode", false))
                .forward(c.tensor(0));
    }

    /** The flat index in its channel of the largest element of each window. */
    private static Tensor indices(TorchCall c) {
        Tensor x = c.tensor(0);
        int axes = x.rank() - 2;
        List<Integer> pads = c.spatial(3, "padding", axes, 0);
        PoolGeometry geometry = new PoolGeometry(
                c.spatial(1, "kernel_size", axes, 1),
                poolStride(c, axes),
                pads,
                pads,
                c.spatial(4, "dilation", axes, 1),
                c.flag(5, "ceil_mode", false));
        Shape spatial = x.shape().subShape(2, x.rank());
        Tensor places = x.graph()
                .iota(x.type().with(Shape.of(Math.toIntExact(spatial.size()))), 0)
                .reshape(spatial)
                .broadcastTo(x.shape());
        return x.graph().add(new Op.PoolPick(geometry), x, places).cast(DType.I64);
    }

    private static Tensor averagePool(TorchCall c) {
        int axes = c.tensor(0).rank() - 2;
        List<Integer> window = c.spatial(1, "kernel_size", axes, 1);
        double divisor = c.number(6, "divisor_override", 0);
        AveragePool layer = new AveragePool(
                window,
                poolStride(c, axes),
                padding(c, 3, axes),
                c.spatial(-1, "dilation", axes, 1),
                c.flag(4, "ceil_mode", false),
                divisor != 0 || c.flag(5, "count_include_pad", true));
        Tensor y = layer.forward(c.tensor(0));
        if (divisor != 0 && c.flag(4, "ceil_mode", false)) {
            throw new NotCovered("average pooling with a divisor and windows that hang over");
        }
        return divisor == 0 ? y : y.mul(window.stream().reduce(1, (a, b) -> a * b) / divisor);
    }

    private static Object batchNorm(TorchCall c) {
        Tensor x = c.tensor(0);
        boolean training = c.flag(5, "training", false);
        BatchNorm layer = new BatchNorm(
                c.number(7, "eps", 1e-5),
                c.number(6, "momentum", 0.1),
                param(c, 1),
                param(c, 2),
                Param.statistic(Initializers.zeros()),
                Param.statistic(Initializers.ones()));
        Optional<TorchCall.Ref> mean = c.ref(3, "running_mean");
        Optional<TorchCall.Ref> variance = c.ref(4, "running_var");
        Map<String, Tensor> params = new LinkedHashMap<>();
        c.optional(1, "weight").ifPresent(w -> params.put("weight", w));
        c.optional(2, "bias").ifPresent(b -> params.put("bias", b));
        Tensor zeros = x.graph().zeros(x.type().with(Shape.of(x.dim(1))));
        params.put("runningMean", mean.map(TorchCall.Ref::value).orElse(zeros));
        params.put("runningVariance", variance.map(TorchCall.Ref::value).orElse(zeros));
        LayerTrace.Result result = LayerTrace.apply(
                layer,
                training || mean.isEmpty() ? Mode.TRAINING : Mode.INFERENCE,
                List.of(x),
                params,
                in -> List.of(layer.apply(in.getFirst())));
        if (training) {
            mean.ifPresent(m -> m.set(result.updates().get("runningMean")));
            variance.ifPresent(v -> v.set(result.updates().get("runningVariance")));
        }
        Tensor y = result.outputs().getFirst();
        if (c.function().equals("batch_norm")) {
            return y;
        }
        return List.of(y, "mean", "inverse deviation");
    }

    private static Object layerNorm(TorchCall c) {
        int axes = c.integers(1, "normalized_shape").orElseThrow().size();
        Tensor y = norm(c, new LayerNorm(axes, c.number(4, "eps", 1e-5), param(c, 2), param(c, 3)), 2, 3);
        return c.function().equals("layer_norm") ? y : List.of(y, "mean", "inverse deviation");
    }

    private static Tensor instanceNorm(TorchCall c) {
        if (!c.flag(5, "use_input_stats", true)) {
            throw new NotCovered("instance norm with running statistics");
        }
        return norm(c, new InstanceNorm(c.number(7, "eps", 1e-5), param(c, 1), param(c, 2)), 1, 2);
    }

    private static Tensor embedding(TorchCall c) {
        Tensor table = c.tensor(0);
        int padding = c.integer(2, "padding_idx", -1);
        Embedding layer = new Embedding(
                table.dim(0),
                table.dim(1),
                padding < 0 ? Optional.empty() : Optional.of(padding),
                fresh());
        return LayerTrace.apply(
                layer,
                Mode.TRAINING,
                List.of(c.tensor(1)),
                Map.of("weight", table),
                in -> List.of(layer.apply(in.getFirst())))
                .outputs()
                .getFirst();
    }

    private static Tensor nearest(TorchCall c) {
        Tensor y = c.tensor(0);
        List<Integer> sizes = c.integers(1, "output_size").orElseThrow();
        int factor = sizes.getFirst() / y.dim(2);
        if (java.util.stream.IntStream.range(0, sizes.size())
                .allMatch(i -> sizes.get(i) == factor * c.tensor(0).dim(i + 2))) {
            return Upsample.of(factor).forward(y);
        }
        for (int i = 0; i < sizes.size(); i++) {
            int from = y.dim(i + 2);
            int to = sizes.get(i);
            int[] source = java.util.stream.IntStream.range(0, to)
                    .map(p -> Math.toIntExact((long) p * from / to))
                    .toArray();
            y = y.gather(i + 2, y.graph().constant(NDArray.ofInts(Shape.of(to), source)));
        }
        return y;
    }
}
