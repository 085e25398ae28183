package io.tandem.nn;

import io.tandem.graph.BinaryFunction;
import io.tandem.graph.CompositeKind;
import io.tandem.graph.Graph;
import io.tandem.graph.Node;
import io.tandem.graph.Op;
import io.tandem.graph.Tensor;
import io.tandem.graph.UnaryFunction;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.TensorType;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** Repeats a graph in another one with 16-bit arithmetic as {@link MixedPrecision} has it. */
final class PrecisionPass {
    private final Graph target;
    private final DType low;
    /** Whether everything but products is float32, as inside loops and attention. */
    private final boolean inner;

    private final Map<Tensor, Tensor> known = new HashMap<>();
    private final Map<Tensor, Tensor> narrowed = new HashMap<>();
    private final Map<Tensor, Tensor> widened = new HashMap<>();
    /** What follows from constants and parameters alone. */
    private final Set<Tensor> fixed = new HashSet<>();

    private PrecisionPass(Graph target, DType low, boolean inner) {
        this.target = target;
        this.low = low;
        this.inner = inner;
    }

    /**
     * Repeats a model's graph.
     *
     * @param params the inputs that are parameters or statistics
     */
    static PrecisionPass of(Graph source, Graph target, DType low, Set<String> params) {
        PrecisionPass pass = new PrecisionPass(target, low, false);
        for (Node node : source.nodes()) {
            target.inScope(node.scope(), () -> {
                pass.repeat(node);
                return node;
            });
            if (node.op() instanceof Op.Input(String name, TensorType _) && params.contains(name)) {
                pass.fixed.add(pass.of(node.result(0)));
            }
        }
        return pass;
    }

    /** What a tensor of the old graph has become. */
    Tensor of(Tensor old) {
        return known.get(old);
    }

    /** A tensor of the new graph in float32 if it is in 16 bits. */
    Tensor widen(Tensor x) {
        return x.dtype() == low ? widened.computeIfAbsent(x, this::wide) : x;
    }

    /** Within the layer that asks, or after all layers within that of the value. */
    private Tensor wide(Tensor x) {
        String scope = target.scope().isEmpty() ? x.node().scope() : target.scope();
        return target.inScope(scope, () -> x.cast(DType.F32));
    }

    private void repeat(Node node) {
        List<Tensor> in = node.operands().stream().map(known::get).toList();
        List<Tensor> results = results(node, in);
        boolean follows = node.op() instanceof Op.Constant || !in.isEmpty() && fixed.containsAll(in);
        for (int i = 0; i < node.results().size(); i++) {
            known.put(node.result(i), results.get(i));
            if (follows) {
                fixed.add(results.get(i));
            }
        }
    }

    private List<Tensor> results(Node node, List<Tensor> in) {
        Op op = node.op();
        return switch (op) {
            case Op.MatMul m -> target.add(op, narrow(in));
            case Op.Convolution c -> target.add(op, narrow(in));
            case Op.ConvolutionInputGradient c -> target.add(op, narrow(in));
            case Op.ConvolutionFilterGradient c -> target.add(op, narrow(in));
            case Op.Reduce r -> target.add(op, widen(in));
            case Op.ScatterAdd s -> target.add(op, widen(in));
            case Op.Unary(UnaryFunction function) -> target.add(op, inner || !keeps(function) ? widen(in) : in);
            case Op.Binary(BinaryFunction function) -> target.add(op, keeps(function) ? promote(in) : widen(in));
            case Op.Compare c -> target.add(op, promote(in));
            case Op.Select s -> {
                List<Tensor> values = promote(in.subList(1, 3));
                yield target.add(op, List.of(in.getFirst(), values.get(0), values.get(1)));
            }
            case Op.Concat c -> target.add(op, promote(in));
            case Op.PoolGradient p -> target.add(op, promote(in));
            case Op.PoolPick p -> target.add(op, promote(in));
            case Op.Cast(DType dtype) -> List.of(in.getFirst().cast(dtype));
            case Op.Scan scan -> scan(scan, in);
            case Op.Composite(CompositeKind kind, Graph body) -> composite(kind, body, in);
            case Op.Input i -> target.add(op, in);
            case Op.Constant c -> target.add(op, in);
            case Op.Iota i -> target.add(op, in);
            case Op.Random r -> target.add(op, in);
            case Op.Reshape r -> target.add(op, in);
            case Op.Permute p -> target.add(op, in);
            case Op.Broadcast b -> target.add(op, in);
            case Op.Slice s -> target.add(op, in);
            case Op.Pad p -> target.add(op, in);
            case Op.Flip f -> target.add(op, in);
            case Op.ArgReduce a -> target.add(op, in);
            case Op.Pool p -> target.add(op, in);
            case Op.Gather g -> target.add(op, in);
        };
    }

