package io.tandem.graph;

import io.tandem.tensor.DType;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Which operands each operation takes and the types of its results: the only door into a graph. */
public final class ShapeRules {
    private ShapeRules() {}

    /** A rule that the operands break; the message has the shapes and the rule. */
    static final class Violation extends RuntimeException {
        private static final long serialVersionUID = 1;

        Violation(String message) {
            super(message, null, false, false);
        }
    }

    /** The result types of {@code op} on operands of the given types. */
    static List<TensorType> infer(Op op, List<TensorType> in) {
        return switch (op) {
            case Op.Input(String name, TensorType type) -> leaf(in, type);
            case Op.Constant constant -> leaf(in, constant.value().type());
            case Op.Iota(TensorType type, int axis) -> {
                check(type.dtype() != DType.BOOL, "%s: indices cannot be truth values", type);
                yield leaf(in, type);
            }
            case Op.Random random -> {
                count(in, 2);
                TensorType scalar = TensorType.of(DType.I64);
                check(
                        in.get(0).equals(scalar) && in.get(1).equals(scalar),
                        "seed %s and counter %s must be int64 scalars",
                        in.get(0),
                        in.get(1));
                yield one(new TensorType(random.distribution().dtype(), random.shape()));
            }
            case Op.Unary(UnaryFunction function) -> one(unary(function, in));
            case Op.Binary(BinaryFunction function) -> one(binary(function, in));
            case Op.Compare compare -> {
                equalTypes(in, 2);
                yield one(in.get(0).with(DType.BOOL));
            }
            case Op.Select select -> {
                count(in, 3);
                check(in.get(0).dtype() == DType.BOOL, "the condition %s must be of truth values", in.get(0));
                check(
                        in.get(1).equals(in.get(2)) && in.get(0).shape().equals(in.get(1).shape()),
                        "condition %s and values %s and %s must have equal shapes, the values equal types",
                        in.get(0),
                        in.get(1),
                        in.get(2));
                yield one(in.get(1));
            }
            case Op.Cast(DType dtype) -> {
                count(in, 1);
                yield one(in.get(0).with(dtype));
            }
            case Op.Reshape(Shape shape) -> {
                count(in, 1);
                check(
                        in.get(0).shape().size() == shape.size(),
                        "%s with %d elements cannot become %s with %d",
                        in.get(0).shape(),
                        in.get(0).shape().size(),
                        shape,
                        shape.size());
                yield one(in.get(0).with(shape));
            }
            case Op.Permute(List<Integer> axes) -> one(permute(axes, in));
            case Op.Broadcast(Shape shape) -> one(broadcast(shape, in));
            case Op.Slice slice -> one(slice(slice, in));
            case Op.Pad pad -> one(pad(pad, in));
            case Op.Concat(int axis) -> one(concat(axis, in));
            case Op.Flip(List<Integer> axes) -> {
                count(in, 1);
                axes(axes, in.get(0).shape());
                yield one(in.get(0));
            }
            case Op.Reduce reduce -> one(reduce(reduce, in));
            case Op.ArgReduce(boolean largest, int axis) -> {
                count(in, 1);
                axes(List.of(axis), in.get(0).shape());
                check(in.get(0).shape().dim(axis) > 0, "%s has no elements along axis %d", in.get(0), axis);
                yield one(new TensorType(DType.I32, in.get(0).shape().without(axis)));
            }
            case Op.MatMul matMul -> one(matMul(matMul, in));
            case Op.Convolution(ConvolutionGeometry geometry, DType accumulator) -> {
                count(in, 2);
                yield one(in.get(0)
                        .with(convolution(geometry, in.get(0), in.get(1), in.get(0).shape(), in.get(1).shape())));
            }
            case Op.ConvolutionInputGradient(ConvolutionGeometry geometry, Shape inputShape, DType accumulator) -> {
                count(in, 2);
                Shape result = convolution(geometry, in.get(1), in.get(0), inputShape, in.get(0).shape());
                check(
                        result.equals(in.get(1).shape()),
                        "the gradient %s must have the shape %s of the convolution's result",
                        in.get(1),
                        result);
                yield one(in.get(1).with(inputShape));
            }
            case Op.ConvolutionFilterGradient(ConvolutionGeometry geometry, Shape filterShape, DType accumulator) -> {
                count(in, 2);
                Shape result = convolution(geometry, in.get(0), in.get(1), in.get(0).shape(), filterShape);
                check(
                        result.equals(in.get(1).shape()),
                        "the gradient %s must have the shape %s of the convolution's result",
                        in.get(1),
                        result);
                yield one(in.get(0).with(filterShape));
            }
            case Op.Pool(Pooling pooling, PoolGeometry geometry) -> {
                count(in, 1);
                floating(in.get(0));
                yield one(in.get(0).with(pool(geometry, in.get(0).shape())));
            }
            case Op.PoolGradient(Pooling pooling, PoolGeometry geometry, Shape inputShape) -> {
                count(in, pooling == Pooling.MAX ? 2 : 1);
                TensorType gradient = in.getLast();
                floating(gradient);
                Shape result = pool(geometry, inputShape);
                check(
                        gradient.shape().equals(result),
                        "the gradient %s must have the shape %s of the pool's result",
                        gradient,
                        result);
                check(
                        in.size() == 1 || in.get(0).equals(gradient.with(inputShape)),
                        "the input %s must be %s",
                        in.get(0),
                        gradient.with(inputShape));
                yield one(gradient.with(inputShape));
            }
            case Op.PoolPick(PoolGeometry geometry) -> {
                equalTypes(in, 2);
                floating(in.get(0));
                yield one(in.get(0).with(pool(geometry, in.get(0).shape())));
            }
            case Op.Gather(int axis) -> {
                count(in, 2);
                Shape data = in.get(0).shape();
                axes(List.of(axis), data);
                indices(in.get(1));
                check(data.dim(axis) > 0 || in.get(1).shape().size() == 0, "axis %d of %s is empty", axis, data);
                yield one(in.get(0)
                        .with(data.subShape(0, axis)
                                .concat(in.get(1).shape())
                                .concat(data.subShape(axis + 1, data.rank()))));
            }
            case Op.ScatterAdd(int axis, int size) -> one(scatterAdd(axis, size, in));
            case Op.Scan scan -> scan(scan, in);
            case Op.Composite(CompositeKind kind, Graph body) -> {
                check(body.isFrozen(), "the body must be frozen");
                List<TensorType> declared =
                        body.inputs().stream().map(Tensor::type).toList();
                check(declared.equals(in), "the body takes %s, got %s", declared, in);
                yield body.outputTensors().stream().map(Tensor::type).toList();
            }
        };
    }

