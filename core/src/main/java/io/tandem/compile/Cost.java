package io.tandem.compile;

import io.tandem.graph.CompositeKind;
import io.tandem.graph.Graph;
import io.tandem.graph.MultiplyAdds;
import io.tandem.graph.Node;
import io.tandem.graph.Op;
import io.tandem.graph.PoolGeometry;
import io.tandem.graph.Tensor;
import io.tandem.tensor.TensorType;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * What a piece of work costs, whatever the machine: the yardstick for measured times.
 *
 * @param flops floating-point operations; a multiplication with an addition counts as two, any function as one
 * @param bytes of operands and results, each read or written once
 */
public record Cost(long flops, long bytes) {

    /** The cost of a step of a plan. */
    public static Cost of(Plan.Step step) {
        long bytes = bytes(step.operands()) + bytes(step.results());
        List<TensorType> operands = types(step.operands());
        List<TensorType> results = types(step.results());
        return switch (step.action()) {
            case Plan.RunKernel(Kernel kernel) -> new Cost(flops(kernel), bytes);
            case Plan.Call call -> {
                long elements = results.getFirst().shape().size();
                long epilogue = call.epilogue()
                        .map(e -> elements * ((e.bias() ? 1 : 0) + (e.activation().isPresent() ? 1 : 0)))
                        .orElse(0L);
                yield new Cost(flops(call.op(), operands, results) + epilogue, bytes);
            }
            case Plan.Loop loop -> {
                Cost body = of(loop.body());
                yield new Cost(loop.length() * body.flops(), Math.max(bytes, loop.length() * body.bytes()));
            }
            case Plan.Convert convert -> new Cost(0, bytes);
        };
    }

    /** The sum over a plan's steps. */
    public static Cost of(Plan plan) {
        return plan.steps().stream().map(Cost::of).reduce(new Cost(0, 0), Cost::plus);
    }

    /**
     * The FLOPs of a gradient: of the operations that depend on a cotangent. The others would compute once more what the
     * forward step has, and a kernel of its own takes it from there.
     */
    private static long flopsFrom(Graph graph, List<Tensor> cotangents) {
        Set<Tensor> dependent = new HashSet<>(cotangents);
        long sum = 0;
        for (Node node : graph.nodes()) {
            if (node.operands().stream().noneMatch(dependent::contains)) {
                continue;
            }
            dependent.addAll(node.results());
            if (node.op() instanceof Op.Scan scan) {
                sum += scan.length() * flopsFrom(scan.body(), dependentInside(scan, node.operands(), dependent));
            } else {
                sum += flops(node.op(), node.operands().stream().map(Tensor::type).toList(), node.types());
            }
        }
        return sum;
    }

    /** Carries count as dependent, since a gradient's loop carries cotangents, and what the operands say. */
    private static List<Tensor> dependentInside(Op.Scan scan, List<Tensor> operands, Set<Tensor> dependent) {
        return IntStream.range(0, operands.size())
                .filter(i -> i < scan.carries() || dependent.contains(operands.get(i)))
                .mapToObj(scan.body().inputs()::get)
                .toList();
    }

    private static long flops(Graph graph) {
        long sum = 0;
        for (Node node : graph.nodes()) {
            sum += flops(node.op(), node.operands().stream().map(Tensor::type).toList(), node.types());
        }
        return sum;
    }

    /** Both costs. */
    public Cost plus(Cost other) {
        return new Cost(flops + other.flops, bytes + other.bytes);
    }

    private static long flops(Kernel kernel) {
        boolean[] perRow = kernel.perRow();
        long perElement = 0;
        long perRowOnce = 0;
        for (int i = 0; i < perRow.length; i++) {
            boolean works = switch (kernel.body().get(i)) {
                case Kernel.Load load -> false;
                case Kernel.Literal literal -> false;
                case Kernel.Index index -> false;
                case Kernel.Cast cast -> false;
                case Kernel.Unary unary -> true;
                case Kernel.Binary binary -> true;
                case Kernel.Compare compare -> true;
                case Kernel.Select select -> true;
                case Kernel.Fold fold -> true;
            };
            boolean once = perRow[i] && !(kernel.body().get(i) instanceof Kernel.Fold);
            perElement += works && !once ? 1 : 0;
            perRowOnce += works && once ? 1 : 0;
        }
        return perElement * kernel.size() + perRowOnce * kernel.outer().size();
    }

    private static long flops(Op op, List<TensorType> operands, List<TensorType> results) {
        return switch (op) {
            case Op.MatMul _,Op.Convolution _,Op.ConvolutionInputGradient _,Op.ConvolutionFilterGradient _ ->
                2 * MultiplyAdds.of(op, operands, results);
            case Op.Pool pool -> size(results) * window(pool.geometry());
            case Op.PoolGradient pool -> operands.getLast().shape().size() * window(pool.geometry());
            case Op.PoolPick pick -> size(results) * window(pick.geometry());
            case Op.Reduce _ -> operands.getFirst().shape().size();
            case Op.ArgReduce _ -> operands.getFirst().shape().size();
            case Op.ScatterAdd _ -> operands.get(1).shape().size();
            case Op.Unary _ -> size(results);
            case Op.Binary _ -> size(results);
            case Op.Compare _ -> size(results);
            case Op.Select _ -> size(results);
            case Op.Scan scan -> scan.length() * flops(scan.body());
            case Op.Composite(CompositeKind.Gradient gradient, Graph body) -> {
                List<Tensor> inputs = body.inputs();
                yield flopsFrom(body, inputs.subList(inputs.size() - gradient.given().size(), inputs.size()));
            }
            case Op.Composite composite -> flops(composite.body());
            case Op.Input _,Op.Constant _,Op.Iota _,Op.Random _,Op.Cast _ -> 0;
            case Op.Reshape _,Op.Permute _,Op.Broadcast _,Op.Slice _,Op.Pad _ -> 0;
            case Op.Concat _,Op.Flip _,Op.Gather _ -> 0;
        };
    }

    private static long window(PoolGeometry geometry) {
        return geometry.window().stream().mapToLong(Integer::longValue).reduce(1, (a, b) -> a * b);
    }

    private static long size(List<TensorType> types) {
        return types.getFirst().shape().size();
    }

    private static List<TensorType> types(List<Plan.Operand> operands) {
        return operands.stream().map(Plan.Operand::type).toList();
    }

    private static long bytes(List<Plan.Operand> operands) {
        return operands.stream().mapToLong(o -> o.type().bytes()).sum();
    }
}
