package io.tandem.reference;

import io.tandem.graph.BinaryFunction;
import io.tandem.graph.Comparison;
import io.tandem.graph.ConvolutionGeometry;
import io.tandem.graph.Graph;
import io.tandem.graph.GraphException;
import io.tandem.graph.GraphStructure;
import io.tandem.graph.Node;
import io.tandem.graph.Op;
import io.tandem.graph.PoolGeometry;
import io.tandem.graph.Pooling;
import io.tandem.graph.Tensor;
import io.tandem.graph.UnaryFunction;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.TensorType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntFunction;

/**
 * Evaluates graphs on values in host memory, one node after the other: the definition of every operation, and what
 * backends are compared with. It is written to be read, and is fast enough for tests.
 *
 * <p>Floating arithmetic is in float64 and each operation's result is rounded to its type once; sums and products
 * accumulate in float64, one after the other in row-major order. Transcendental functions are those of {@link
 * StrictMath}. Integers wrap. So results are the same bits on every machine, and at least as exact as a backend's.
 *
 * <p>Nodes that no output needs are not evaluated, and values are released after their last use. An instance remembers
 * the first index error; it is not safe for use by several threads at once.
 */
public final class Interpreter {
    private Optional<String> indexError = Optional.empty();
    private String scope = "";

    /**
     * Evaluates the outputs of a graph.
     *
     * @param graph what to evaluate, frozen or not
     * @param inputs a value for each input that the outputs need, by name
     * @return a value for each output, by name, in the graph's order
     * @throws GraphException if an input has no value, a value of another type, or does not exist
     */
    public Map<String, NDArray> run(Graph graph, Map<String, NDArray> inputs) {
        List<String> names =
                graph.inputs().stream().map(Interpreter::inputName).toList();
        for (String name : inputs.keySet()) {
            if (!names.contains(name)) {
                throw new GraphException("the graph has no input '" + name + "'; it has " + names);
            }
        }
        List<Value> values = execute(graph, Lifetimes.of(graph), position -> {
            String name = names.get(position);
            TensorType type = graph.inputs().get(position).type();
            NDArray value = inputs.get(name);
            if (value == null) {
                throw new GraphException("no value for input '" + name + "' of type " + type);
            }
            return checked(name, type, value);
        });
        Map<String, NDArray> results = new LinkedHashMap<>();
        for (String name : graph.outputs().keySet()) {
            results.put(name, values.get(results.size()).toNDArray());
        }
        return results;
    }

    /**
     * Evaluates the outputs of a graph.
     *
     * @param graph what to evaluate
     * @param inputs a value for each input, in the graph's order
     * @return a value for each output, in the graph's order
     * @throws GraphException if the values do not fit the inputs
     */
    public List<NDArray> evaluate(Graph graph, List<NDArray> inputs) {
        if (inputs.size() != graph.inputs().size()) {
            throw new GraphException(
                    "the graph has %d inputs, got %d values".formatted(graph.inputs().size(), inputs.size()));
        }
        return arrays(execute(graph, Lifetimes.of(graph), position -> {
            Tensor input = graph.inputs().get(position);
            return checked(inputName(input), input.type(), inputs.get(position));
        }));
    }

    /**
     * Evaluates one operation.
     *
     * @param op what to compute
     * @param operands its operands, of types that fit it
     * @param resultTypes the types of its results, as a {@link Node} has them
     * @return its results
     */
    public List<NDArray> apply(Op op, List<NDArray> operands, List<TensorType> resultTypes) {
        return arrays(compute(op, operands.stream().map(Value::of).toList(), resultTypes));
    }

    /**
     * As {@link #apply(Op, List, List)}, for an operation of a model.
     *
     * @param place the layer, for messages
     */
    public List<NDArray> apply(Op op, List<NDArray> operands, List<TensorType> resultTypes, String place) {
        scope = place;
        try {
            return apply(op, operands, resultTypes);
        } finally {
            scope = "";
        }
    }

    /** The first use of an index outside its axis since this interpreter was made, or since it was last cleared. */
    public Optional<String> indexError() {
        return indexError;
    }

    /** Forgets the index error. */
    public void clearIndexError() {
        indexError = Optional.empty();
    }

    private void reportIndexError(String message) {
        if (indexError.isEmpty()) {
            indexError = Optional.of(message);
        }
    }

