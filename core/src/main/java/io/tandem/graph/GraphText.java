package io.tandem.graph;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The stable text form of a graph: one line per node, bodies indented below it, outputs at the end. Equal graphs print
 * equally.
 */
public final class GraphText {
    private GraphText() {}

    /** The whole graph. */
    public static String print(Graph graph) {
        StringBuilder text = new StringBuilder();
        print(graph, "", text);
        return text.toString();
    }

    private static void print(Graph graph, String indent, StringBuilder text) {
        for (Node node : graph.nodes()) {
            text.append(indent).append(line(node)).append('\n');
            for (Graph body : bodies(node.op())) {
                print(body, indent + "    ", text);
            }
        }
        for (Map.Entry<String, Tensor> output : graph.outputs().entrySet()) {
            text.append(indent)
                    .append("output ")
                    .append(output.getKey())
                    .append(" = ")
                    .append(output.getValue())
                    .append('\n');
        }
    }

    /** One node, for example {@code %7 = matmul(%3, %5) : f32[3, 2]}. */
    public static String line(Node node) {
        String operands = node.operands().stream().map(GraphText::name).collect(Collectors.joining(", "));
        String types = node.types().stream().map(Object::toString).collect(Collectors.joining(", "));
        String scope = node.scope().isEmpty() ? "" : "  # " + node.scope();
        return "%" + node.id() + " = " + label(node.op()) + "(" + operands + ") : " + types + scope;
    }

    /** A tensor's name: {@code %7}, or {@code %7.1} for a further result. */
    public static String name(Tensor tensor) {
        return "%" + tensor.node().id() + (tensor.index() == 0 ? "" : "." + tensor.index());
    }

    /** The bodies that an operation carries. */
    public static List<Graph> bodies(Op op) {
        return switch (op) {
            case Op.Scan scan -> List.of(scan.body());
            case Op.Composite composite -> List.of(composite.body());
            case Op.Input i -> List.of();
            case Op.Constant c -> List.of();
            case Op.Iota i -> List.of();
            case Op.Random r -> List.of();
            case Op.Unary u -> List.of();
            case Op.Binary b -> List.of();
            case Op.Compare c -> List.of();
            case Op.Select s -> List.of();
            case Op.Cast c -> List.of();
            case Op.Reshape r -> List.of();
            case Op.Permute p -> List.of();
            case Op.Broadcast b -> List.of();
            case Op.Slice s -> List.of();
            case Op.Pad p -> List.of();
            case Op.Concat c -> List.of();
            case Op.Flip f -> List.of();
            case Op.Reduce r -> List.of();
            case Op.ArgReduce a -> List.of();
            case Op.MatMul m -> List.of();
            case Op.Convolution c -> List.of();
            case Op.ConvolutionInputGradient c -> List.of();
            case Op.ConvolutionFilterGradient c -> List.of();
            case Op.Pool p -> List.of();
            case Op.PoolGradient p -> List.of();
            case Op.PoolPick p -> List.of();
            case Op.Gather g -> List.of();
            case Op.ScatterAdd s -> List.of();
        };
    }

    /** The name of an operation with its attributes, for example {@code sum[axes=[1]]}. */
    public static String label(Op op) {
        return switch (op) {
            case Op.Input input -> "input[" + input.name() + "]";
            case Op.Constant constant -> "constant[" + constant.value().toString() + "]";
            case Op.Iota iota -> "iota[axis=" + iota.axis() + "]";
            case Op.Random random ->
                "random[" + lower(random.distribution()) + ", site=" + Long.toHexString(random.site()) + "]";
            case Op.Unary unary -> lower(unary.function());
            case Op.Binary binary -> lower(binary.function());
            case Op.Compare compare -> lower(compare.comparison());
            case Op.Select select -> "select";
            case Op.Cast cast -> "cast[" + lower(cast.dtype()) + "]";
            case Op.Reshape reshape -> "reshape";
            case Op.Permute permute -> "permute" + permute.axes();
            case Op.Broadcast broadcast -> "broadcast";
            case Op.Slice slice ->
                "slice[start=" + slice.start() + ", stop=" + slice.stop() + ", step=" + slice.step() + "]";
            case Op.Pad pad ->
                "pad[low=" + pad.low() + ", high=" + pad.high() + ", interior=" + pad.interior() + ", value="
                        + pad.value() + "]";
            case Op.Concat concat -> "concat[axis=" + concat.axis() + "]";
            case Op.Flip flip -> "flip" + flip.axes();
            case Op.Reduce reduce -> lower(reduce.reduction()) + "[axes=" + reduce.axes() + "]";
            case Op.ArgReduce arg -> (arg.largest() ? "argmax" : "argmin") + "[axis=" + arg.axis() + "]";
            case Op.MatMul matMul -> "matmul" + transposes(matMul);
            case Op.Convolution c -> "convolution" + describe(c.geometry());
            case Op.ConvolutionInputGradient c -> "convolution-input-gradient" + describe(c.geometry());
            case Op.ConvolutionFilterGradient c -> "convolution-filter-gradient" + describe(c.geometry());
            case Op.Pool pool -> "pool[" + lower(pool.pooling()) + ", " + describe(pool.geometry()) + "]";
            case Op.PoolGradient pool ->
                "pool-gradient[" + lower(pool.pooling()) + ", " + describe(pool.geometry()) + "]";
            case Op.PoolPick pick -> "pool-pick[" + describe(pick.geometry()) + "]";
            case Op.Gather gather -> "gather[axis=" + gather.axis() + "]";
            case Op.ScatterAdd scatter -> "scatter-add[axis=" + scatter.axis() + ", size=" + scatter.size() + "]";
            case Op.Scan scan -> "scan[length=" + scan.length() + (scan.reverse() ? ", reverse" : "") + ", carries="
                    + scan.carries() + ", scanned=" + scan.scanned() + "]";
            case Op.Composite composite -> composite.kind().label();
        };
    }

    private static String transposes(Op.MatMul matMul) {
        List<String> transposed = new ArrayList<>();
        if (matMul.transposeA()) {
            transposed.add("a");
        }
        if (matMul.transposeB()) {
            transposed.add("b");
        }
        return transposed.isEmpty() ? "" : "[transposed=" + String.join("+", transposed) + "]";
    }

    private static String describe(ConvolutionGeometry g) {
        return "[stride=" + g.stride() + ", padding=" + g.padLow() + ".." + g.padHigh() + ", dilation=" + g.dilation()
                + ", groups=" + g.groups() + "]";
    }

    private static String describe(PoolGeometry g) {
        return "window=" + g.window() + ", stride=" + g.stride() + ", padding=" + g.padLow() + ".." + g.padHigh()
                + ", dilation=" + g.dilation() + (g.ceilMode() ? ", ceil" : "");
    }

    static String lower(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
