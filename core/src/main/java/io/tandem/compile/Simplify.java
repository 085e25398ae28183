package io.tandem.compile;

import io.tandem.graph.BinaryFunction;
import io.tandem.graph.Graph;
import io.tandem.graph.Node;
import io.tandem.graph.Op;
import io.tandem.graph.Tensor;
import io.tandem.graph.UnaryFunction;
import io.tandem.tensor.Shape;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.IntStream;

/**
 * Removes what is not needed: dead nodes, repeated computations, operations without effect, transposes that a product can
 * take. Never changes a result, not even in its last bit.
 */
final class Simplify {
    private Simplify() {}

    static Graph apply(Graph graph) {
        Map<Key, List<Tensor>> known = new HashMap<>();
        return Rewrite.apply(graph, (target, node, operands) -> {
            Optional<Tensor> shorter = shorten(target, node, operands);
            if (shorter.isPresent()) {
                return List.of(shorter.get());
            }
            Op op = withBodies(node.op());
            return known.computeIfAbsent(new Key(op, operands), k -> target.add(op, operands));
        });
    }

    private record Key(Op op, List<Tensor> operands) {}

    private static Op withBodies(Op op) {
        return op instanceof Op.Scan scan
                ? new Op.Scan(apply(scan.body()), scan.length(), scan.reverse(), scan.carries(), scan.scanned())
                : op;
    }

    private static Optional<Tensor> shorten(Graph target, Node node, List<Tensor> in) {
        return switch (node.op()) {
            case Op.Unary unary -> unary(unary.function(), in.getFirst());
            case Op.Binary binary -> binary(binary.function(), in.get(0), in.get(1));
            case Op.Select select -> in.get(1).equals(in.get(2)) ? Optional.of(in.get(1)) : Optional.empty();
            case Op.Cast cast -> same(in.getFirst().dtype() == cast.dtype(), in.getFirst());
            case Op.Reshape reshape -> reshape(target, reshape, in.getFirst());
            case Op.Permute permute -> permute(permute, in.getFirst());
            case Op.Broadcast broadcast -> broadcast(target, broadcast, in.getFirst());
            case Op.Slice slice -> same(in.getFirst().type().equals(node.types().getFirst()), in.getFirst());
            case Op.Pad pad -> same(in.getFirst().type().equals(node.types().getFirst()), in.getFirst());
            case Op.Concat concat -> same(in.size() == 1, in.getFirst());
            case Op.Flip flip -> same(flip.axes().stream().allMatch(a -> in.getFirst().dim(a) <= 1), in.getFirst());
            case Op.Reduce reduce -> reduce.axes().stream().allMatch(a -> in.getFirst().dim(a) == 1)
                    ? Optional.of(in.getFirst().reshape(node.types().getFirst().shape()))
                    : Optional.empty();
            case Op.MatMul matMul -> matMul(target, matMul, in);
            case Op.Input i -> Optional.empty();
            case Op.Constant c -> Optional.empty();
            case Op.Iota i -> Optional.empty();
            case Op.Random r -> Optional.empty();
            case Op.Compare c -> Optional.empty();
            case Op.ArgReduce a -> Optional.empty();
            case Op.Convolution c -> Optional.empty();
            case Op.ConvolutionInputGradient c -> Optional.empty();
            case Op.ConvolutionFilterGradient c -> Optional.empty();
            case Op.Pool p -> Optional.empty();
            case Op.PoolGradient p -> Optional.empty();
            case Op.PoolPick p -> Optional.empty();
            case Op.Gather g -> Optional.empty();
            case Op.ScatterAdd s -> Optional.empty();
            case Op.Scan s -> Optional.empty();
            case Op.Composite c -> Optional.empty();
        };
    }

    private static Optional<Tensor> same(boolean holds, Tensor x) {
        return holds ? Optional.of(x) : Optional.empty();
    }

    private static Optional<Tensor> unary(UnaryFunction function, Tensor x) {
        return switch (function) {
            case STOP_GRADIENT -> Optional.of(x);
            case NEG, NOT -> x.node().op() instanceof Op.Unary inner && inner.function() == function
                    ? Optional.of(x.node().operand(0))
                    : Optional.empty();
            case ABS, SIGN, FLOOR, CEIL, ROUND, EXP, EXPM1, LOG, LOG1P, SQRT, RSQRT, RECIPROCAL, SIN, COS, TANH,
                    SIGMOID,
                    ERF, RELU, IS_FINITE ->
                Optional.empty();
        };
    }