    /** Whether a function is computed in its operand's type. */
    private static boolean keeps(UnaryFunction function) {
        return switch (function) {
            case NEG, ABS, SIGN, FLOOR, CEIL, ROUND, TANH, SIGMOID, RELU, NOT, IS_FINITE, STOP_GRADIENT -> true;
            case EXP, EXPM1, LOG, LOG1P, SQRT, RSQRT, RECIPROCAL, SIN, COS, ERF -> false;
        };
    }

    private static boolean keeps(BinaryFunction function) {
        return switch (function) {
            case ADD, SUB, MUL, MAX, MIN, AND, OR, XOR -> true;
            case DIV, POW, REMAINDER -> false;
        };
    }

    private List<Tensor> composite(CompositeKind kind, Graph body, List<Tensor> in) {
        return switch (kind) {
            case CompositeKind.Attention a -> attention(kind, body, narrow(in));
            // The kernels that backends have for whole sequences are of float32, and faster than loops of 16-bit products.
            case CompositeKind.Lstm l -> wide(kind, body, in, false);
            case CompositeKind.Gru g -> wide(kind, body, in, false);
            case CompositeKind.BatchNormTraining b -> wide(kind, body, in, !inner);
            case CompositeKind.BatchNormInference b -> wide(kind, body, in, !inner);
            case CompositeKind.Gelu g -> wide(kind, body, in, !inner);
            case CompositeKind.Softmax s -> wide(kind, body, in, false);
            case CompositeKind.LogSoftmax s -> wide(kind, body, in, false);
            case CompositeKind.CrossEntropy c -> wide(kind, body, in, false);
            case CompositeKind.LayerNorm n -> wide(kind, body, in, false);
            case CompositeKind.Custom c -> wide(kind, body, in, false);
            case CompositeKind.Gradient g -> wide(kind, body, in, false);
        };
    }

    private List<Tensor> attention(CompositeKind kind, Graph old, List<Tensor> in) {
        Graph body = new Graph();
        List<Tensor> inputs = new ArrayList<>();
        in.forEach(x -> inputs.add(body.input(Integer.toString(inputs.size()), x.type())));
        PrecisionPass pass = new PrecisionPass(body, low, true);
        pass.fill(old, inputs);
        body.body(old.outputTensors().stream().map(pass::of).toList());
        return target.add(new Op.Composite(kind, body), in);
    }

    /** A composite computed in float32; if asked for, a 16-bit first operand is taken and the first result given so. */
    private List<Tensor> wide(CompositeKind kind, Graph body, List<Tensor> in, boolean narrowOutside) {
        if (!narrowOutside || in.getFirst().dtype() != low) {
            return target.add(new Op.Composite(kind, body), widen(in));
        }
        List<Tensor> operands = new ArrayList<>(widen(in));
        operands.set(0, in.getFirst());
        Graph around = new Graph();
        List<Tensor> values = new ArrayList<>();
        operands.forEach(x -> values.add(around.input(Integer.toString(values.size()), x.type())));
        values.set(0, values.getFirst().cast(DType.F32));
        List<Tensor> results = new ArrayList<>(around.inScope(target.scope(), () -> around.inline(body, values)));
        results.set(0, results.getFirst().cast(low));
        return target.add(new Op.Composite(kind, around.body(results)), operands);
    }

    /** A loop: what it carries stays in float32; fixed factors of products are rounded outside. */
    private List<Tensor> scan(Op.Scan scan, List<Tensor> in) {
        List<Tensor> operands = new ArrayList<>(in);
        for (int i = 0; i < in.size(); i++) {
            if (i < scan.carries()) {
                operands.set(i, widen(in.get(i)));
            } else if (i >= scan.carries() + scan.scanned() && isFactor(scan.body(), i)) {
                operands.set(i, narrow(in.get(i)));
            }
        }
        Graph body = new Graph();
        List<Tensor> inputs = new ArrayList<>();
        for (int i = 0; i < scan.body().inputs().size(); i++) {
            Op.Input input = (Op.Input) scan.body().inputs().get(i).node().op();
            TensorType type = input.type();
            inputs.add(body.input(
                    input.name(), i < operands.size() ? type.with(operands.get(i).dtype()) : type));
        }
        PrecisionPass pass = new PrecisionPass(body, low, true);
        pass.fill(scan.body(), inputs);
        List<Tensor> results = new ArrayList<>();
        for (Tensor output : scan.body().outputTensors()) {
            Tensor result = pass.of(output);
            results.add(results.size() < scan.carries() ? pass.widen(result) : result);
        }
        body.body(results);
        return target.add(
                new Op.Scan(body, scan.length(), scan.reverse(), scan.carries(), scan.scanned()), operands);
    }