    private static List<TensorType> one(TensorType type) {
        return List.of(type);
    }

    private static List<TensorType> leaf(List<TensorType> in, TensorType type) {
        count(in, 0);
        return one(type);
    }

    private static TensorType unary(UnaryFunction function, List<TensorType> in) {
        count(in, 1);
        TensorType x = in.get(0);
        return switch (function) {
            case NEG, ABS, SIGN -> {
                check(x.dtype() != DType.BOOL, "%s must be of numbers", x);
                yield x;
            }
            case FLOOR, CEIL, ROUND, EXP, EXPM1, LOG, LOG1P, SQRT, RSQRT, RECIPROCAL, SIN, COS, TANH, SIGMOID, ERF,
                    RELU -> {
                floating(x);
                yield x;
            }
            case NOT -> {
                check(x.dtype() == DType.BOOL, "%s must be of truth values", x);
                yield x;
            }
            case IS_FINITE -> {
                floating(x);
                yield x.with(DType.BOOL);
            }
            case STOP_GRADIENT -> x;
        };
    }

    private static TensorType binary(BinaryFunction function, List<TensorType> in) {
        equalTypes(in, 2);
        TensorType x = in.get(0);
        switch (function) {
            case ADD, SUB, MUL, DIV, MAX, MIN, REMAINDER ->
                check(x.dtype() != DType.BOOL, "%s must be of numbers", x);
            case POW -> floating(x);
            case AND, OR, XOR -> check(!x.dtype().isFloating(), "%s must be of integers or truth values", x);
        }
        return x;
    }

