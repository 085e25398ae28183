package io.tandem.graph;

import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A value in a graph: one result of a node. Methods add operations to the graph and return their result; nothing is
 * computed until the graph runs. Shapes of two operands are broadcast as in NumPy. Negative axes count from the end.
 *
 * @param node the node that yields the value
 * @param index which of the node's results it is
 */
public record Tensor(Node node, int index) {

    /** The graph that this value belongs to. */
    public Graph graph() {
        return node.graph();
    }

    /** Element type and shape. */
    public TensorType type() {
        return node.types().get(index);
    }

    /** The shape. */
    public Shape shape() {
        return type().shape();
    }

    /** The element type. */
    public DType dtype() {
        return type().dtype();
    }

    /** The size of an axis. */
    public int dim(int axis) {
        return shape().dim(axis);
    }

    /** The number of axes. */
    public int rank() {
        return shape().rank();
    }

    // ---- elementwise ----

    /** This plus another. */
    public Tensor add(Tensor other) {
        return binary(BinaryFunction.ADD, other);
    }

    /** This plus a number. */
    public Tensor add(double other) {
        return add(like(other));
    }

    /** This minus another. */
    public Tensor sub(Tensor other) {
        return binary(BinaryFunction.SUB, other);
    }

    /** This minus a number. */
    public Tensor sub(double other) {
        return sub(like(other));
    }

    /** A number minus this. */
    public Tensor rsub(double other) {
        return like(other).sub(this);
    }

    /** This times another, elementwise. */
    public Tensor mul(Tensor other) {
        return binary(BinaryFunction.MUL, other);
    }

    /** This times a number. */
    public Tensor mul(double other) {
        return mul(like(other));
    }

    /** This divided by another, elementwise. */
    public Tensor div(Tensor other) {
        return binary(BinaryFunction.DIV, other);
    }

    /** This divided by a number. */
    public Tensor div(double other) {
        return div(like(other));
    }

    /** This to the power of another, elementwise. */
    public Tensor pow(Tensor other) {
        return binary(BinaryFunction.POW, other);
    }

    /** This to the power of a number. */
    public Tensor pow(double exponent) {
        return pow(like(exponent));
    }

    /** The elementwise larger one. */
    public Tensor maximum(Tensor other) {
        return binary(BinaryFunction.MAX, other);
    }

    /** The elementwise larger one of this and a number. */
    public Tensor maximum(double other) {
        return maximum(like(other));
    }

    /** The elementwise smaller one. */
    public Tensor minimum(Tensor other) {
        return binary(BinaryFunction.MIN, other);
    }

    /** The elementwise smaller one of this and a number. */
    public Tensor minimum(double other) {
        return minimum(like(other));
    }

    /** Limits each element to the range from low to high, both ends included; the derivative is 1 at either end. */
    public Tensor clamp(double low, double high) {
        Tensor raised = lt(low).select(like(low), this);
        return raised.gt(high).select(like(high), raised);
    }

    /** Remainder with the sign of this. */
    public Tensor remainder(Tensor other) {
        return binary(BinaryFunction.REMAINDER, other);
    }

    /** Bitwise or logical and. */
    public Tensor and(Tensor other) {
        return binary(BinaryFunction.AND, other);
    }

    /** Bitwise or logical or. */
    public Tensor or(Tensor other) {
        return binary(BinaryFunction.OR, other);
    }

    /** Bitwise or logical exclusive or. */
    public Tensor xor(Tensor other) {
        return binary(BinaryFunction.XOR, other);
    }

    /** Negation. */
    public Tensor neg() {
        return unary(UnaryFunction.NEG);
    }

    /** Absolute value. */
    public Tensor abs() {
        return unary(UnaryFunction.ABS);
    }

    /** -1, 0 or 1. */
    public Tensor sign() {
        return unary(UnaryFunction.SIGN);
    }

    /** Largest integers not above. */
    public Tensor floor() {
        return unary(UnaryFunction.FLOOR);
    }

    /** Smallest integers not below. */
    public Tensor ceil() {
        return unary(UnaryFunction.CEIL);
    }

