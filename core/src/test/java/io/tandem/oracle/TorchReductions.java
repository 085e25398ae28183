package io.tandem.oracle;

import io.tandem.graph.Tensor;
import io.tandem.tensor.DType;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.BinaryOperator;

/** Reductions, and what runs along an axis. */
final class TorchReductions {
    private TorchReductions() {}

    static Optional<Object> apply(TorchCall c) {
        if (!c.isTensor(0)) {
            return Optional.empty();
        }
        Tensor x = c.tensor(0);
        return Optional.ofNullable(switch (c.function()) {
            case "sum" -> keep(c, 2, x, number(x).sum(axes(c, 1, x)), axes(c, 1, x));
            case "nansum" -> keep(c, 2, x, x.ne(x).select(x.like(0), x).sum(axes(c, 1, x)), axes(c, 1, x));
            case "mean" -> keep(c, 2, x, x.mean(axes(c, 1, x)), axes(c, 1, x));
            case "amax" -> keep(c, 2, x, x.max(axes(c, 1, x)), axes(c, 1, x));
            case "amin" -> keep(c, 2, x, x.min(axes(c, 1, x)), axes(c, 1, x));
            case "max" -> c.count() == 1 ? x.max() : extreme(c, x, true);
            case "min" -> c.count() == 1 ? x.min() : extreme(c, x, false);
            case "aminmax" -> List.of(
                    keep(c, 2, x, x.min(axes(c, 1, x)), axes(c, 1, x)),
                    keep(c, 2, x, x.max(axes(c, 1, x)), axes(c, 1, x)));
            case "argmax" -> arg(c, x, true);
            case "argmin" -> arg(c, x, false);
            case "var" -> variance(c, x);
            case "std" -> deviation(c, x);
            case "var_mean" -> List.of(variance(c, x), mean(c, x));
            case "std_mean" -> List.of(deviation(c, x), mean(c, x));
            case "logsumexp" -> keep(c, 2, x, x.logSumExp(axes(c, 1, x)), axes(c, 1, x));
            case "norm", "linalg_vector_norm", "linalg_norm", "frobenius_norm" -> norm(c, x);
            case "prod" -> product(c, x);
            case "all" -> keep(c, 2, x, truth(x).min(axes(c, 1, x)), axes(c, 1, x)).ne(zero(x));
            case "any" -> keep(c, 2, x, truth(x).max(axes(c, 1, x)), axes(c, 1, x)).ne(zero(x));
            case "count_nonzero" -> truth(x).sum(axes(c, 1, x));
            case "cumsum" -> x.rank() == 0 ? x : x.cumSum(c.integer(1, "dim", 0));
            case "cumprod" -> x.rank() == 0 ? x : x.cumProd(c.integer(1, "dim", 0));
            case "logcumsumexp" -> along(
                    x,
                    c.integer(1, "dim", 0),
                    (a, b) -> a.maximum(b).add(a.sub(b).abs().neg().exp().log1p()));
            case "diff" -> {
                int axis = x.shape().axis(c.integer(2, "dim", -1));
                yield x.slice(axis, 1, x.dim(axis)).sub(x.slice(axis, 0, x.dim(axis) - 1));
            }
            case "sort" -> sorted(x, axis(c, x, 1), c.flag(2, "descending", false), x.dim(axis(c, x, 1)));
            case "msort" -> sorted(x, 0, false, x.dim(0)).getFirst();
            case "topk" -> sorted(x, axis(c, x, 2), c.flag(3, "largest", true), c.integer(1, "k", 1));
            default -> null;
        });
    }

    private static int axis(TorchCall c, Tensor x, int index) {
        return x.shape().axis(c.integer(index, "dim", -1));
    }

    /** The first elements in order along an axis, and where they were: by counting how many come before each. */
    private static List<Tensor> sorted(Tensor x, int axis, boolean descending, int count) {
        Shape pairs = x.shape().insert(axis + 1, x.dim(axis));
        TensorType index = new TensorType(DType.I32, pairs);
        Tensor own = x.expandDims(axis + 1);
        Tensor other = x.expandDims(axis);
        Tensor earlier = x.graph().iota(index, axis + 1).lt(x.graph().iota(index, axis));
        Tensor before = (descending ? other.gt(own) : other.lt(own)).or(other.eq(own).and(earlier));
        Tensor rank = before.cast(DType.I32).sum(axis + 1);
        TensorType places = new TensorType(DType.I32, x.shape().insert(axis, count));
        Tensor chosen = x.graph().iota(places, axis).eq(rank.expandDims(axis));
        Tensor values = chosen.select(x.expandDims(axis), x.like(0)).sum(axis + 1);
        Tensor positions = chosen.cast(DType.I32).mul(x.graph().iota(places, axis + 1)).sum(axis + 1);
        return List.of(values, positions);
    }

    private static Tensor zero(Tensor x) {
        return x.graph().constant(DType.I32, 0);
    }