    private String located(String operation) {
        return scope.isEmpty() ? operation : operation + " in " + scope;
    }

    private static String inputName(Tensor input) {
        if (input.node().op() instanceof Op.Input(String name, _)) {
            return name;
        }
        throw new GraphException(input + " is not an input");
    }

    private static Value checked(String name, TensorType type, NDArray value) {
        if (!value.type().equals(type)) {
            throw new GraphException("input '" + name + "' is " + type + ", got a value of type " + value.type());
        }
        return Value.of(value);
    }

    private static List<NDArray> arrays(List<Value> values) {
        return values.stream().map(Value::toNDArray).toList();
    }

    /**
     * Which nodes of a graph the outputs need, and after which node each node's results are used no more.
     *
     * @param needed per node
     * @param last per node the last node that uses a result; at least the node count if an output does
     */
    private record Lifetimes(boolean[] needed, int[] last) {
        static Lifetimes of(Graph graph) {
            List<Node> nodes = graph.nodes();
            boolean[] needed = Arrays.copyOf(GraphStructure.needed(graph.outputTensors(), List.of()), nodes.size());
            int[] last = new int[nodes.size()];
            for (Node node : nodes) {
                if (needed[node.id()]) {
                    node.operands().forEach(operand -> last[operand.node().id()] = node.id());
                }
            }
            graph.outputTensors().forEach(output -> last[output.node().id()] = nodes.size());
            return new Lifetimes(needed, last);
        }
    }

    /** Values per node while a graph is evaluated; empty before a node's turn and after its last use. */
    private List<Value> execute(Graph graph, Lifetimes lifetimes, IntFunction<Value> input) {
        List<Node> nodes = graph.nodes();
        List<List<Value>> values = new ArrayList<>(Collections.nCopies(nodes.size(), List.of()));
        for (int position = 0; position < graph.inputs().size(); position++) {
            int id = graph.inputs().get(position).node().id();
            if (lifetimes.needed[id]) {
                values.set(id, List.of(input.apply(position)));
            }
        }
        for (Node node : nodes) {
            if (!lifetimes.needed[node.id()] || node.op() instanceof Op.Input) {
                continue;
            }
            List<Value> operands = node.operands().stream()
                    .map(x -> values.get(x.node().id()).get(x.index()))
                    .toList();
            String outer = scope;
            scope = node.scope().isEmpty() ? outer : node.scope();
            values.set(node.id(), compute(node.op(), operands, node.types()));
            scope = outer;
            for (Tensor operand : node.operands()) {
                if (lifetimes.last[operand.node().id()] == node.id()) {
                    values.set(operand.node().id(), List.of());
                }
            }
        }
        return graph.outputTensors().stream()
                .map(x -> values.get(x.node().id()).get(x.index()))
                .toList();
    }