    /** Nearest integers, ties to even. */
    public Tensor round() {
        return unary(UnaryFunction.ROUND);
    }

    /** e to the power of each element. */
    public Tensor exp() {
        return unary(UnaryFunction.EXP);
    }

    /** e^x - 1. */
    public Tensor expm1() {
        return unary(UnaryFunction.EXPM1);
    }

    /** Natural logarithm. */
    public Tensor log() {
        return unary(UnaryFunction.LOG);
    }

    /** ln(1 + x). */
    public Tensor log1p() {
        return unary(UnaryFunction.LOG1P);
    }

    /** Square root. */
    public Tensor sqrt() {
        return unary(UnaryFunction.SQRT);
    }

    /** 1 / sqrt(x). */
    public Tensor rsqrt() {
        return unary(UnaryFunction.RSQRT);
    }

    /** 1 / x. */
    public Tensor reciprocal() {
        return unary(UnaryFunction.RECIPROCAL);
    }

    /** x². */
    public Tensor square() {
        return mul(this);
    }

    /** Sine. */
    public Tensor sin() {
        return unary(UnaryFunction.SIN);
    }

    /** Cosine. */
    public Tensor cos() {
        return unary(UnaryFunction.COS);
    }

    /** Hyperbolic tangent. */
    public Tensor tanh() {
        return unary(UnaryFunction.TANH);
    }

    /** The logistic function. */
    public Tensor sigmoid() {
        return unary(UnaryFunction.SIGMOID);
    }

    /** The error function. */
    public Tensor erf() {
        return unary(UnaryFunction.ERF);
    }

    /** max(x, 0). */
    public Tensor relu() {
        return unary(UnaryFunction.RELU);
    }

    /** Logical negation of truth values. */
    public Tensor not() {
        return unary(UnaryFunction.NOT);
    }

    /** Whether each element is neither infinite nor NaN. */
    public Tensor isFinite() {
        return unary(UnaryFunction.IS_FINITE);
    }

    /** This value, through which no gradient flows. */
    public Tensor stopGradient() {
        return unary(UnaryFunction.STOP_GRADIENT);
    }

    /** Whether equal to another. */
    public Tensor eq(Tensor other) {
        return compare(Comparison.EQ, other);
    }

    /** Whether equal to a number. */
    public Tensor eq(double other) {
        return eq(like(other));
    }

    /** Whether different from another. */
    public Tensor ne(Tensor other) {
        return compare(Comparison.NE, other);
    }

    /** Whether less than another. */
    public Tensor lt(Tensor other) {
        return compare(Comparison.LT, other);
    }

    /** Whether less than a number. */
    public Tensor lt(double other) {
        return lt(like(other));
    }

    /** Whether at most another. */
    public Tensor le(Tensor other) {
        return compare(Comparison.LE, other);
    }

    /** Whether at most a number. */
    public Tensor le(double other) {
        return le(like(other));
    }

    /** Whether greater than another. */
    public Tensor gt(Tensor other) {
        return compare(Comparison.GT, other);
    }

    /** Whether greater than a number. */
    public Tensor gt(double other) {
        return gt(like(other));
    }

    /** Whether at least another. */
    public Tensor ge(Tensor other) {
        return compare(Comparison.GE, other);
    }

    /** Whether at least a number. */
    public Tensor ge(double other) {
        return ge(like(other));
    }

    /** Of truth values: {@code whenTrue} where true, {@code whenFalse} elsewhere; shapes are broadcast. */
    public Tensor select(Tensor whenTrue, Tensor whenFalse) {
        Shape shape = broadcast(broadcast(shape(), whenTrue.shape(), "select"), whenFalse.shape(), "select");
        return graph()
                .add(
                        new Op.Select(),
                        broadcastTo(shape),
                        whenTrue.broadcastTo(shape),
                        whenFalse.broadcastTo(shape));
    }

    /** Conversion to another element type. */
    public Tensor cast(DType dtype) {
        return dtype == dtype() ? this : graph().add(new Op.Cast(dtype), this);
    }

