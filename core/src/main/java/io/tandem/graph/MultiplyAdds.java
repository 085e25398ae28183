package io.tandem.graph;

import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.util.List;

/**
 * Counts multiply-adds: those of matrix products and convolutions, which is what the cost of networks is usually given
 * in. One multiply-add is two floating-point operations. Elementwise work, pooling and reductions count as nothing.
 */
public final class MultiplyAdds {
    private MultiplyAdds() {}

    /** The multiply-adds of all nodes of a graph. */
    public static long of(Graph graph) {
        return graph.nodes().stream().mapToLong(MultiplyAdds::of).sum();
    }

    /** The multiply-adds of one node, those of its body included. */
    public static long of(Node node) {
        return of(node.op(), node.operands().stream().map(Tensor::type).toList(), node.types());
    }

    /** The multiply-adds of an operation on operands of the given types, those of its body included. */
    public static long of(Op op, List<TensorType> operands, List<TensorType> results) {
        return switch (op) {
            case Op.MatMul product -> size(results, 0) * operands.get(0).shape().dim(product.transposeA() ? -2 : -1);
            case Op.Convolution _ -> size(results, 0) * perOutput(operands.get(1).shape());
            case Op.ConvolutionInputGradient _ ->
                size(operands, 1) * perOutput(operands.get(0).shape());
            case Op.ConvolutionFilterGradient gradient -> size(operands, 1) * perOutput(gradient.filterShape());
            case Op.Composite composite -> of(composite.body());
            case Op.Scan scan -> scan.length() * of(scan.body());
            case Op.Input _,Op.Constant _,Op.Iota _,Op.Random _ -> 0;
            case Op.Unary _,Op.Binary _,Op.Compare _,Op.Select _,Op.Cast _ -> 0;
            case Op.Reshape _,Op.Permute _,Op.Broadcast _,Op.Slice _,Op.Pad _,Op.Concat _,Op.Flip _ -> 0;
            case Op.Reduce _,Op.ArgReduce _,Op.Gather _,Op.ScatterAdd _ -> 0;
            case Op.Pool _,Op.PoolGradient _,Op.PoolPick _ -> 0;
        };
    }

    private static long size(List<TensorType> types, int number) {
        return types.get(number).shape().size();
    }

    /** What one element of a convolution's result takes: filters are [O, C / groups, kernel...]. */
    private static long perOutput(Shape filter) {
        return filter.size() / filter.dim(0);
    }
}