    private List<Value> compute(Op op, List<Value> in, List<TensorType> types) {
        return switch (op) {
            case Op.Scan scan -> scan(scan, in, types);
            case Op.Composite(_, Graph body) -> execute(body, Lifetimes.of(body), in::get);
            case Op.Input(String name, _) ->
                throw new GraphException("input '" + name + "' has no value by itself");
            case Op.Constant(NDArray value) -> List.of(Value.of(value));
            case Op.Iota(TensorType type, int axis) -> List.of(Movement.iota(type, axis));
            case Op.Random random -> List.of(RandomNumbers.value(
                    random.distribution(),
                    types.getFirst(),
                    in.get(0).longs()[0],
                    in.get(1).longs()[0],
                    random.site()));
            case Op.Unary(UnaryFunction function) ->
                List.of(Elementwise.unary(function, in.get(0), types.getFirst()));
            case Op.Binary(BinaryFunction function) -> List.of(Elementwise.binary(function, in.get(0), in.get(1)));
            case Op.Compare(Comparison comparison) ->
                List.of(Elementwise.compare(comparison, in.get(0), in.get(1), types.getFirst()));
            case Op.Select select -> List.of(Elementwise.select(in.get(0), in.get(1), in.get(2)));
            case Op.Cast(_) -> List.of(Elementwise.cast(in.get(0), types.getFirst()));
            case Op.Reshape(_) -> List.of(in.get(0).as(types.getFirst()));
            case Op.Permute(List<Integer> axes) -> List.of(Movement.permute(axes, in.get(0), types.getFirst()));
            case Op.Broadcast(_) -> List.of(Movement.broadcast(in.get(0), types.getFirst()));
            case Op.Slice slice -> List.of(Movement.slice(slice, in.get(0), types.getFirst()));
            case Op.Pad pad -> List.of(Movement.pad(pad, in.get(0), types.getFirst()));
            case Op.Concat(int axis) -> List.of(Movement.concat(axis, in, types.getFirst()));
            case Op.Flip(List<Integer> axes) -> List.of(Movement.flip(axes, in.get(0)));
            case Op.Reduce reduce -> List.of(Reductions.reduce(reduce, in.get(0), types.getFirst()));
            case Op.ArgReduce(boolean largest, int axis) ->
                List.of(Reductions.argReduce(largest, axis, in.get(0), types.getFirst()));
            case Op.MatMul matMul -> List.of(Products.matMul(matMul, in.get(0), in.get(1), types.getFirst()));
            case Op.Convolution(ConvolutionGeometry geometry, _) ->
                List.of(Convolutions.forward(geometry, in.get(0), in.get(1), types.getFirst()));
            case Op.ConvolutionInputGradient(ConvolutionGeometry geometry, _, _) ->
                List.of(Convolutions.inputGradient(geometry, in.get(0), in.get(1), types.getFirst()));
            case Op.ConvolutionFilterGradient(ConvolutionGeometry geometry, _, _) ->
                List.of(Convolutions.filterGradient(geometry, in.get(0), in.get(1), types.getFirst()));
            case Op.Pool(Pooling pooling, PoolGeometry geometry) ->
                List.of(Pools.pool(pooling, geometry, in.get(0), types.getFirst()));
            case Op.PoolGradient(Pooling pooling, PoolGeometry geometry, _) ->
                List.of(Pools.gradient(pooling, geometry, in, types.getFirst()));
            case Op.PoolPick(PoolGeometry geometry) ->
                List.of(Pools.pick(geometry, in.get(0), in.get(1), types.getFirst()));
            case Op.Gather(int axis) ->
                List.of(Indexing.gather(located("gather"), axis, in.get(0), in.get(1), types.getFirst(),
                        this::reportIndexError));
            case Op.ScatterAdd(int axis, int size) ->
                List.of(Indexing.scatterAdd(
                        located("scatter-add"), axis, size, in.get(0), in.get(1), types.getFirst(),
                        this::reportIndexError));
        };
    }

    private List<Value> scan(Op.Scan scan, List<Value> in, List<TensorType> types) {
        Lifetimes lifetimes = Lifetimes.of(scan.body());
        int carries = scan.carries();
        int scanned = scan.scanned();
        List<Value> carry = in.subList(0, carries);
        List<Value> stacks = types.stream().skip(carries).map(Value::zeros).toList();
        int stacked = stacks.size() - carries;
        List<TensorType> inputs =
                scan.body().inputs().stream().map(Tensor::type).toList();
        for (int step = 0; step < scan.length(); step++) {
            int index = scan.reverse() ? scan.length() - 1 - step : step;
            List<Value> values = new ArrayList<>(carry);
            for (int i = carries; i < carries + scanned; i++) {
                values.add(row(in.get(i), inputs.get(i), index));
            }
            values.addAll(in.subList(carries + scanned, in.size()));
            values.add(new Value.Integral(inputs.getLast(), new long[] {index}));
            for (int i = 0; i < carries; i++) {
                setRow(stacks.get(stacked + i), carry.get(i), index);
            }
            List<Value> results = execute(scan.body(), lifetimes, values::get);
            carry = results.subList(0, carries);
            for (int i = 0; i < stacked; i++) {
                setRow(stacks.get(i), results.get(carries + i), index);
            }
        }
        List<Value> results = new ArrayList<>(carry);
        results.addAll(stacks);
        return results;
    }

    private static Value row(Value x, TensorType type, int index) {
        int size = Math.toIntExact(type.shape().size());
        return x.range(type, index * size, (index + 1) * size);
    }

    private static void setRow(Value stack, Value row, int index) {
        System.arraycopy(row.array(), 0, stack.array(), index * row.size(), row.size());
    }
}