    // ---- shape ----

    /** The same values in another shape; one size may be -1 and is computed. */
    public Tensor reshape(int... dims) {
        int unknown = -1;
        long known = 1;
        for (int i = 0; i < dims.length; i++) {
            if (dims[i] != -1) {
                known *= dims[i];
            } else if (unknown < 0) {
                unknown = i;
            } else {
                throw error("reshape: " + shape() + " to " + Arrays.toString(dims) + ": only one size may be -1");
            }
        }
        int[] sizes = dims.clone();
        if (unknown >= 0) {
            if (known == 0 || shape().size() % known != 0) {
                throw error("reshape: " + shape() + " to " + Arrays.toString(dims) + ": " + shape().size()
                        + " elements do not divide by " + known);
            }
            sizes[unknown] = Math.toIntExact(shape().size() / known);
        }
        return reshape(Shape.of(sizes));
    }

    /** The same values in another shape. */
    public Tensor reshape(Shape shape) {
        return shape.equals(shape()) ? this : graph().add(new Op.Reshape(shape), this);
    }

    /** Axes from {@code axis} on merged into one. */
    public Tensor flatten(int axis) {
        int from = axis(axis, "flatten");
        Shape tail = shape().subShape(from, rank());
        return reshape(shape().subShape(0, from).concat(Shape.of(Math.toIntExact(tail.size()))));
    }

    /** Axis i of the result is axis {@code axes[i]} of this. */
    public Tensor permute(int... axes) {
        List<Integer> order =
                Arrays.stream(axes).mapToObj(a -> axis(a, "permute")).toList();
        boolean identity = IntStream.range(0, order.size()).allMatch(i -> order.get(i) == i);
        return identity && order.size() == rank() ? this : graph().add(new Op.Permute(order), this);
    }

    /** This with two axes exchanged. */
    public Tensor transpose(int a, int b) {
        int[] axes = IntStream.range(0, rank()).toArray();
        axes[axis(a, "transpose")] = axis(b, "transpose");
        axes[axis(b, "transpose")] = axis(a, "transpose");
        return permute(axes);
    }

    /** A matrix (or a batch of them) transposed: the last two axes exchanged. */
    public Tensor transpose() {
        return transpose(-2, -1);
    }

    /** This repeated to a shape. */
    public Tensor broadcastTo(Shape shape) {
        return shape.equals(shape()) ? this : graph().add(new Op.Broadcast(shape), this);
    }

    /** This with an axis of size 1 inserted before {@code axis}; -1 appends one. */
    public Tensor expandDims(int axis) {
        if (axis < -rank() - 1 || axis > rank()) {
            throw error("expandDims: there is no place " + axis + " for an axis in " + shape());
        }
        return reshape(shape().insert(axis, 1));
    }

    /** This without an axis of size 1. */
    public Tensor squeeze(int axis) {
        if (dim(axis(axis, "squeeze")) != 1) {
            throw error("squeeze: axis " + axis + " of " + shape() + " is not of size 1");
        }
        return reshape(shape().without(axis));
    }

    /** Elements {@code start} (inclusive) to {@code stop} (exclusive) of an axis; a negative stop counts from the end. */
    public Tensor slice(int axis, int start, int stop) {
        return slice(axis, start, stop, 1);
    }

    /** Every {@code step}-th element of an axis from {@code start} to below {@code stop}. */
    public Tensor slice(int axis, int start, int stop, int step) {
        int at = axis(axis, "slice");
        int[] starts = new int[rank()];
        int[] stops = shape().toArray();
        int[] steps = new int[rank()];
        Arrays.fill(steps, 1);
        starts[at] = start < 0 ? start + dim(at) : start;
        stops[at] = stop < 0 ? stop + dim(at) : stop;
        steps[at] = step;
        if (starts[at] == 0 && stops[at] == dim(at) && step == 1) {
            return this;
        }
        return graph().add(new Op.Slice(list(starts), list(stops), list(steps)), this);
    }