    /** Whether elements differ from zero, as numbers. */
    private static Tensor truth(Tensor x) {
        return TorchElementwise.truth(x).cast(DType.I32);
    }

    /** Truth values as numbers. */
    private static Tensor number(Tensor x) {
        return x.dtype() == DType.BOOL ? x.cast(DType.I32) : x;
    }

    private static int[] axes(TorchCall c, int index, Tensor x) {
        return c.axes(index, "dim", x);
    }

    private static List<Integer> list(int[] axes) {
        return Arrays.stream(axes).boxed().toList();
    }

    private static Tensor keep(TorchCall c, int index, Tensor x, Tensor reduced, int[] axes) {
        return c.flag(index, "keepdim", false) ? reduced.keepDims(x.shape(), list(axes)) : reduced;
    }

    private static Tensor mean(TorchCall c, Tensor x) {
        int[] axes = axes(c, 1, x);
        return keep(c, 3, x, x.mean(axes), axes);
    }

    /** var(x, dim, unbiased, keepdim), or var(x, unbiased), or with a correction by name. */
    private static Tensor variance(TorchCall c, Tensor x) {
        return keep(c, 3, x, x.variance(correction(c), moments(c, x)), moments(c, x));
    }

    private static Tensor deviation(TorchCall c, Tensor x) {
        return keep(c, 3, x, x.standardDeviation(correction(c), moments(c, x)), moments(c, x));
    }

    private static boolean isWhole(TorchCall c) {
        return c.get(1, "dim").filter(v -> v instanceof Boolean).isPresent();
    }

    private static int[] moments(TorchCall c, Tensor x) {
        return isWhole(c) ? java.util.stream.IntStream.range(0, x.rank()).toArray() : axes(c, 1, x);
    }

    private static int correction(TorchCall c) {
        boolean unbiased = isWhole(c) ? c.flag(1, "unbiased", true) : c.flag(2, "unbiased", true);
        return c.integer(-1, "correction", unbiased ? 1 : 0);
    }

    private static Object extreme(TorchCall c, Tensor x, boolean largest) {
        int axis = x.shape().axis(c.integer(1, "dim", 0));
        Tensor index = largest ? x.argMax(axis) : x.argMin(axis);
        Tensor positions = x.graph().iota(new TensorType(DType.I32, x.shape()), axis);
        Tensor chosen = positions.eq(index.expandDims(axis));
        Tensor value = chosen.select(x, x.like(0)).sum(axis);
        boolean keep = c.flag(2, "keepdim", false);
        return keep ? List.of(value.expandDims(axis), index.expandDims(axis)) : List.of(value, index);
    }

    private static Tensor arg(TorchCall c, Tensor x, boolean largest) {
        if (c.get(1, "dim").isEmpty()) {
            Tensor flat = x.reshape(-1);
            return largest ? flat.argMax(0) : flat.argMin(0);
        }
        int axis = x.shape().axis(c.integer(1, "dim", 0));
        Tensor index = largest ? x.argMax(axis) : x.argMin(axis);
        return c.flag(2, "keepdim", false) ? index.expandDims(axis) : index;
    }

    private static Tensor norm(TorchCall c, Tensor x) {
        boolean named = c.function().equals("frobenius_norm");
        int first = named ? 0 : 1;
        String order = named ? "fro" : c.text(1, "p", c.text(-1, "ord", "2"));
        int[] axes = axes(c, first + 1, x);
        boolean keep = c.flag(first + 2, "keepdim", false);
        Tensor size = x.abs();
        Tensor y = switch (order) {
            case "2", "2.0", "fro" -> x.norm(axes);
            case "1", "1.0" -> size.sum(axes);
            case "0", "0.0" -> x.ne(x.like(0)).cast(x.dtype()).sum(axes);
            case "inf", "Infinity" -> size.max(axes);
            case "-Infinity" -> size.min(axes);
            default -> {
                double p = Double.parseDouble(order);
                yield size.pow(p).sum(axes).pow(1 / p);
            }
        };
        return keep ? y.keepDims(x.shape(), list(axes)) : y;
    }

    private static Tensor product(TorchCall c, Tensor x) {
        if (c.get(1, "dim").isEmpty()) {
            return x.prod();
        }
        int axis = x.shape().axis(c.integer(1, "dim", 0));
        return c.flag(2, "keepdim", false) ? x.prod(axis).expandDims(axis) : x.prod(axis);
    }

    /** Running combination of the slices along an axis. */
    private static Tensor along(Tensor x, int dim, BinaryOperator<Tensor> combine) {
        int axis = x.shape().axis(dim);
        List<Tensor> parts = new java.util.ArrayList<>();
        for (int i = 0; i < x.dim(axis); i++) {
            Tensor slice = x.at(axis, i);
            parts.add(i == 0 ? slice : combine.apply(parts.getLast(), slice));
        }
        return Tensor.stack(axis, parts);
    }
}