    private static Optional<Tensor> binary(BinaryFunction function, Tensor x, Tensor y) {
        return switch (function) {
            // x + 0 is x but for x = -0.0, where it is 0.0: only integers and a subtracted zero are safe.
            case ADD -> isConstant(y, 0) && !x.dtype().isFloating() || isConstant(y, -0.0)
                    ? Optional.of(x)
                    : isConstant(x, 0) && !x.dtype().isFloating() || isConstant(x, -0.0)
                            ? Optional.of(y)
                            : Optional.empty();
            case SUB -> same(isConstant(y, 0.0), x);
            case MUL -> isConstant(y, 1) ? Optional.of(x) : same(isConstant(x, 1), y);
            case DIV -> same(isConstant(y, 1), x);
            case POW -> isConstant(y, 1) ? Optional.of(x) : isConstant(y, 2) ? Optional.of(x.mul(x)) : Optional.empty();
            case MAX, MIN, REMAINDER, AND, OR, XOR -> Optional.empty();
        };
    }

    /** Whether all elements equal a constant, seen through broadcasts and reshapes; tells 0.0 from -0.0. */
    private static boolean isConstant(Tensor tensor, double value) {
        OptionalDouble constant = constant(tensor);
        return constant.isPresent() && Double.compare(constant.getAsDouble(), value) == 0;
    }

    private static OptionalDouble constant(Tensor tensor) {
        Tensor source = tensor;
        while (source.node().op() instanceof Op.Broadcast || source.node().op() instanceof Op.Reshape) {
            source = source.node().operand(0);
        }
        return source.node().op() instanceof Op.Constant c && c.value().shape().size() == 1
                ? OptionalDouble.of(c.value().getDouble(0))
                : OptionalDouble.empty();
    }

    private static Optional<Tensor> reshape(Graph target, Op.Reshape reshape, Tensor x) {
        if (x.shape().equals(reshape.shape())) {
            return Optional.of(x);
        }
        if (x.node().op() instanceof Op.Reshape) {
            return Optional.of(x.node().operand(0).reshape(reshape.shape()));
        }
        return x.node().op() instanceof Op.Broadcast && x.node().operand(0).shape().size() == 1
                ? Optional.of(target.add(
                        new Op.Broadcast(reshape.shape()), x.node().operand(0).reshape(Shape.of())))
                : Optional.empty();
    }

    private static Optional<Tensor> permute(Op.Permute permute, Tensor x) {
        List<Integer> axes = permute.axes();
        if (IntStream.range(0, axes.size()).allMatch(i -> axes.get(i) == i)) {
            return Optional.of(x);
        }
        if (x.node().op() instanceof Op.Permute inner) {
            Tensor source = x.node().operand(0);
            return Optional.of(source.permute(
                    axes.stream().mapToInt(a -> inner.axes().get(a)).toArray()));
        }
        return Optional.empty();
    }

    private static Optional<Tensor> broadcast(Graph target, Op.Broadcast broadcast, Tensor x) {
        if (x.shape().equals(broadcast.shape())) {
            return Optional.of(x);
        }
        return x.node().op() instanceof Op.Broadcast
                ? Optional.of(target.add(broadcast, x.node().operand(0)))
                : Optional.empty();
    }

    private static Optional<Tensor> matMul(Graph target, Op.MatMul matMul, List<Tensor> in) {
        List<Tensor> operands = new ArrayList<>(in);
        boolean[] transposed = {matMul.transposeA(), matMul.transposeB()};
        boolean changed = false;
        for (int i = 0; i < 2; i++) {
            Node node = in.get(i).node();
            if (node.op() instanceof Op.Permute permute && swapsLastTwo(permute.axes())) {
                operands.set(i, node.operand(0));
                transposed[i] = !transposed[i];
                changed = true;
            }
        }
        return changed
                ? Optional.of(
                        target.add(new Op.MatMul(transposed[0], transposed[1], matMul.accumulator()), operands)
                                .getFirst())
                : Optional.empty();
    }

    private static boolean swapsLastTwo(List<Integer> axes) {
        int rank = axes.size();
        return IntStream.range(0, rank - 2).allMatch(i -> axes.get(i) == i)
                && axes.get(rank - 1) == rank - 2
                && axes.get(rank - 2) == rank - 1;
    }
}