    /** The slice at one index of an axis, without that axis; a negative index counts from the end. */
    public Tensor at(int axis, int index) {
        int at = axis(axis, "at");
        int from = index < 0 ? index + dim(at) : index;
        if (from < 0 || from >= dim(at)) {
            throw error("at: index " + index + " does not exist on axis " + axis + " of " + shape());
        }
        return slice(at, from, from + 1).reshape(shape().without(at));
    }

    /** This with {@code low} and {@code high} elements of a value added before and after an axis. */
    public Tensor pad(int axis, int low, int high, double value) {
        int at = axis(axis, "pad");
        int[] lows = new int[rank()];
        int[] highs = new int[rank()];
        lows[at] = low;
        highs[at] = high;
        return graph().add(new Op.Pad(list(lows), list(highs), list(new int[rank()]), value), this);
    }

    /** Tensors one after the other along an axis. */
    public static Tensor concat(int axis, List<Tensor> parts) {
        if (parts.isEmpty()) {
            throw new GraphException("concat: there are no tensors to put one after the other");
        }
        Tensor first = parts.getFirst();
        return parts.size() == 1 ? first
                : first.graph().add(new Op.Concat(first.axis(axis, "concat")), parts).getFirst();
    }

    /** Tensors one after the other along an axis. */
    public static Tensor concat(int axis, Tensor... parts) {
        return concat(axis, List.of(parts));
    }

    /** Tensors of equal shape along a new axis before {@code axis}. */
    public static Tensor stack(int axis, List<Tensor> parts) {
        return concat(axis, parts.stream().map(p -> p.expandDims(axis)).toList());
    }

    /** Equal parts along an axis. */
    public List<Tensor> split(int axis, int parts) {
        int at = axis(axis, "split");
        if (parts < 1 || dim(at) % parts != 0) {
            throw error("split: axis " + axis + " of " + shape() + " does not divide into " + parts + " parts");
        }
        int size = dim(at) / parts;
        return IntStream.range(0, parts)
                .mapToObj(i -> slice(at, i * size, (i + 1) * size))
                .toList();
    }

    /** This reversed along axes. */
    public Tensor flip(int... axes) {
        return graph().add(new Op.Flip(axes(axes, "flip")), this);
    }

    // ---- reductions ----

    /** The sum over axes, which vanish; over all axes if none is given. */
    public Tensor sum(int... axes) {
        return reduce(Reduction.SUM, axes);
    }

    /** The mean over axes, which vanish; over all axes if none is given. */
    public Tensor mean(int... axes) {
        List<Integer> over = reduced(axes, "mean");
        requireFloating("mean");
        double count = over.stream().mapToLong(this::dim).reduce(1, (a, b) -> a * b);
        return sum(axes).mul(1 / count);
    }

    /** The maximum over axes, which vanish; over all axes if none is given. */
    public Tensor max(int... axes) {
        return reduce(Reduction.MAX, axes);
    }

    /** The minimum over axes, which vanish; over all axes if none is given. */
    public Tensor min(int... axes) {
        return reduce(Reduction.MIN, axes);
    }

    /**
     * The variance over axes: squared deviations from the mean, divided by their count less {@code correction}; NaN where
     * there are not more elements than that.
     */
    public Tensor variance(int correction, int... axes) {
        List<Integer> over = reduced(axes, "variance");
        requireFloating("variance");
        double count = over.stream().mapToLong(this::dim).reduce(1, (a, b) -> a * b);
        Tensor mean = mean(axes).keepDims(shape(), over);
        return sub(mean).square().sum(axes).mul(1 / Math.max(0, count - correction));
    }

    /** The standard deviation over axes, see {@link #variance}; its derivative is 0 where it is 0. */
    public Tensor standardDeviation(int correction, int... axes) {
        return Reductions.root(variance(correction, axes));
    }

    /** The L2 norm over axes, which vanish, or over all axes: the root of the sum of squares; its derivative at 0 is 0. */
    public Tensor norm(int... axes) {
        return Reductions.root(square().sum(axes));
    }

    /** The logarithm of the sum of e^x over axes, which vanish, or over all axes; without overflow. */
    public Tensor logSumExp(int... axes) {
        return Reductions.logSumExp(this, reduced(axes, "logSumExp"));
    }

