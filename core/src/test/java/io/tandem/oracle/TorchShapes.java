package io.tandem.oracle;

import io.tandem.graph.Op;
import io.tandem.graph.Tensor;
import io.tandem.tensor.DType;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** Movement of elements, and choice by index. */
final class TorchShapes {
    private TorchShapes() {}

    static Optional<Object> apply(TorchCall c) {
        return Optional.ofNullable(switch (c.function()) {
            case "cat", "concat", "concatenate" -> Tensor.concat(c.integer(1, "dim", 0), c.tensors(0, "tensors"));
            case "stack" -> {
                List<Tensor> parts = c.tensors(0, "tensors");
                yield Tensor.stack(insertion(parts.getFirst(), c.integer(1, "dim", 0)), parts);
            }
            case "hstack" -> {
                List<Tensor> parts = c.tensors(0, "tensors");
                yield Tensor.concat(parts.getFirst().rank() == 1 ? 0 : 1, parts);
            }
            case "vstack" -> {
                List<Tensor> parts = c.tensors(0, "tensors");
                yield parts.getFirst().rank() == 1 ? Tensor.stack(0, parts) : Tensor.concat(0, parts);
            }
            case "arange" -> arange(c);
            case "zeros", "ones" -> c.graph()
                    .full(
                            new TensorType(DType.F32, Shape.of(c.integers(0, "size").orElseThrow())),
                            c.function().equals("ones") ? 1 : 0);
            default -> c.isTensor(0) ? ofTensor(c, c.tensor(0)) : null;
        });
    }

