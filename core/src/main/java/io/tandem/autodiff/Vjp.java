package io.tandem.autodiff;

import io.tandem.graph.BinaryFunction;
import io.tandem.graph.Comparison;
import io.tandem.graph.Graph;
import io.tandem.graph.Node;
import io.tandem.graph.Op;
import io.tandem.graph.Pooling;
import io.tandem.graph.Reduction;
import io.tandem.graph.Tensor;
import io.tandem.graph.UnaryFunction;
import io.tandem.tensor.DType;
import io.tandem.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * The gradient rule of every operation: from the cotangents of its results to those of its operands.
 *
 * <p>Conventions at kinks are PyTorch's:
 *
 * <table>
 * <caption>Derivatives where there is none</caption>
 * <tr><th>operation</th><th>where</th><th>derivative</th></tr>
 * <tr><td>RELU</td><td>0</td><td>0</td></tr>
 * <tr><td>ABS</td><td>0</td><td>0</td></tr>
 * <tr><td>MAX, MIN of two</td><td>equal</td><td>half to each</td></tr>
 * <tr><td>MAX, MIN of two</td><td>NaN in either</td><td>all to each</td></tr>
 * <tr><td>reduction MAX, MIN</td><td>several extreme elements</td><td>equal shares</td></tr>
 * <tr><td>max pooling</td><td>several extreme elements</td><td>all to the first</td></tr>
 * <tr><td>POW</td><td>exponent 0</td><td>0 in the base</td></tr>
 * <tr><td>POW</td><td>base 0, exponent ≥ 0</td><td>0 in the exponent</td></tr>
 * <tr><td>SIGN, FLOOR, CEIL, ROUND, comparisons, integers</td><td>everywhere</td><td>0</td></tr>
 * </table>
 */
final class Vjp {
    private static final double TWO_OVER_SQRT_PI = 2 / Math.sqrt(Math.PI);

    private Vjp() {}

    /**
     * The cotangents of a node's operands.
     *
     * @param cotangents of the results; empty means zero
     * @param wanted the operands whose cotangents are asked for; others may be left empty
     * @return one entry per operand; empty means zero
     */
    static List<Optional<Tensor>> of(Node node, List<Optional<Tensor>> cotangents, List<Integer> wanted) {
        return switch (node.op()) {
            case Op.Scan scan -> ScanGradient.of(node, scan, cotangents, wanted);
            case Op.Composite composite -> CompositeGradients.of(node, composite, cotangents, wanted);
            case Op.Input i -> none(node);
            case Op.Constant c -> none(node);
            case Op.Iota i -> none(node);
            case Op.Random r -> none(node);
            case Op.Compare c -> none(node);
            case Op.ArgReduce a -> none(node);
            case Op.Unary(UnaryFunction function) ->
                List.of(unary(function, node.operand(0), node.result(0), first(cotangents)));
            case Op.Binary(BinaryFunction function) -> binary(function, node, first(cotangents), wanted);
            case Op.Select s -> {
                Tensor g = first(cotangents);
                Tensor zero = g.like(0);
                Tensor condition = node.operand(0);
                yield List.of(
                        Optional.empty(),
                        Optional.of(condition.select(g, zero)),
                        Optional.of(condition.select(zero, g)));
            }
            case Op.Cast c -> List.of(Optional.of(first(cotangents).cast(node.operand(0).dtype())));
            case Op.Reshape r -> List.of(Optional.of(first(cotangents).reshape(node.operand(0).shape())));
            case Op.Permute(List<Integer> axes) -> {
                int[] inverse = new int[axes.size()];
                for (int i = 0; i < inverse.length; i++) {
                    inverse[axes.get(i)] = i;
                }
                yield List.of(Optional.of(first(cotangents).permute(inverse)));
            }
            case Op.Broadcast b -> List.of(Optional.of(unbroadcast(first(cotangents), node.operand(0).shape())));
            case Op.Slice slice -> List.of(Optional.of(sliceGradient(slice, node.operand(0), first(cotangents))));
            case Op.Pad pad -> List.of(Optional.of(padGradient(pad, node.operand(0), first(cotangents))));
            case Op.Concat(int axis) -> {
                List<Optional<Tensor>> parts = new ArrayList<>();
                int from = 0;
                for (Tensor operand : node.operands()) {
                    parts.add(Optional.of(first(cotangents).slice(axis, from, from + operand.dim(axis))));
                    from += operand.dim(axis);
                }
                yield parts;
            }
            case Op.Flip(List<Integer> axes) ->
                List.of(Optional.of(first(cotangents).graph().add(new Op.Flip(axes), first(cotangents))));
            case Op.Reduce reduce -> List.of(Optional.of(reduceGradient(reduce, node, first(cotangents))));
            case Op.MatMul matMul -> matMul(matMul, node, first(cotangents));
            case Op.Convolution c -> {
                Tensor g = first(cotangents);
                Tensor x = node.operand(0);
                Tensor w = node.operand(1);
                yield pair(
                        wanted,
                        () -> add(new Op.ConvolutionInputGradient(c.geometry(), x.shape(), c.accumulator()), w, g),
                        () -> add(new Op.ConvolutionFilterGradient(c.geometry(), w.shape(), c.accumulator()), x, g));
            }
            case Op.ConvolutionInputGradient c -> {
                Tensor g = first(cotangents);
                Tensor w = node.operand(0);
                Tensor dy = node.operand(1);
                yield pair(
                        wanted,
                        () -> add(new Op.ConvolutionFilterGradient(c.geometry(), w.shape(), c.accumulator()), g, dy),
                        () -> add(new Op.Convolution(c.geometry(), c.accumulator()), g, w));
            }
            case Op.ConvolutionFilterGradient c -> {
                Tensor g = first(cotangents);
                Tensor x = node.operand(0);
                Tensor dy = node.operand(1);
                yield pair(
                        wanted,
                        () -> add(new Op.ConvolutionInputGradient(c.geometry(), x.shape(), c.accumulator()), g, dy),
                        () -> add(new Op.Convolution(c.geometry(), c.accumulator()), x, g));
            }
            case Op.Pool pool -> {
                Op gradient = new Op.PoolGradient(pool.pooling(), pool.geometry(), node.operand(0).shape());
                Tensor g = first(cotangents);
                yield List.of(Optional.of(
                        pool.pooling() == Pooling.MAX ? add(gradient, node.operand(0), g) : add(gradient, g)));
            }
            case Op.PoolGradient pool -> pool.pooling() == Pooling.MAX
                    ? List.of(
                            Optional.empty(),
                            Optional.of(add(new Op.PoolPick(pool.geometry()), node.operand(0), first(cotangents))))
                    : List.of(Optional.of(add(new Op.Pool(pool.pooling(), pool.geometry()), first(cotangents))));
            case Op.PoolPick pick -> {
                Op gradient = new Op.PoolGradient(Pooling.MAX, pick.geometry(), node.operand(0).shape());
                yield List.of(Optional.empty(), Optional.of(add(gradient, node.operand(0), first(cotangents))));
            }
            case Op.Gather(int axis) -> List.of(
                    Optional.of(add(
                            new Op.ScatterAdd(axis, node.operand(0).dim(axis)), node.operand(1), first(cotangents))),
                    Optional.empty());
            case Op.ScatterAdd(int axis, int size) ->
                List.of(Optional.empty(), Optional.of(first(cotangents).gather(axis, node.operand(0))));
        };
    }