    /** The product over axes, which vanish, or over all axes; 1 where there are no elements. */
    public Tensor prod(int... axes) {
        return Reductions.product(this, reduced(axes, "prod"));
    }

    /** At each position the sum of the elements up to it along an axis, itself included. */
    public Tensor cumSum(int axis) {
        return Reductions.running(this, axis(axis, "cumSum"), 0, Tensor::add);
    }

    /** At each position the product of the elements up to it along an axis, itself included. */
    public Tensor cumProd(int axis) {
        return Reductions.running(this, axis(axis, "cumProd"), 1, Tensor::mul);
    }

    /** Of a reduced tensor: the vanished axes of {@code original} put back with size 1. */
    public Tensor keepDims(Shape original, List<Integer> axes) {
        Shape kept = original;
        for (int axis : axes) {
            kept = kept.with(axis, 1);
        }
        return reshape(kept);
    }

    /** Index (int32) of the largest element along an axis, which vanishes; the first of equal ones. */
    public Tensor argMax(int axis) {
        return graph().add(new Op.ArgReduce(true, axis(axis, "argMax")), this);
    }

    /** Index (int32) of the smallest element along an axis, which vanishes; the first of equal ones. */
    public Tensor argMin(int axis) {
        return graph().add(new Op.ArgReduce(false, axis(axis, "argMin")), this);
    }

    // ---- products and indexing ----

    /**
     * Matrix product of the last two axes. Leading axes are broadcast; a right operand with two axes is applied to all
     * rows of this at once.
     */
    public Tensor matmul(Tensor other) {
        return matmul(other, false, false);
    }

    /** Matrix product with either operand's last two axes exchanged first. */
    public Tensor matmul(Tensor other, boolean transposeThis, boolean transposeOther) {
        if (rank() < 2 || other.rank() < 2) {
            throw error("matmul: " + shape() + " x " + other.shape() + ": both need at least 2 axes");
        }
        Op op = new Op.MatMul(transposeThis, transposeOther, accumulator());
        if (rank() > 2 && other.rank() == 2 && !transposeThis) {
            int inner = other.dim(transposeOther ? 1 : 0);
            if (inner != dim(-1)) {
                throw error("matmul: %s x %s%s: inner sizes %d and %d differ"
                        .formatted(shape(), other.shape(), transposeOther ? "ᵀ" : "", dim(-1), inner));
            }
            Tensor rows = reshape(Math.toIntExact(shape().size() / Math.max(1, inner)), inner);
            Tensor product = graph().add(op, rows, other);
            return product.reshape(shape().with(-1, product.dim(-1)));
        }
        Shape batch = broadcast(shape().subShape(0, rank() - 2), other.shape().subShape(0, other.rank() - 2), "matmul");
        Tensor a = broadcastTo(batch.concat(shape().subShape(rank() - 2, rank())));
        Tensor b = other.broadcastTo(batch.concat(other.shape().subShape(other.rank() - 2, other.rank())));
        return graph().add(op, a, b);
    }

    /** Slices at indices (int32 or int64) along an axis; the shape of the indices replaces the axis. */
    public Tensor gather(int axis, Tensor indices) {
        return graph().add(new Op.Gather(axis(axis, "gather")), this, indices);
    }

    /**
     * Truth of position = index along a new last axis, as numbers of the given type: one-hot rows of indices.
     *
     * @param classes size of the new axis
     */
    public Tensor oneHot(int classes, DType dtype) {
        Shape shape = shape().insert(-1, classes);
        Tensor positions = graph().iota(new TensorType(dtype(), shape), shape.rank() - 1);
        return positions.eq(expandDims(-1)).cast(dtype);
    }

    // ---- composites ----

    /** Softmax along an axis. */
    public Tensor softmax(int axis) {
        return Composites.softmax(this, axis(axis, "softmax"));
    }

    /** Logarithm of the softmax along an axis. */
    public Tensor logSoftmax(int axis) {
        return Composites.logSoftmax(this, axis(axis, "logSoftmax"));
    }

