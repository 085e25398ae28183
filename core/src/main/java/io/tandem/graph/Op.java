package io.tandem.graph;

import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.util.List;

/**
 * The primitives of Tandem: every computation is a graph of these. What each one means is defined by
 * {@link io.tandem.reference.Interpreter}, which shapes it takes by {@link ShapeRules}, its gradient by {@link
 * io.tandem.autodiff.Vjp}.
 *
 * <p>Axes count from 0. Operands of elementwise operations have equal shapes: broadcasting is an operation of its own,
 * which the methods of {@link Tensor} insert. All switches over {@code Op} are exhaustive and without {@code default}, so
 * a new primitive does not compile until everything that must know it does.
 */
public sealed interface Op {

    /** A value that is bound when the graph runs. No operands. */
    record Input(String name, TensorType type) implements Op {}

    /** A value known when the graph is built. No operands. */
    record Constant(NDArray value) implements Op {}

    /** The index along {@code axis} at each position. No operands. */
    record Iota(TensorType type, int axis) implements Op {}

    /**
     * Counter-based random numbers (Philox 4x32-10; Salmon et al., 2011). Operands: seed and counter, both int64 scalars.
     * Equal site, seed and counter give equal numbers on every device.
     *
     * @param distribution what is drawn
     * @param shape shape of the result
     * @param site tells apart the places in a model that draw numbers
     */
    record Random(Distribution distribution, Shape shape, long site) implements Op {}

    /** An elementwise function of one operand. */
    record Unary(UnaryFunction function) implements Op {}

    /** An elementwise function of two operands of the same type. */
    record Binary(BinaryFunction function) implements Op {}

    /** An elementwise comparison of two operands of the same type; the result is {@link DType#BOOL}. */
    record Compare(Comparison comparison) implements Op {}

    /** Elementwise choice. Operands: condition ({@link DType#BOOL}), value where true, value where false. */
    record Select() implements Op {}

    /**
     * Conversion to another element type. Floating to integer truncates: NaN gives 0, what is too large the nearest int64 or
     * int32, and for uint8 the lower bits of that int32. Integers wrap; anything but 0 is true.
     */
    record Cast(DType dtype) implements Op {}

    /** The same values in row-major order in another shape of equal size. */
    record Reshape(Shape shape) implements Op {}

    /** Axis {@code i} of the result is axis {@code axes[i]} of the operand. */
    record Permute(List<Integer> axes) implements Op {}

    /**
     * Repetition. Axes are aligned from the end; an operand's axis of size 1, or a missing one, is repeated.
     */
    record Broadcast(Shape shape) implements Op {}

    /** Elements {@code start, start + step, ...} below {@code stop} of each axis; steps are positive. */
    record Slice(List<Integer> start, List<Integer> stop, List<Integer> step) implements Op {}

    /**
     * Padding with a constant.
     *
     * @param low elements added before each axis
     * @param high elements added after each axis
     * @param interior elements added between neighbours of each axis
     * @param value what is added
     */
    record Pad(List<Integer> low, List<Integer> high, List<Integer> interior, double value) implements Op {}

    /** Operands one after the other along an axis. */
    record Concat(int axis) implements Op {}

    /** Reversal along axes. */
    record Flip(List<Integer> axes) implements Op {}

    /**
     * Reduction over axes, which vanish from the shape.
     *
     * @param reduction how elements combine
     * @param axes the axes, ascending
     * @param accumulator type in which backends accumulate at least
     */
    record Reduce(Reduction reduction, List<Integer> axes, DType accumulator) implements Op {}

    /** Index (int32) of the first largest or smallest element along an axis, which vanishes; NaN counts as largest. */
    record ArgReduce(boolean largest, int axis) implements Op {}

    /**
     * Matrix product of the last two axes; all axes before them are equal in both operands.
     *
     * @param transposeA whether the first operand's matrices are stored transposed
     * @param transposeB whether the second operand's matrices are stored transposed
     * @param accumulator type in which backends accumulate at least
     */
    record MatMul(boolean transposeA, boolean transposeB, DType accumulator) implements Op {}

    /**
     * Cross-correlation. Operands: input [N, C, spatial...] and filter [O, C / groups, kernel...]; result [N, O,
     * spatial...].
     */
    record Convolution(ConvolutionGeometry geometry, DType accumulator) implements Op {}

    /**
     * The adjoint of {@link Convolution} in its input, also known as transposed convolution. Operands: filter, gradient of
     * the result.
     *
     * @param inputShape shape of the convolution's input, which is this operation's result
     */
    record ConvolutionInputGradient(ConvolutionGeometry geometry, Shape inputShape, DType accumulator) implements Op {}

    /**
     * The adjoint of {@link Convolution} in its filter. Operands: input, gradient of the result.
     *
     * @param filterShape shape of the filter, which is this operation's result
     */
    record ConvolutionFilterGradient(ConvolutionGeometry geometry, Shape filterShape, DType accumulator)
            implements Op {}

    /** Pooling over windows of [N, C, spatial...]. */
    record Pool(Pooling pooling, PoolGeometry geometry) implements Op {}

    /**
     * The gradient of {@link Pool}. Operands: for {@link Pooling#MAX} the pool's input and the gradient of its result, for
     * averages the gradient alone.
     *
     * @param inputShape shape of the pool's input, which is this operation's result
     */
    record PoolGradient(Pooling pooling, PoolGeometry geometry, Shape inputShape) implements Op {}

    /**
     * Picks from the second operand, in each window, the element at which the first operand has its (first) maximum: what
     * the derivative of a max-pooling's gradient needs.
     */
    record PoolPick(PoolGeometry geometry) implements Op {}

    /**
     * Slices of the first operand along an axis, at the indices (int32 or int64) of the second, whose shape replaces the
     * axis. Indices outside the axis are clamped and set the device's error flag.
     */
    record Gather(int axis) implements Op {}

    /**
     * The adjoint of {@link Gather}. Operands: indices, updates; the result is zero but for the sums of the updates at
     * their indices.
     *
     * @param axis the gathered axis
     * @param size size of that axis in the result
     */
    record ScatterAdd(int axis, int size) implements Op {}

    /**
     * The one loop. Operands: initial carries, scanned values (sliced along axis 0), fixed values. The body takes carries,
     * slices, fixed values and the index (int64 scalar), and yields the next carries, then values to stack.
     *
     * <p>Results: last carries, stacked values (axis 0 of size {@code length}), and for each carry the stack of its values
     * <em>before</em> each iteration, which the gradient needs and which costs nothing when unused.
     *
     * @param body one iteration
     * @param length number of iterations
     * @param reverse whether the index runs from {@code length - 1} down to 0
     * @param carries number of carries
     * @param scanned number of scanned operands
     */
    record Scan(Graph body, int length, boolean reverse, int carries, int scanned) implements Op {}

    /**
     * A named computation that backends may have a kernel for; its body says what it means in primitives.
     *
     * @param kind which computation
     * @param body its definition, with one input per operand and one output per result
     */
    record Composite(CompositeKind kind, Graph body) implements Op {}
}