    private static Optional<Tensor> unary(UnaryFunction function, Tensor x, Tensor y, Tensor g) {
        return switch (function) {
            case NEG -> Optional.of(g.neg());
            case ABS -> Optional.of(g.mul(x.sign()));
            case EXP -> Optional.of(g.mul(y));
            case EXPM1 -> Optional.of(g.mul(y.add(1)));
            case LOG -> Optional.of(g.div(x));
            case LOG1P -> Optional.of(g.div(x.add(1)));
            case SQRT -> Optional.of(g.mul(0.5).div(y));
            case RSQRT -> Optional.of(g.mul(-0.5).mul(y.mul(y).mul(y)));
            case RECIPROCAL -> Optional.of(g.mul(y.mul(y)).neg());
            case SIN -> Optional.of(g.mul(x.cos()));
            case COS -> Optional.of(g.mul(x.sin()).neg());
            case TANH -> Optional.of(g.mul(y.mul(y).rsub(1)));
            case SIGMOID -> Optional.of(g.mul(y.mul(y.rsub(1))));
            case ERF -> Optional.of(g.mul(x.mul(x).neg().exp().mul(TWO_OVER_SQRT_PI)));
            case RELU -> Optional.of(y.gt(0).select(g, g.like(0)));
            case SIGN, FLOOR, CEIL, ROUND, NOT, IS_FINITE, STOP_GRADIENT -> Optional.empty();
        };
    }

    private static List<Optional<Tensor>> binary(BinaryFunction function, Node node, Tensor g, List<Integer> wanted) {
        Tensor x = node.operand(0);
        Tensor y = node.operand(1);
        Tensor z = node.result(0);
        return switch (function) {
            case ADD -> List.of(Optional.of(g), Optional.of(g));
            case SUB -> pair(wanted, () -> g, g::neg);
            case MUL -> pair(wanted, () -> g.mul(y), () -> g.mul(x));
            case DIV -> pair(wanted, () -> g.div(y), () -> g.mul(z).div(y).neg());
            case POW -> pair(
                    wanted,
                    () -> y.eq(0).select(g.like(0), g.mul(y.mul(x.pow(y.sub(1))))),
                    () -> x.eq(0).and(y.ge(0)).select(g.like(0), g.mul(z.mul(x.log()))));
            case MAX -> pair(wanted, () -> extreme(g, x, y, Comparison.LT), () -> extreme(g, y, x, Comparison.LT));
            case MIN -> pair(wanted, () -> extreme(g, x, y, Comparison.GT), () -> extreme(g, y, x, Comparison.GT));
            case REMAINDER -> pair(wanted, () -> g, () -> {
                Tensor quotient = x.div(y);
                return g.mul(quotient.lt(0).select(quotient.ceil(), quotient.floor())).neg();
            });
            case AND, OR, XOR -> none(node);
        };
    }