    // ---- shared ----

    /**
     * A constant of this tensor's element type; floating types round it.
     *
     * @throws GraphException if the type is one of integers or truth values that does not have the value
     */
    public Tensor like(double value) {
        NDArray scalar = NDArray.scalar(dtype(), value);
        if (!dtype().isFloating() && scalar.item() != value) {
            throw error("%s is not a value that %s can hold; convert it to a floating type with cast first"
                    .formatted(value, type()));
        }
        return graph().constant(scalar);
    }

    /** The type that sums and products of this element type accumulate in. */
    DType accumulator() {
        return dtype() == DType.F16 || dtype() == DType.BF16 ? DType.F32 : dtype();
    }

    /** The shape that two shapes broadcast to. */
    Shape broadcast(Shape a, Shape b, String what) {
        int rank = Math.max(a.rank(), b.rank());
        int[] dims = new int[rank];
        for (int i = 1; i <= rank; i++) {
            int x = i <= a.rank() ? a.dim(-i) : 1;
            int y = i <= b.rank() ? b.dim(-i) : 1;
            if (x != y && x != 1 && y != 1) {
                throw error("%s: %s and %s do not broadcast: aligned from the end, sizes %d and %d must be equal or 1"
                        .formatted(what, a, b, x, y));
            }
            dims[rank - i] = x == 1 ? y : x;
        }
        return Shape.of(dims);
    }

    private Tensor unary(UnaryFunction function) {
        return graph().add(new Op.Unary(function), this);
    }

    private Tensor binary(BinaryFunction function, Tensor other) {
        String what = GraphText.lower(function);
        requireSameType(what, other);
        Shape shape = broadcast(shape(), other.shape(), what);
        return graph().add(new Op.Binary(function), broadcastTo(shape), other.broadcastTo(shape));
    }

    private Tensor compare(Comparison comparison, Tensor other) {
        String what = GraphText.lower(comparison);
        requireSameType(what, other);
        Shape shape = broadcast(shape(), other.shape(), what);
        return graph().add(new Op.Compare(comparison), broadcastTo(shape), other.broadcastTo(shape));
    }

    private void requireFloating(String what) {
        if (!dtype().isFloating()) {
            throw error(what + ": " + type() + " must be of a floating type; convert it with cast");
        }
    }

    private void requireSameType(String what, Tensor other) {
        if (dtype() != other.dtype()) {
            throw error("%s: %s and %s have different element types; convert one with cast"
                    .formatted(what, type(), other.type()));
        }
    }

    private Tensor reduce(Reduction reduction, int... axes) {
        List<Integer> over = reduced(axes, GraphText.lower(reduction));
        return over.isEmpty() ? this : graph().add(new Op.Reduce(reduction, over, accumulator()), this);
    }

    private List<Integer> reduced(int[] axes, String what) {
        return axes.length == 0 ? IntStream.range(0, rank()).boxed().toList() : axes(axes, what);
    }

    private List<Integer> axes(int[] axes, String what) {
        List<Integer> list = new ArrayList<>();
        for (int axis : axes) {
            int from0 = axis(axis, what);
            if (list.contains(from0)) {
                throw error(what + ": axis " + axis + " is named twice in " + Arrays.toString(axes));
            }
            list.add(from0);
        }
        Collections.sort(list);
        return List.copyOf(list);
    }

    private int axis(int axis, String what) {
        int from0 = axis < 0 ? axis + rank() : axis;
        if (from0 < 0 || from0 >= rank()) {
            throw error(what + ": axis " + axis + " does not exist in " + shape());
        }
        return from0;
    }

    /** An exception with the layer and the user's line added to the message. */
    GraphException error(String message) {
        return new GraphException(message + CallSite.describe(graph().scope()));
    }

    private static List<Integer> list(int[] values) {
        return IntStream.of(values).boxed().toList();
    }

    /** For example {@code %7} or {@code %7.1} with its type. */
    @Override
    public String toString() {
        return GraphText.name(this) + " : " + type();
    }
}
