package io.tandem.onnx;

import io.tandem.graph.CompositeKind;
import io.tandem.graph.ConvolutionGeometry;
import io.tandem.graph.Graph;
import io.tandem.graph.GraphException;
import io.tandem.graph.GraphText;
import io.tandem.graph.Node;
import io.tandem.graph.Op;
import io.tandem.graph.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * One node in the traces of a model with different batch sizes, from which sizes that follow the batch are told from those
 * that do not.
 *
 * @param batches the batch size of each trace
 * @param nodes the node in each trace
 */
record Site(List<Integer> batches, List<Node> nodes) {
    /** Checks that the nodes are alike but for sizes. */
    Site {
        batches = List.copyOf(batches);
        nodes = List.copyOf(nodes);
        for (Node node : nodes) {
            if (!alike(nodes.getFirst().op(), node.op())) {
                throw dependsOnBatch(nodes.getFirst(), "it is " + GraphText.line(nodes.getFirst()) + " for a batch of "
                        + batches.getFirst() + " and " + GraphText.line(node) + " for another");
            }
        }
    }

    /** The site of the nodes of an index. */
    static Site of(List<Integer> batches, List<Graph> traces, int index) {
        for (Graph trace : traces) {
            if (trace.nodes().size() != traces.getFirst().nodes().size()) {
                throw new GraphException(
                        "onnx: the model has other operations for another batch size; export it for one"
                                + " batch size, withBatch(n)");
            }
        }
        return new Site(batches, traces.stream().map(t -> t.nodes().get(index)).toList());
    }

    /** The node in the first trace. */
    Node node() {
        return nodes.getFirst();
    }

    /** The bodies of the nodes' operations. */
    List<Graph> bodies() {
        return nodes.stream().map(n -> GraphText.bodies(n.op()).getFirst()).toList();
    }

    /** The sizes that a list of each trace's node has. */
    List<Dim> dims(Function<Node, List<Integer>> values) {
        List<List<Integer>> all = nodes.stream().map(values).toList();
        if (all.stream().anyMatch(list -> list.size() != all.getFirst().size())) {
            throw dependsOnBatch(node(), "the number of its axes differs");
        }
        List<Dim> dims = new ArrayList<>();
        for (int i = 0; i < all.getFirst().size(); i++) {
            int axis = i;
            List<Long> sizes = all.stream().map(list -> (long) list.get(axis)).toList();
            dims.add(Dim.fit(batches, sizes)
                    .orElseThrow(() -> dependsOnBatch(
                            node(), "a size is " + sizes + " for batches of " + batches + ", which is no multiple")));
        }
        return dims;
    }

    /** The shape of an operand. */
    List<Dim> operand(int index) {
        return dims(n -> n.operand(index).shape().dims());
    }

    /** The shape of a result. */
    List<Dim> result(int index) {
        return dims(n -> n.types().get(index).shape().dims());
    }

    /** An error that names the operation and its layer. */
    GraphException error(String reason) {
        return new GraphException("onnx: " + describe(node()) + " cannot be exported: " + reason);
    }

    private static GraphException dependsOnBatch(Node node, String how) {
        return new GraphException("onnx: " + describe(node) + " depends on the batch size in a way that a file for any"
                + " batch cannot say: " + how + "; export for one batch size, withBatch(n)");
    }

    private static String describe(Node node) {
        return GraphText.label(node.op()) + " of " + node.operands().stream().map(Tensor::type).toList()
                + (node.scope().isEmpty() ? "" : " in layer '" + node.scope() + "'");
    }

    /** Whether operations are equal but for sizes, which {@link #dims} looks at where they matter. */
    private static boolean alike(Op a, Op b) {
        return switch (a) {
            case Op.Input(String name, _) -> b instanceof Op.Input other && other.name().equals(name);
            case Op.Iota(_, int axis) -> b instanceof Op.Iota other && other.axis() == axis;
            case Op.Composite(CompositeKind kind, _) -> b instanceof Op.Composite other
                    && (kind.equals(other.kind()) || kind.label().equals(other.kind().label()));
            case Op.Scan scan -> b instanceof Op.Scan other
                    && new Op.Scan(other.body(), scan.length(), scan.reverse(), scan.carries(), scan.scanned())
                            .equals(other);
            case Op.Reshape r -> b instanceof Op.Reshape;
            case Op.Broadcast r -> b instanceof Op.Broadcast;
            case Op.Slice s -> b instanceof Op.Slice;
            case Op.ConvolutionInputGradient(ConvolutionGeometry geometry, _, _) ->
                b instanceof Op.ConvolutionInputGradient other && other.geometry().equals(geometry);
            case Op.ConvolutionFilterGradient c -> b instanceof Op.ConvolutionFilterGradient;
            case Op.PoolGradient p -> b instanceof Op.PoolGradient;
            case Op.Random r -> b instanceof Op.Random;
            case Op.ScatterAdd(int axis, _) -> b instanceof Op.ScatterAdd other && other.axis() == axis;
            case Op.Constant c -> a.equals(b);
            case Op.Unary u -> a.equals(b);
            case Op.Binary x -> a.equals(b);
            case Op.Compare c -> a.equals(b);
            case Op.Select s -> a.equals(b);
            case Op.Cast c -> a.equals(b);
            case Op.Permute p -> a.equals(b);
            case Op.Pad p -> a.equals(b);
            case Op.Concat c -> a.equals(b);
            case Op.Flip f -> a.equals(b);
            case Op.Reduce r -> a.equals(b);
            case Op.ArgReduce r -> a.equals(b);
            case Op.MatMul m -> a.equals(b);
            case Op.Convolution c -> a.equals(b);
            case Op.Pool p -> a.equals(b);
            case Op.PoolPick p -> a.equals(b);
            case Op.Gather g -> a.equals(b);
        };
    }
}