    private static TensorType permute(List<Integer> axes, List<TensorType> in) {
        count(in, 1);
        Shape shape = in.get(0).shape();
        check(
                axes.stream().sorted().toList().equals(IntStream.range(0, shape.rank()).boxed().toList()),
                "%s: axes %s must name each axis of the operand once",
                shape,
                axes);
        return in.get(0).with(Shape.of(axes.stream().mapToInt(shape::dim).toArray()));
    }

    private static TensorType broadcast(Shape shape, List<TensorType> in) {
        count(in, 1);
        Shape from = in.get(0).shape();
        boolean fits = from.rank() <= shape.rank();
        for (int i = 1; fits && i <= from.rank(); i++) {
            fits = from.dim(-i) == shape.dim(-i) || from.dim(-i) == 1;
        }
        check(fits, "%s does not repeat to %s: aligned from the end, sizes must be equal or 1", from, shape);
        return in.get(0).with(shape);
    }

    private static TensorType slice(Op.Slice slice, List<TensorType> in) {
        count(in, 1);
        Shape shape = in.get(0).shape();
        int rank = shape.rank();
        check(
                slice.start().size() == rank
                        && slice.stop().size() == rank
                        && slice.step().size() == rank,
                "%s needs %d starts, stops and steps: %s, %s, %s",
                shape,
                rank,
                slice.start(),
                slice.stop(),
                slice.step());
        int[] dims = new int[rank];
        for (int i = 0; i < rank; i++) {
            int start = slice.start().get(i);
            int stop = slice.stop().get(i);
            int step = slice.step().get(i);
            check(
                    0 <= start && start <= stop && stop <= shape.dim(i) && step > 0,
                    "%s: from %d to %d in steps of %d is not within axis %d",
                    shape,
                    start,
                    stop,
                    step,
                    i);
            dims[i] = Math.ceilDiv(stop - start, step);
        }
        return in.get(0).with(Shape.of(dims));
    }

    private static TensorType pad(Op.Pad pad, List<TensorType> in) {
        count(in, 1);
        Shape shape = in.get(0).shape();
        int rank = shape.rank();
        check(
                pad.low().size() == rank
                        && pad.high().size() == rank
                        && pad.interior().size() == rank,
                "%s needs %d entries of padding: %s, %s, %s",
                shape,
                rank,
                pad.low(),
                pad.high(),
                pad.interior());
        int[] dims = new int[rank];
        for (int i = 0; i < rank; i++) {
            int interior = pad.interior().get(i);
            check(
                    pad.low().get(i) >= 0 && pad.high().get(i) >= 0 && interior >= 0,
                    "%s: padding must not be negative on axis %d",
                    shape,
                    i);
            dims[i] = pad.low().get(i)
                    + pad.high().get(i)
                    + shape.dim(i)
                    + Math.max(0, shape.dim(i) - 1) * interior;
        }
        return in.get(0).with(Shape.of(dims));
    }

    private static TensorType concat(int axis, List<TensorType> in) {
        check(!in.isEmpty(), "needs at least one operand");
        TensorType first = in.get(0);
        axes(List.of(axis), first.shape());
        int size = 0;
        for (TensorType type : in) {
            check(
                    type.dtype() == first.dtype()
                            && type.shape().rank() == first.shape().rank()
                            && type.shape().with(axis, 0).equals(first.shape().with(axis, 0)),
                    "%s and %s differ in more than axis %d",
                    first,
                    type,
                    axis);
            size += type.shape().dim(axis);
        }
        return first.with(first.shape().with(axis, size));
    }