    private static Object ofTensor(TorchCall c, Tensor x) {
        return switch (c.function()) {
            case "reshape", "view", "_unsafe_view" -> x.reshape(ints(c, 1, "shape"));
            case "view_as", "reshape_as" -> x.reshape(c.tensor(1).shape());
            case "flatten" -> flatten(c, x);
            case "unflatten" -> {
                int axis = x.shape().axis(c.integer(1, "dim", 0));
                Shape sizes = Shape.of(ints(c, 2, "sizes"));
                yield x.reshape(
                        x.shape().subShape(0, axis).concat(sizes).concat(x.shape().subShape(axis + 1, x.rank())));
            }
            case "permute" -> x.permute(ints(c, 1, "dims"));
            case "transpose", "swapaxes", "swapdims" -> x.transpose(c.integer(1, "dim0", 0), c.integer(2, "dim1", 1));
            case "movedim", "moveaxis" -> move(x, c.integer(1, "source", 0), c.integer(2, "destination", 0));
            case "t", "numpy_T", "mT", "adjoint" -> x.rank() < 2 ? x : x.transpose();
            case "squeeze" -> squeeze(c, x);
            case "unsqueeze" -> x.expandDims(insertion(x, c.integer(1, "dim", 0)));
            case "expand" -> expand(x, ints(c, 1, "size"));
            case "expand_as", "broadcast_to" -> c.isTensor(1)
                    ? x.broadcastTo(c.tensor(1).shape())
                    : expand(x, ints(c, 1, "size"));
            case "repeat", "tile" -> repeat(x, ints(c, 1, "repeats"));
            case "repeat_interleave" -> {
                int axis = x.shape().axis(c.integer(2, "dim", 0));
                int times = c.integer(1, "repeats", 1);
                Tensor spread = x.expandDims(axis + 1)
                        .broadcastTo(x.shape().insert(axis + 1, times));
                yield spread.reshape(x.shape().with(axis, x.dim(axis) * times));
            }
            case "flip" -> x.flip(ints(c, 1, "dims"));
            case "fliplr" -> x.flip(1);
            case "flipud" -> x.flip(0);
            case "roll" -> roll(c, x);
            case "slice" -> slice(c, x);
            case "select" -> x.at(c.integer(1, "dim", 0), c.integer(2, "index", 0));
            case "narrow" -> {
                int start = c.integer(2, "start", 0);
                int axis = x.shape().axis(c.integer(1, "dim", 0));
                int from = start < 0 ? start + x.dim(axis) : start;
                yield x.slice(axis, from, from + c.integer(3, "length", 1));
            }
            case "split", "split_with_sizes" -> split(c, x);
            case "chunk" -> {
                int axis = x.shape().axis(c.integer(2, "dim", 0));
                yield pieces(x, axis, Math.ceilDiv(x.dim(axis), c.integer(1, "chunks", 1)));
            }
            case "unbind" -> {
                int axis = x.shape().axis(c.integer(1, "dim", 0));
                yield IntStream.range(0, x.dim(axis)).mapToObj(i -> x.at(axis, i)).toList();
            }
            case "constant_pad_nd" -> pad(x, ints(c, 1, "pad"), c.number(2, "value", 0));
            case "pad" -> switch (c.text(2, "mode", "constant")) {
                case "constant" -> pad(x, ints(c, 1, "pad"), c.number(3, "value", 0));
                case "reflect" -> border(x, ints(c, 1, "pad"), "reflect");
                case "replicate" -> border(x, ints(c, 1, "pad"), "replicate");
                case "circular" -> border(x, ints(c, 1, "pad"), "circular");
                default -> throw new NotCovered("pad " + c.text(2, "mode", ""));
            };
            case "reflection_pad1d", "reflection_pad2d" -> border(x, ints(c, 1, "pad"), "reflect");
            case "replication_pad1d", "replication_pad2d" -> border(x, ints(c, 1, "pad"), "replicate");
            case "tril", "triu" -> triangle(x, c.integer(1, "diagonal", 0), c.function().equals("tril"));
            case "diagonal", "diag" -> diagonal(x, c.integer(1, "offset", 0));
            case "trace" -> diagonal(x, 0).sum();
            case "masked_fill" -> c.tensor(1).select(c.operand(2, "value", x), x);
            case "index_select" -> x.gather(c.integer(1, "dim", 0), c.tensor(2));
            case "index" -> {
                List<Tensor> indices = c.tensors(1, "indices");
                if (indices.size() != 1) {
                    throw new NotCovered("index with several tensors");
                }
                yield x.gather(0, indices.getFirst());
            }
            case "take" -> x.reshape(-1).gather(0, c.tensor(1));
            case "gather" -> pick(x, x.shape().axis(c.integer(1, "dim", 0)), c.tensor(2));
            case "scatter_add" -> x.add(scatter(x, x.shape().axis(c.integer(1, "dim", 0)), c.tensor(2), c.tensor(3)));
            case "index_add" -> {
                int axis = x.shape().axis(c.integer(1, "dim", 0));
                yield x.add(x.graph().add(new Op.ScatterAdd(axis, x.dim(axis)), c.tensor(2), c.tensor(3)));
            }
            case "one_hot" -> x.oneHot(c.integer(1, "num_classes", -1), DType.I64);
            case "to", "type_as", "_to_copy" ->
                c.isTensor(1) ? x.cast(c.tensor(1).dtype()) : cast(x, c.text(1, "dtype", ""));
            case "float", "double" -> x;
            case "long" -> x.cast(DType.I64);
            case "pixel_shuffle" -> {
                int r = c.integer(1, "upscale_factor", 1);
                Tensor split = x.reshape(x.dim(0), x.dim(1) / r / r, r, r, x.dim(2), x.dim(3));
                yield split.permute(0, 1, 4, 2, 5, 3)
                        .reshape(x.dim(0), x.dim(1) / r / r, x.dim(2) * r, x.dim(3) * r);
            }
            case "channel_shuffle" -> {
                int groups = c.integer(1, "groups", 1);
                Shape split = x.shape().with(1, groups).insert(2, x.dim(1) / groups);
                yield x.reshape(split).transpose(1, 2).reshape(x.shape());
            }
            case "unfold" -> {
                int axis = x.shape().axis(c.integer(1, "dimension", 0));
                int size = c.integer(2, "size", 1);
                int step = c.integer(3, "step", 1);
                List<Tensor> windows = new ArrayList<>();
                for (int from = 0; from + size <= x.dim(axis); from += step) {
                    windows.add(move(x.slice(axis, from, from + size), axis, -1));
                }
                yield Tensor.stack(axis, windows);
            }
            case "rot90" -> {
                List<Integer> plane = c.integers(2, "dims").orElse(List.of(0, 1));
                Tensor y = x;
                for (int i = 0; i < Math.floorMod(c.integer(1, "k", 1), 4); i++) {
                    y = y.transpose(plane.get(0), plane.get(1)).flip(plane.get(0));
                }
                yield y;
            }
            case "scatter" -> {
                int axis = x.shape().axis(c.integer(1, "dim", 0));
                Tensor index = c.tensor(2);
                Tensor source = c.isTensor(3)
                        ? c.tensor(3)
                        : x.graph().full(x.type().with(index.shape()), c.number(3, "value", 0));
                Tensor ones = x.graph().full(x.type().with(index.shape()), 1);
                Tensor hits = scatter(x, axis, index, ones);
                yield hits.gt(0).select(scatter(x, axis, index, source), x);
            }
            case "size" -> (long) x.dim(c.integer(1, "dim", 0));
            default -> null;
        };
    }

