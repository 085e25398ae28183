package io.tandem.onnx;

import io.tandem.graph.BinaryFunction;
import io.tandem.graph.Comparison;
import io.tandem.graph.CompositeKind;
import io.tandem.graph.Graph;
import io.tandem.graph.GraphStructure;
import io.tandem.graph.Node;
import io.tandem.graph.Op;
import io.tandem.graph.PoolGeometry;
import io.tandem.graph.Pooling;
import io.tandem.graph.Tensor;
import io.tandem.graph.UnaryFunction;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Translates the nodes of a graph to those of ONNX, of its operator set {@value OnnxExport#OPERATOR_SET}. Composites that
 * ONNX has an operator for become that one, the others their bodies.
 *
 * <p>ONNX broadcasts the operands of elementwise operators by itself, so a {@link Op.Broadcast} becomes a node only where
 * something else needs its result.
 */
final class Translation {
    private final List<Integer> batches;
    private final OnnxGraph graph;
    private final Map<Tensor, String> names = new HashMap<>();
    private final Map<Tensor, Broadcast> broadcasts = new HashMap<>();
    private final Set<Tensor> used = new HashSet<>();

    /** A repetition that may not have to be carried out. */
    private record Broadcast(Site site, String operand, Shape operandShape) {}

    /**
     * A translation that adds to a graph.
     *
     * @param batches the batch size of each trace
     * @param graph where nodes go
     */
    Translation(List<Integer> batches, OnnxGraph graph) {
        this.batches = batches;
        this.graph = graph;
    }

    /**
     * Adds the nodes that the outputs need.
     *
     * @param traces the graph, traced with each batch size
     * @param inputs what its inputs are called
     * @return what its outputs are called
     */
    List<String> run(List<Graph> traces, List<String> inputs) {
        Graph first = traces.getFirst();
        for (int i = 0; i < inputs.size(); i++) {
            names.put(first.inputs().get(i), inputs.get(i));
        }
        boolean[] needed = GraphStructure.needed(first.outputTensors(), Set.of());
        used.addAll(first.outputTensors());
        for (Node node : first.nodes()) {
            if (needed[node.id()]) {
                used.addAll(node.operands());
            }
        }
        for (Node node : first.nodes()) {
            if (needed[node.id()] && !names.containsKey(node.result(0))) {
                translate(Site.of(batches, traces, node.id()));
            }
        }
        return first.outputTensors().stream().map(this::name).toList();
    }

    /** The name of a value. */
    String name(Tensor tensor) {
        return names.computeIfAbsent(tensor, t -> expand(broadcasts.get(t)));
    }

    private String expand(Broadcast broadcast) {
        Node node = broadcast.site().node();
        Shape from = broadcast.operandShape();
        int added = node.result(0).rank() - from.rank();
        List<Dim> shape = new ArrayList<>(broadcast.site().result(0));
        for (int i = 0; i < from.rank(); i++) {
            // What the operand has already need not be known: 1 leaves it as it is.
            if (from.dim(i) == node.result(0).dim(i + added)) {
                shape.set(i + added, Dim.fixed(1));
            }
        }
        return new Place(graph, node.scope()).add("Expand", broadcast.operand(), graph.sizes(shape));
    }

    /** Whether something needs a result. */
    boolean isUsed(Tensor result) {
        return used.contains(result);
    }

    /** The names of operands for an operator that broadcasts them, to the shape of its result. */
    private List<String> elementwise(Node node) {
        Shape result = node.result(0).shape();
        boolean[] whole = new boolean[result.rank()];
        for (Tensor operand : node.operands()) {
            Shape shape = names.containsKey(operand) ? operand.shape() : broadcasts.get(operand).operandShape();
            int added = result.rank() - shape.rank();
            for (int i = added; i < result.rank(); i++) {
                whole[i] |= shape.dim(i - added) == result.dim(i);
            }
        }
        boolean complete = true;
        for (boolean axis : whole) {
            complete &= axis;
        }
        if (!complete) {
            name(node.operand(0));
        }
        return node.operands().stream().map(this::loose).toList();
    }

    /** The name of a value, or of what it repeats. */
    private String loose(Tensor tensor) {
        return names.containsKey(tensor) ? names.get(tensor) : broadcasts.get(tensor).operand();
    }

    private void translate(Site site) {
        Node node = site.node();
        Place place = new Place(graph, node.scope());
        ElementwiseNodes elementwise = new ElementwiseNodes(place);
        WindowNodes windows = new WindowNodes(place);
        switch (node.op()) {
            case Op.Input(String name, _) -> throw site.error("the graph has no value for the input '" + name + "'");
            case Op.Constant(NDArray value) -> result(node, graph.constant(value));
            case Op.Iota(TensorType type, int axis) -> iota(site, place, type.dtype(), axis);
            case Op.Random r ->
                throw site.error("random numbers differ from engine to engine; let the layer draw them in"
                        + " training alone (Trace.training())");
            case Op.Unary(UnaryFunction function) ->
                result(node, elementwise.unary(function, node.operand(0).dtype(), name(node.operand(0))));
            case Op.Binary(BinaryFunction function) -> {
                List<String> in = elementwise(node);
                result(node, elementwise.binary(function, node.operand(0).dtype(), in.get(0), in.get(1)));
            }
            case Op.Compare(Comparison comparison) -> {
                List<String> in = elementwise(node);
                result(node, elementwise.compare(comparison, node.operand(0).dtype(), in.get(0), in.get(1)));
            }
            case Op.Select s -> {
                List<String> in = elementwise(node);
                result(node, elementwise.select(node.operand(1).dtype(), in.get(0), in.get(1), in.get(2)));
            }
            case Op.Cast(DType dtype) ->
                result(node, elementwise.cast(node.operand(0).dtype(), dtype, name(node.operand(0))));
            case Op.Reshape r -> result(node, place.reshape(name(node.operand(0)), site.result(0)));
            case Op.Permute(List<Integer> axes) -> result(node, place.transpose(name(node.operand(0)), axes));
            case Op.Broadcast b -> broadcasts.put(
                    node.result(0), new Broadcast(site, name(node.operand(0)), node.operand(0).shape()));
            case Op.Slice s -> result(node, slice(site, place));
            case Op.Pad pad -> result(node, new PadNodes(place).pad(site, pad, name(node.operand(0))));
            case Op.Concat(int axis) -> result(
                    node,
                    place.add("Concat", operands(node), Attribute.integer("axis", axis)));
            case Op.Flip(List<Integer> axes) -> result(node, flip(place, axes, name(node.operand(0))));
            case Op.Reduce reduce -> result(node, reduce(place, reduce, node.operand(0)));
            case Op.ArgReduce(boolean largest, int axis) -> {
                Tensor x = node.operand(0);
                boolean small = x.dtype() == DType.U8 || x.dtype() == DType.BOOL;
                String index = place.add(
                        largest ? "ArgMax" : "ArgMin",
                        List.of(small ? place.cast(name(x), DType.I32) : name(x)),
                        Attribute.integer("axis", axis),
                        Attribute.integer("keepdims", 0));
                result(node, place.cast(index, DType.I32));
            }
            case Op.MatMul matMul -> result(node, matMul(place, matMul, node));
            case Op.Convolution(var geometry, _) -> result(
                    node, windows.convolution(geometry, node.operand(1).shape(), operands(node)));
            case Op.ConvolutionInputGradient(var geometry, Shape input, _) -> result(
                    node,
                    windows.transposedConvolution(
                            geometry, node.operand(0).shape(), input, node.operand(1).shape(), operands(node)));
            case Op.Pool(Pooling pooling, PoolGeometry geometry) -> result(
                    node,
                    windows.pool(site, pooling, geometry, name(node.operand(0))));
            case Op.ConvolutionFilterGradient c -> throw gradient(site);
            case Op.PoolGradient p -> throw gradient(site);
            case Op.PoolPick p -> throw gradient(site);
            case Op.Gather(int axis) ->
                result(node, place.add("Gather", operands(node), Attribute.integer("axis", axis)));
            case Op.ScatterAdd(int axis, _) -> result(node, scatterAdd(site, place, axis));
            case Op.Scan scan -> results(node, new ScanNodes(batches, place).scan(site, scan, operands(node), this));
            case Op.Composite(CompositeKind kind, _) -> composite(site, place, kind);
        }
    }

    private static RuntimeException gradient(Site site) {
        return site.error("it is a gradient, and ONNX has none of it");
    }

    private List<String> operands(Node node) {
        return node.operands().stream().map(this::name).toList();
    }

    private void result(Node node, String name) {
        names.put(node.result(0), name);
    }

    private void results(Node node, List<String> values) {
        for (int i = 0; i < values.size(); i++) {
            names.put(node.result(i), values.get(i));
        }
    }

    private void iota(Site site, Place place, DType dtype, int axis) {
        Dim length = site.result(0).get(axis);
        List<Dim> column = new ArrayList<>(List.of(length));
        for (int i = axis + 1; i < site.node().result(0).rank(); i++) {
            column.add(Dim.fixed(1));
        }
        int size = site.node().result(0).dim(axis);
        Shape shape = Shape.of(column.stream()
                .mapToInt(d -> d.equals(length) ? size : Math.toIntExact(d.constant()))
                .toArray());
        String index;
        if (length.isFixed()) {
            index = graph.constant(NDArray.generate(
                    new TensorType(dtype, Shape.of(size)), i -> i));
        } else {
            String limit = place.squeeze(graph.sizes(List.of(length)), 0);
            index = place.cast(
                    place.add("Range", graph.constant(NDArray.scalar(0)), limit, graph.constant(NDArray.scalar(1))),
                    dtype);
        }
        broadcasts.put(
                site.node().result(0),
                new Broadcast(site, column.size() == 1 ? index : place.reshape(index, column), shape));
    }

    private String slice(Site site, Place place) {
        Node node = site.node();
        List<Dim> starts = site.dims(n -> ((Op.Slice) n.op()).start());
        List<Dim> stops = site.dims(n -> ((Op.Slice) n.op()).stop());
        List<Dim> steps = site.dims(n -> ((Op.Slice) n.op()).step());
        List<Dim> sizes = site.operand(0);
        List<Integer> cut = new ArrayList<>();
        for (int i = 0; i < sizes.size(); i++) {
            boolean whole = starts.get(i).equals(Dim.fixed(0)) && stops.get(i).equals(sizes.get(i))
                    && steps.get(i).equals(Dim.fixed(1));
            if (!whole) {
                cut.add(i);
            }
        }
        return cut.isEmpty()
                ? name(node.operand(0))
                : place.add(
                        "Slice",
                        name(node.operand(0)),
                        graph.sizes(cut.stream().map(starts::get).toList()),
                        graph.sizes(cut.stream().map(stops::get).toList()),
                        graph.row(cut.stream().map(Integer::longValue).toList()),
                        graph.sizes(cut.stream().map(steps::get).toList()));
    }

    private String flip(Place place, List<Integer> axes, String x) {
        return axes.isEmpty()
                ? x
                : place.add(
                        "Slice",
                        x,
                        graph.row(axes.stream().map(a -> -1L).toList()),
                        graph.row(axes.stream().map(a -> Long.MIN_VALUE).toList()),
                        graph.row(axes.stream().map(Integer::longValue).toList()),
                        graph.row(axes.stream().map(a -> -1L).toList()));
    }

    private String reduce(Place place, Op.Reduce reduce, Tensor x) {
        if (reduce.axes().isEmpty()) {
            return name(x);
        }
        String operation = switch (reduce.reduction()) {
            case SUM -> "ReduceSum";
            case MAX -> "ReduceMax";
            case MIN -> "ReduceMin";
        };
        boolean bytes = x.dtype() == DType.U8;
        String y = place.add(
                operation,
                List.of(
                        bytes ? place.cast(name(x), DType.I32) : name(x),
                        graph.row(reduce.axes().stream().map(Integer::longValue).toList())),
                Attribute.integer("keepdims", 0));
        return bytes ? place.cast(y, DType.U8) : y;
    }

    private String matMul(Place place, Op.MatMul matMul, Node node) {
        String a = name(node.operand(0));
        String b = name(node.operand(1));
        int rank = node.operand(0).rank();
        if (rank == 2 && (matMul.transposeA() || matMul.transposeB())) {
            return place.add(
                    "Gemm",
                    List.of(a, b),
                    Attribute.integer("transA", matMul.transposeA() ? 1 : 0),
                    Attribute.integer("transB", matMul.transposeB() ? 1 : 0));
        }
        List<Integer> swapped = new ArrayList<>();
        for (int i = 0; i < rank; i++) {
            swapped.add(i < rank - 2 ? i : 2 * rank - 3 - i);
        }
        return place.add(
                "MatMul",
                matMul.transposeA() ? place.transpose(a, swapped) : a,
                matMul.transposeB() ? place.transpose(b, swapped) : b);
    }

    /** Adds rows of the updates, with the indexed axes in front, to zeros, and moves the axis back to its place. */
    private String scatterAdd(Site site, Place place, int axis) {
        Node node = site.node();
        int indexRank = node.operand(0).rank();
        int rank = node.operand(1).rank();
        List<Integer> front = new ArrayList<>();
        for (int i = axis; i < axis + indexRank; i++) {
            front.add(i);
        }
        for (int i = 0; i < rank; i++) {
            if (i < axis || i >= axis + indexRank) {
                front.add(i);
            }
        }
        List<Dim> shape = new ArrayList<>(site.result(0));
        shape.addFirst(shape.remove(axis));
        List<Integer> back = new ArrayList<>();
        for (int i = 1; i < shape.size(); i++) {
            back.add(i);
        }
        back.add(axis, 0);
        String zeros = place.add("Expand", place.scalar(node.operand(1).dtype(), 0), graph.sizes(shape));
        String indices = place.unsqueeze(place.cast(name(node.operand(0)), DType.I64), -1);
        String sums = place.add(
                "ScatterND",
                List.of(zeros, indices, place.transpose(name(node.operand(1)), front)),
                Attribute.text("reduction", "add"));
        return place.transpose(sums, back);
    }

    private void composite(Site site, Place place, CompositeKind kind) {
        Node node = site.node();
        switch (kind) {
            case CompositeKind.Softmax(int axis) ->
                result(node, place.add("Softmax", operands(node), Attribute.integer("axis", axis)));
            case CompositeKind.LogSoftmax(int axis) ->
                result(node, place.add("LogSoftmax", operands(node), Attribute.integer("axis", axis)));
            case CompositeKind.LayerNorm(int axes, double epsilon) -> layerNorm(site, place, axes, epsilon);
            case CompositeKind.BatchNormInference(double epsilon) -> result(
                    node,
                    place.add("BatchNormalization", operands(node), Attribute.real("epsilon", epsilon)));
            case CompositeKind.Gelu(boolean tanhForm) -> result(
                    node,
                    place.add("Gelu", operands(node), Attribute.text("approximate", tanhForm ? "tanh" : "none")));
            case CompositeKind.Lstm(boolean reverse) ->
                results(node, new RecurrentNodes(place).lstm(node, reverse, operands(node)));
            case CompositeKind.Gru(boolean reverse) ->
                results(node, new RecurrentNodes(place).gru(node, reverse, operands(node)));
            case CompositeKind.CrossEntropy c -> inline(site);
            case CompositeKind.BatchNormTraining b -> inline(site);
            case CompositeKind.Attention a -> inline(site);
            case CompositeKind.Custom c -> inline(site);
            case CompositeKind.Gradient g -> inline(site);
        }
    }

    private void inline(Site site) {
        results(site.node(), new Translation(batches, graph).run(site.bodies(), operands(site.node())));
    }

    private void layerNorm(Site site, Place place, int axes, double epsilon) {
        Node node = site.node();
        int used = isUsed(node.result(2)) ? 3 : isUsed(node.result(1)) ? 2 : 1;
        List<String> results = new ArrayList<>(place.add(
                "LayerNormalization",
                operands(node),
                used,
                Attribute.integer("axis", -axes),
                Attribute.real("epsilon", epsilon)));
        for (int i = 1; i < used; i++) {
            results.set(i, place.reshape(results.get(i), site.result(i)));
        }
        results(node, results);
    }
}