    private static TensorType reduce(Op.Reduce reduce, List<TensorType> in) {
        count(in, 1);
        TensorType x = in.get(0);
        axes(reduce.axes(), x.shape());
        check(x.dtype() != DType.BOOL, "%s must be of numbers", x);
        if (reduce.reduction() != Reduction.SUM) {
            for (int axis : reduce.axes()) {
                check(x.shape().dim(axis) > 0, "%s has no elements along axis %d", x, axis);
            }
        }
        return x.with(Shape.of(IntStream.range(0, x.shape().rank())
                .filter(i -> !reduce.axes().contains(i))
                .map(i -> x.shape().dim(i))
                .toArray()));
    }

    private static TensorType matMul(Op.MatMul op, List<TensorType> in) {
        count(in, 2);
        TensorType a = in.get(0);
        TensorType b = in.get(1);
        sameFloating(a, b);
        int rank = a.shape().rank();
        check(
                rank >= 2 && b.shape().rank() == rank,
                "%s x %s: both need the same number of axes, at least 2",
                a.shape(),
                b.shape());
        check(
                a.shape().subShape(0, rank - 2).equals(b.shape().subShape(0, rank - 2)),
                "%s x %s: batch sizes differ",
                a.shape(),
                b.shape());
        int m = a.shape().dim(op.transposeA() ? -1 : -2);
        int k = a.shape().dim(op.transposeA() ? -2 : -1);
        int k2 = b.shape().dim(op.transposeB() ? -1 : -2);
        int n = b.shape().dim(op.transposeB() ? -2 : -1);
        check(
                k == k2,
                "%s%s x %s%s: inner sizes %d and %d differ",
                a.shape(),
                op.transposeA() ? "ᵀ" : "",
                b.shape(),
                op.transposeB() ? "ᵀ" : "",
                k,
                k2);
        return a.with(a.shape().subShape(0, rank - 2).concat(Shape.of(m, n)));
    }

    private static Shape convolution(
            ConvolutionGeometry geometry, TensorType a, TensorType b, Shape input, Shape filter) {
        sameFloating(a, b);
        int axes = geometry.axes();
        check(
                input.rank() == axes + 2 && filter.rank() == axes + 2,
                "input %s and filter %s need batch, channels and %d spatial axes",
                input,
                filter,
                axes);
        check(
                input.dim(1) == filter.dim(1) * geometry.groups(),
                "input %s has %d channels, filter %s with %d groups takes %d",
                input,
                input.dim(1),
                filter,
                geometry.groups(),
                filter.dim(1) * geometry.groups());
        check(
                filter.dim(0) % geometry.groups() == 0,
                "filter %s: %d output channels do not divide into %d groups",
                filter,
                filter.dim(0),
                geometry.groups());
        int[] dims = new int[axes + 2];
        dims[0] = input.dim(0);
        dims[1] = filter.dim(0);
        for (int i = 0; i < axes; i++) {
            dims[i + 2] = geometry.outputSize(i, input.dim(i + 2), filter.dim(i + 2));
            check(
                    dims[i + 2] > 0,
                    "filter %s with dilation %s does not fit into input %s with padding %s and %s; the input's axes are"
                            + " [N, channels, sizes...], channels before sizes",
                    filter,
                    geometry.dilation(),
                    input,
                    geometry.padLow(),
                    geometry.padHigh());
        }
        return Shape.of(dims);
    }

    private static Shape pool(PoolGeometry geometry, Shape input) {
        check(
                input.rank() == geometry.axes() + 2,
                "%s needs batch, channels and %d spatial axes",
                input,
                geometry.axes());
        int[] dims = input.toArray();
        for (int i = 0; i < geometry.axes(); i++) {
            dims[i + 2] = geometry.outputSize(i, input.dim(i + 2));
            check(
                    dims[i + 2] > 0,
                    "window %s does not fit into %s with padding %s and %s",
                    geometry.window(),
                    input,
                    geometry.padLow(),
                    geometry.padHigh());
        }
        return Shape.of(dims);
    }