    /** Nothing where {@code x} loses against {@code y}, half of {@code g} where they are equal, else {@code g}. */
    private static Tensor extreme(Tensor g, Tensor x, Tensor y, Comparison loses) {
        Tensor beaten = add(new Op.Compare(loses), x, y);
        return beaten.select(g.like(0), x.eq(y).select(g.mul(0.5), g));
    }

    private static Tensor unbroadcast(Tensor g, Shape shape) {
        int added = g.rank() - shape.rank();
        int[] axes = IntStream.range(0, g.rank())
                .filter(i -> i < added || shape.dim(i - added) == 1 && g.dim(i) != 1)
                .toArray();
        return (axes.length == 0 ? g : g.sum(axes)).reshape(shape);
    }

    private static Tensor sliceGradient(Op.Slice slice, Tensor x, Tensor g) {
        if (g.shape().size() == 0) {
            return g.graph().zeros(x.type());
        }
        List<Integer> high = new ArrayList<>();
        List<Integer> interior = new ArrayList<>();
        for (int i = 0; i < x.rank(); i++) {
            int step = slice.step().get(i);
            high.add(x.dim(i) - slice.start().get(i) - (g.dim(i) - 1) * step - 1);
            interior.add(step - 1);
        }
        return add(new Op.Pad(slice.start(), high, interior, 0), g);
    }

    private static Tensor padGradient(Op.Pad pad, Tensor x, Tensor g) {
        if (x.shape().size() == 0) {
            return g.graph().zeros(x.type());
        }
        List<Integer> stop = new ArrayList<>();
        List<Integer> step = new ArrayList<>();
        for (int i = 0; i < x.rank(); i++) {
            step.add(pad.interior().get(i) + 1);
            stop.add(pad.low().get(i) + (x.dim(i) - 1) * step.get(i) + 1);
        }
        return add(new Op.Slice(pad.low(), stop, step), g);
    }

    private static Tensor reduceGradient(Op.Reduce reduce, Node node, Tensor g) {
        Tensor x = node.operand(0);
        Tensor spread = g.keepDims(x.shape(), reduce.axes()).broadcastTo(x.shape());
        if (reduce.reduction() == Reduction.SUM) {
            return spread;
        }
        Tensor extreme = x.eq(node.result(0).keepDims(x.shape(), reduce.axes()));
        Tensor count = add(reduce(reduce), extreme.cast(x.dtype()));
        return extreme.select(spread.div(count.keepDims(x.shape(), reduce.axes())), g.like(0));
    }

    private static Op reduce(Op.Reduce reduce) {
        return new Op.Reduce(Reduction.SUM, reduce.axes(), reduce.accumulator());
    }

    private static List<Optional<Tensor>> matMul(Op.MatMul op, Node node, Tensor g) {
        Tensor a = node.operand(0);
        Tensor b = node.operand(1);
        DType accumulator = op.accumulator();
        Tensor da = op.transposeA()
                ? add(new Op.MatMul(op.transposeB(), true, accumulator), b, g)
                : add(new Op.MatMul(false, !op.transposeB(), accumulator), g, b);
        Tensor db = op.transposeB()
                ? add(new Op.MatMul(true, op.transposeA(), accumulator), g, a)
                : add(new Op.MatMul(!op.transposeA(), false, accumulator), a, g);
        return List.of(Optional.of(da), Optional.of(db));
    }

    private static Tensor add(Op op, Tensor... operands) {
        Graph graph = operands[0].graph();
        return graph.add(op, operands);
    }

    private static Tensor first(List<Optional<Tensor>> cotangents) {
        return cotangents.getFirst().orElseThrow();
    }

    private static List<Optional<Tensor>> none(Node node) {
        return node.operands().stream().map(x -> Optional.<Tensor>empty()).toList();
    }

    private static List<Optional<Tensor>> pair(
            List<Integer> wanted,
            java.util.function.Supplier<Tensor> first,
            java.util.function.Supplier<Tensor> second) {
        return List.of(
                wanted.contains(0) ? Optional.of(first.get()) : Optional.empty(),
                wanted.contains(1) ? Optional.of(second.get()) : Optional.empty());
    }
}