    private static Tensor cast(Tensor x, String dtype) {
        return switch (dtype) {
            case "torch.int64", "torch.long" -> x.cast(DType.I64);
            case "torch.int32" -> x.cast(DType.I32);
            case "torch.bool" -> TorchElementwise.truth(x);
            default -> throw new NotCovered("cast to " + dtype);
        };
    }

    private static int[] ints(TorchCall c, int index, String name) {
        List<Integer> list = new ArrayList<>(c.integers(index, name).orElseThrow(() -> new NotCovered(c.function())));
        // Methods such as x.view(2, 3) give the numbers one by one.
        for (int i = index + 1; i < c.count() && c.get(index, name).filter(v -> v instanceof Long).isPresent(); i++) {
            list.add(c.integer(i, "?", 0));
        }
        return list.stream().mapToInt(Integer::intValue).toArray();
    }

    private static int insertion(Tensor x, int dim) {
        return dim < 0 ? dim + x.rank() + 1 : dim;
    }

    private static Tensor arange(TorchCall c) {
        double start = c.count() > 1 ? c.number(0, "start", 0) : 0;
        double end = c.count() > 1 ? c.number(1, "end", 0) : c.number(0, "end", 0);
        int count = (int) Math.ceil(end - start);
        return c.graph().iota(TensorType.of(DType.I64, count), 0).add(start);
    }

    private static Tensor flatten(TorchCall c, Tensor x) {
        if (x.rank() == 0) {
            return x.reshape(1);
        }
        int from = x.shape().axis(c.integer(1, "start_dim", 0));
        int to = x.shape().axis(c.integer(2, "end_dim", -1));
        int size = Math.toIntExact(x.shape().subShape(from, to + 1).size());
        return x.reshape(
                x.shape().subShape(0, from).concat(Shape.of(size)).concat(x.shape().subShape(to + 1, x.rank())));
    }

    private static Tensor squeeze(TorchCall c, Tensor x) {
        Tensor y = x;
        int[] axes = c.get(1, "dim").isPresent()
                ? c.axes(1, "dim", x)
                : IntStream.range(0, x.rank()).toArray();
        Arrays.sort(axes);
        for (int i = axes.length - 1; i >= 0; i--) {
            y = y.dim(axes[i]) == 1 ? y.squeeze(axes[i]) : y;
        }
        return y;
    }

    private static Tensor move(Tensor x, int source, int destination) {
        List<Integer> order = new ArrayList<>(IntStream.range(0, x.rank()).boxed().toList());
        Integer moved = order.remove(x.shape().axis(source));
        order.add(x.shape().axis(destination), moved);
        return x.permute(order.stream().mapToInt(Integer::intValue).toArray());
    }

    private static Tensor expand(Tensor x, int[] sizes) {
        int added = sizes.length - x.rank();
        int[] dims = sizes.clone();
        for (int i = 0; i < dims.length; i++) {
            dims[i] = dims[i] == -1 ? x.dim(i - added) : dims[i];
        }
        return x.broadcastTo(Shape.of(dims));
    }

    private static Tensor repeat(Tensor x, int[] times) {
        Tensor y = x;
        while (y.rank() < times.length) {
            y = y.expandDims(0);
        }
        int offset = y.rank() - times.length;
        for (int i = 0; i < times.length; i++) {
            y = Tensor.concat(i + offset, Collections.nCopies(times[i], y));
        }
        return y;
    }

    private static Tensor roll(TorchCall c, Tensor x) {
        int[] shifts = ints(c, 1, "shifts");
        List<Integer> dims = c.integers(2, "dims").orElse(List.of());
        if (dims.isEmpty()) {
            return roll(x.reshape(-1), 0, shifts[0]).reshape(x.shape());
        }
        Tensor y = x;
        for (int i = 0; i < shifts.length; i++) {
            y = roll(y, x.shape().axis(dims.get(i)), shifts[i]);
        }
        return y;
    }

    private static Tensor roll(Tensor x, int axis, int shift) {
        int size = x.dim(axis);
        int start = Math.floorMod(-shift, size);
        return start == 0 ? x : Tensor.concat(axis, x.slice(axis, start, size), x.slice(axis, 0, start));
    }

    private static Tensor slice(TorchCall c, Tensor x) {
        int axis = x.shape().axis(c.integer(1, "dim", 0));
        int size = x.dim(axis);
        double start = c.number(2, "start", 0);
        double end = c.number(3, "end", size);
        int from = (int) Math.clamp(start < 0 ? start + size : start, 0, size);
        int to = (int) Math.clamp(end < 0 ? end + size : end, from, size);
        return x.slice(axis, from, to, c.integer(4, "step", 1));
    }