    private static TensorType scatterAdd(int axis, int size, List<TensorType> in) {
        count(in, 2);
        indices(in.get(0));
        Shape index = in.get(0).shape();
        Shape updates = in.get(1).shape();
        check(
                axis >= 0
                        && updates.rank() >= axis + index.rank()
                        && updates.subShape(axis, axis + index.rank()).equals(index),
                "updates %s must have the sizes of the indices %s at axis %d",
                updates,
                index,
                axis);
        check(in.get(1).dtype() != DType.BOOL, "updates %s must be of numbers", in.get(1));
        check(size > 0 || size == 0 && index.size() == 0, "size %d has no place for %d indices", size, index.size());
        return in.get(1)
                .with(updates.subShape(0, axis)
                        .concat(Shape.of(size))
                        .concat(updates.subShape(axis + index.rank(), updates.rank())));
    }

    private static List<TensorType> scan(Op.Scan scan, List<TensorType> in) {
        int carries = scan.carries();
        int scanned = scan.scanned();
        check(scan.body().isFrozen(), "the body must be frozen");
        check(scan.length() >= 0 && carries + scanned <= in.size(), "needs %d operands", carries + scanned);
        List<TensorType> expected = new ArrayList<>();
        for (int i = 0; i < in.size(); i++) {
            TensorType type = in.get(i);
            if (i >= carries && i < carries + scanned) {
                check(
                        type.shape().rank() > 0 && type.shape().dim(0) == scan.length(),
                        "scanned operand %s needs the length %d on axis 0",
                        type,
                        scan.length());
                type = type.with(type.shape().without(0));
            }
            expected.add(type);
        }
        expected.add(TensorType.of(DType.I64));
        List<TensorType> declared =
                scan.body().inputs().stream().map(Tensor::type).toList();
        check(declared.equals(expected), "the body takes %s, the operands give %s", declared, expected);
        List<TensorType> out =
                scan.body().outputTensors().stream().map(Tensor::type).toList();
        check(
                out.size() >= carries && out.subList(0, carries).equals(in.subList(0, carries)),
                "the body yields %s, but its first %d results must be of the carries' types %s",
                out,
                carries,
                in.subList(0, carries));
        List<TensorType> results = new ArrayList<>(out.subList(0, carries));
        for (TensorType stacked : out.subList(carries, out.size())) {
            results.add(stacked.with(stacked.shape().insert(0, scan.length())));
        }
        for (TensorType carry : in.subList(0, carries)) {
            results.add(carry.with(carry.shape().insert(0, scan.length())));
        }
        return results;
    }

    private static void count(List<TensorType> in, int expected) {
        check(in.size() == expected, "takes %d operands, got %d: %s", expected, in.size(), in);
    }

    private static void equalTypes(List<TensorType> in, int expected) {
        count(in, expected);
        check(in.get(0).equals(in.get(1)), "%s and %s differ", in.get(0), in.get(1));
    }

    private static void floating(TensorType type) {
        check(type.dtype().isFloating(), "%s must be of a floating type", type);
    }

    private static void sameFloating(TensorType a, TensorType b) {
        check(
                a.dtype() == b.dtype() && a.dtype().isFloating(),
                "%s and %s must be of the same floating type; convert with cast, or declare the model's input so",
                a,
                b);
    }

    private static void indices(TensorType type) {
        check(
                type.dtype() == DType.I32 || type.dtype() == DType.I64,
                "indices must be int32 or int64, these are %s",
                type);
    }

    private static void axes(List<Integer> axes, Shape shape) {
        int last = -1;
        for (int axis : axes) {
            check(
                    axis > last && axis < shape.rank(),
                    "axes %s must be ascending and within the shape %s",
                    axes,
                    shape);
            last = axis;
        }
    }

    private static void check(boolean holds, String rule, Object... arguments) {
        if (!holds) {
            throw new Violation(rule.formatted(arguments));
        }
    }
}