    /** Whether an input of a body is a factor of products and nothing else. */
    private static boolean isFactor(Graph body, int input) {
        Tensor x = body.inputs().get(input);
        List<Node> users =
                body.nodes().stream().filter(n -> n.operands().contains(x)).toList();
        return !users.isEmpty()
                && !body.outputTensors().contains(x)
                && users.stream().allMatch(n -> n.op() instanceof Op.MatMul || n.op() instanceof Op.Convolution);
    }

    private void fill(Graph old, List<Tensor> inputs) {
        for (int i = 0; i < inputs.size(); i++) {
            known.put(old.inputs().get(i), inputs.get(i));
        }
        for (Node node : old.nodes()) {
            if (!(node.op() instanceof Op.Input)) {
                target.inScope(node.scope(), () -> {
                    repeat(node);
                    return node;
                });
            }
        }
    }

    /**
     * Operands of one type: as they are if they agree. Where 16 bits meet float32, what is a single value, or one per
     * channel, of constants and parameters is rounded; otherwise all become float32.
     */
    private List<Tensor> promote(List<Tensor> in) {
        boolean some = in.stream().anyMatch(x -> x.dtype() == low);
        if (!some) {
            return in;
        }
        boolean narrow = !inner && in.stream().allMatch(x -> x.dtype() == low || fixed.contains(x) && isPerChannel(x));
        return narrow ? narrow(in) : widen(in);
    }

    /** Whether there is at most one value per channel, and, where it is known, 16 bits have room for it. */
    private boolean isPerChannel(Tensor x) {
        Tensor source = x;
        while (source.node().op() instanceof Op.Broadcast || source.node().op() instanceof Op.Reshape) {
            source = source.node().operand(0);
        }
        Tensor vector = source;
        boolean perChannel = IntStream.range(0, vector.rank()).filter(i -> vector.dim(i) > 1).count() <= 1;
        return perChannel && !(vector.node().op() instanceof Op.Constant(NDArray value) && !fits(value));
    }

    private boolean fits(NDArray values) {
        NDArray rounded = values.cast(low);
        return LongStream.range(0, values.shape().size()).allMatch(i -> {
            double exact = values.getDouble(i);
            double near = rounded.getDouble(i);
            return Double.isNaN(exact) || near == exact || Math.abs(near - exact) <= Math.abs(exact) * 0x1p-8;
        });
    }

    private List<Tensor> narrow(List<Tensor> in) {
        return in.stream().map(this::narrow).toList();
    }

    private List<Tensor> widen(List<Tensor> in) {
        return in.stream().map(this::widen).toList();
    }

    /** A float32 tensor in 16 bits; rounded before it is repeated or moved, so that a parameter is rounded once. */
    private Tensor narrow(Tensor x) {
        if (x.dtype() != DType.F32) {
            return x;
        }
        Deque<Tensor> path = new ArrayDeque<>();
        Tensor source = x;
        while (!narrowed.containsKey(source) && isMovement(source.node().op())) {
            path.push(source);
            source = source.node().operand(0);
        }
        Tensor result = narrowed.computeIfAbsent(source, this::rounded);
        for (Tensor step : path) {
            result = target.add(step.node().op(), result);
            narrowed.put(step, result);
            if (fixed.contains(step)) {
                fixed.add(result);
            }
        }
        return result;
    }

    private static boolean isMovement(Op op) {
        return op instanceof Op.Reshape || op instanceof Op.Permute || op instanceof Op.Broadcast;
    }

    private Tensor rounded(Tensor x) {
        Tensor result = switch (x.node().op()) {
            case Op.Cast c when x.node().operand(0).dtype() == low -> x.node().operand(0);
            case Op.Constant(NDArray value) -> target.constant(value.cast(low));
            default -> x.cast(low);
        };
        if (fixed.contains(x)) {
            fixed.add(result);
        }
        return result;
    }
}