    private static List<Tensor> split(TorchCall c, Tensor x) {
        int axis = x.shape().axis(c.integer(2, "dim", 0));
        boolean sizes = c.get(1, "split_size").filter(v -> v instanceof List).isPresent();
        if (!sizes) {
            return pieces(x, axis, c.integer(1, "split_size", 1));
        }
        List<Tensor> parts = new ArrayList<>();
        int from = 0;
        for (int size : ints(c, 1, "split_sizes")) {
            parts.add(x.slice(axis, from, from + size));
            from += size;
        }
        return parts;
    }

    private static List<Tensor> pieces(Tensor x, int axis, int size) {
        List<Tensor> parts = new ArrayList<>();
        for (int from = 0; from < x.dim(axis); from += size) {
            parts.add(x.slice(axis, from, Math.min(from + size, x.dim(axis))));
        }
        return parts;
    }

    /** Padding by pairs of numbers, the last axis first; negative ones cut. */
    private static Tensor pad(Tensor x, int[] amounts, double value) {
        Tensor y = x;
        for (int i = 0; i < amounts.length / 2; i++) {
            int axis = x.rank() - 1 - i;
            int low = amounts[2 * i];
            int high = amounts[2 * i + 1];
            y = y.slice(axis, Math.max(0, -low), y.dim(axis) - Math.max(0, -high));
            y = y.pad(axis, Math.max(0, low), Math.max(0, high), value);
        }
        return y;
    }

    private static Tensor border(Tensor x, int[] amounts, String mode) {
        Tensor y = x;
        for (int i = 0; i < amounts.length / 2; i++) {
            int axis = x.rank() - 1 - i;
            int size = y.dim(axis);
            int low = amounts[2 * i];
            int[] indices = IntStream.range(0, low + size + amounts[2 * i + 1])
                    .map(p -> {
                        int at = p - low;
                        return switch (mode) {
                            case "circular" -> Math.floorMod(at, size);
                            case "replicate" -> Math.clamp(at, 0, size - 1);
                            default -> at < 0 ? -at : at >= size ? 2 * (size - 1) - at : at;
                        };
                    })
                    .toArray();
            y = y.gather(
                    axis,
                    y.graph().constant(io.tandem.tensor.NDArray.ofInts(Shape.of(indices.length), indices)));
        }
        return y;
    }

    private static Tensor triangle(Tensor x, int diagonal, boolean lower) {
        TensorType type = new TensorType(DType.I32, x.shape());
        Tensor row = x.graph().iota(type, -2);
        Tensor column = x.graph().iota(type, -1);
        Tensor offset = column.sub(row);
        return (lower ? offset.le(diagonal) : offset.ge(diagonal)).select(x, x.like(0));
    }

    private static Tensor diagonal(Tensor x, int offset) {
        if (x.rank() != 2) {
            throw new NotCovered("diagonal of rank " + x.rank());
        }
        int rows = x.dim(0);
        int columns = x.dim(1);
        int first = offset < 0 ? -offset * columns : offset;
        int count = offset < 0 ? Math.min(rows + offset, columns) : Math.min(rows, columns - offset);
        return x.reshape(-1).slice(0, first, first + (count - 1) * (columns + 1) + 1, columns + 1);
    }

    /** Element by element along an axis: the sum over the places of the one that the index names. */
    private static Tensor pick(Tensor x, int axis, Tensor index) {
        Tensor source = x;
        for (int i = 0; i < x.rank(); i++) {
            source = i == axis ? source : source.slice(i, 0, index.dim(i));
        }
        Shape all = index.shape().insert(axis + 1, x.dim(axis));
        Tensor places = x.graph().iota(index.type().with(all), axis + 1);
        Tensor chosen = places.eq(index.expandDims(axis + 1));
        return chosen.select(source.expandDims(axis), x.like(0)).sum(axis + 1);
    }

    private static Tensor scatter(Tensor x, int axis, Tensor index, Tensor updates) {
        Tensor source = updates;
        for (int i = 0; i < x.rank(); i++) {
            source = source.slice(i, 0, index.dim(i));
        }
        Shape all = index.shape().insert(axis, x.dim(axis));
        Tensor places = x.graph().iota(index.type().with(all), axis);
        Tensor sums = places.eq(index.expandDims(axis))
                .select(source.expandDims(axis), x.like(0))
                .sum(axis + 1);
        Tensor y = sums;
        for (int i = 0; i < x.rank(); i++) {
            y = i == axis ? y : y.pad(i, 0, x.dim(i) - y.dim(i), 0);
        }
        return y;
    }
}
