package io.tandem.graph;

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
        return switch (node.op()) {
            case Op.MatMul matMul -> node.types().getFirst().shape().size()
                    * node.operand(0).dim(matMul.transposeA() ? -2 : -1);
            case Op.Convolution _ -> node.types().getFirst().shape().size() * perOutput(node.operand(1));
            case Op.ConvolutionInputGradient _ ->
                node.operand(1).shape().size() * perOutput(node.operand(0));
            case Op.ConvolutionFilterGradient c ->
                node.operand(1).shape().size() * (c.filterShape().size() / c.filterShape().dim(0));
            case Op.Composite composite -> of(composite.body());
            case Op.Scan scan -> scan.length() * of(scan.body());
            case Op.Input _,Op.Constant _,Op.Iota _,Op.Random _,Op.Unary _,Op.Binary _,Op.Compare _,Op.Select _,Op.Cast _,Op.Reshape _,Op.Permute _,Op.Broadcast _,Op.Slice _,Op.Pad _,Op.Concat _,Op.Flip _,Op.Reduce _,Op.ArgReduce _,Op.Pool _,Op.PoolGradient _,Op.PoolPick _,Op.Gather _,Op.ScatterAdd _ ->
                0;
        };
    }

    /** What one element of a convolution's result takes: filters are [O, C / groups, kernel...]. */
    private static long perOutput(Tensor filter) {
        return filter.shape().size() / filter.dim(0);
    }
}
