package io.tandem.graph;

import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.TensorType;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * A computation: nodes in the order in which they were added, which is a topological order, and named outputs. Graphs grow
 * through {@link #add} alone, which checks shapes and types, until they are frozen.
 *
 * <p>Not safe for use by several threads while it grows.
 */
public final class Graph {
    private final List<Node> nodes = new ArrayList<>();
    private final List<Tensor> inputs = new ArrayList<>();
    private final Map<String, Tensor> outputs = new LinkedHashMap<>();
    private final Map<Object, Object> attachments = new LinkedHashMap<>();
    private final Deque<String> scopes = new ArrayDeque<>();
    private boolean frozen;
    private int hash;

    /** The nodes, each after its operands. */
    public List<Node> nodes() {
        return Collections.unmodifiableList(nodes);
    }

    /** The inputs in the order in which they were added. */
    public List<Tensor> inputs() {
        return Collections.unmodifiableList(inputs);
    }

    /** The outputs by name, in the order in which they were added. */
    public Map<String, Tensor> outputs() {
        return Collections.unmodifiableMap(outputs);
    }

    /** The outputs without their names. */
    public List<Tensor> outputTensors() {
        return List.copyOf(outputs.values());
    }

    /**
     * Adds an input.
     *
     * @throws GraphException if the graph has an input of that name
     */
    public Tensor input(String name, TensorType type) {
        for (Tensor input : inputs) {
            if (input.node().op() instanceof Op.Input(String other, TensorType t) && other.equals(name)) {
                throw new GraphException("the graph has an input named '" + name + "' already, of type " + t);
            }
        }
        return add(new Op.Input(name, type), List.of()).getFirst();
    }

    /** Adds a constant. */
    public Tensor constant(NDArray value) {
        return add(new Op.Constant(value), List.of()).getFirst();
    }

    /** Adds a scalar constant. */
    public Tensor constant(DType dtype, double value) {
        return constant(NDArray.scalar(dtype, value));
    }

    /** Adds a constant with all elements equal. */
    public Tensor full(TensorType type, double value) {
        return constant(type.dtype(), value).broadcastTo(type.shape());
    }

    /** Adds a constant of zeros. */
    public Tensor zeros(TensorType type) {
        return full(type, 0);
    }

    /** Adds indices along an axis. */
    public Tensor iota(TensorType type, int axis) {
        return add(new Op.Iota(type, type.shape().axis(axis)), List.of()).getFirst();
    }

    /**
     * Adds an operation.
     *
     * @return its results
     * @throws GraphException if the operands do not fit the operation, with the shapes, the rule, the layer and the
     *     caller's line
     */
    public List<Tensor> add(Op op, List<Tensor> operands) {
        return addNode(op, operands).results();
    }

    /** Adds an operation with one result. */
    public Tensor add(Op op, Tensor... operands) {
        return addNode(op, List.of(operands)).result(0);
    }

    private Node addNode(Op op, List<Tensor> operands) {
        if (frozen) {
            throw new GraphException("the graph is frozen: it is the body of an operation, or has been compiled");
        }
        for (Tensor operand : operands) {
            if (operand.graph() != this) {
                throw new GraphException(GraphText.label(op) + ": operand " + operand
                        + " belongs to another graph; values from outside must be passed in as operands"
                        + CallSite.describe(scope()));
            }
        }
        List<TensorType> types;
        try {
            types = ShapeRules.infer(op, operands.stream().map(Tensor::type).toList());
        } catch (ShapeRules.Violation violation) {
            throw new GraphException(GraphText.label(op) + ": " + violation.getMessage() + CallSite.describe(scope()));
        }
        Node node = new Node(this, nodes.size(), op, operands, types, scope());
        nodes.add(node);
        if (op instanceof Op.Input) {
            inputs.add(node.result(0));
        }
        return node;
    }

    /**
     * Names a tensor as an output.
     *
     * @throws GraphException if the graph has an output of that name, or the tensor is from another graph
     */
    public void output(String name, Tensor tensor) {
        if (frozen) {
            throw new GraphException("the graph is frozen, output '" + name + "' cannot be added");
        }
        if (tensor.graph() != this) {
            throw new GraphException("output '" + name + "' belongs to another graph");
        }
        if (outputs.putIfAbsent(name, tensor) != null) {
            throw new GraphException("the graph has an output named '" + name + "' already");
        }
    }

    /** Names tensors as outputs "0", "1" and so on, and freezes the graph: what the body of an operation needs. */
    public Graph body(List<Tensor> results) {
        for (Tensor result : results) {
            output(Integer.toString(outputs.size()), result);
        }
        return freeze();
    }

    /** Ends the growth of this graph. */
    public Graph freeze() {
        if (!frozen) {
            frozen = true;
            hash = GraphStructure.hash(this);
        }
        return this;
    }

    /** Whether this graph can grow no more. */
    public boolean isFrozen() {
        return frozen;
    }

    /** Runs {@code build} with {@code path} as the layer path of the nodes that it adds. */
    public <T> T inScope(String path, Supplier<T> build) {
        scopes.addLast(path);
        try {
            return build.get();
        } finally {
            scopes.removeLast();
        }
    }

    /** The layer path at present. */
    public String scope() {
        return scopes.isEmpty() ? "" : scopes.getLast();
    }

    /** What has been attached to this graph under a key, made on first use: a place for what traces into the graph. */
    public <T> T attachment(Class<T> key, Supplier<T> make) {
        return key.cast(attachments.computeIfAbsent(key, k -> make.get()));
    }

    /**
     * Repeats the nodes of another graph in this one.
     *
     * @param body the graph to repeat
     * @param values what its inputs stand for, in their order
     * @return its outputs
     */
    public List<Tensor> inline(Graph body, List<Tensor> values) {
        Map<Tensor, Tensor> known = new java.util.HashMap<>();
        if (values.size() != body.inputs.size()) {
            throw new GraphException(
                    "a body with %d inputs got %d values".formatted(body.inputs.size(), values.size()));
        }
        for (int i = 0; i < values.size(); i++) {
            known.put(body.inputs.get(i), values.get(i));
        }
        return inline(body, known);
    }

    /**
     * Repeats those nodes of another graph that its outputs need and that are not known yet.
     *
     * @param known what tensors of the body stand for; inputs must be among them; new ones are added
     */
    public List<Tensor> inline(Graph body, Map<Tensor, Tensor> known) {
        boolean[] needed = GraphStructure.needed(body.outputTensors(), known.keySet());
        for (Node node : body.nodes) {
            if (!needed[node.id()] || known.keySet().containsAll(node.results())) {
                continue;
            }
            if (node.op() instanceof Op.Input(String name, TensorType type)) {
                throw new GraphException("no value for the body's input '" + name + "' of type " + type);
            }
            List<Tensor> results =
                    add(node.op(), node.operands().stream().map(known::get).toList());
            for (int i = 0; i < results.size(); i++) {
                known.putIfAbsent(node.result(i), results.get(i));
            }
        }
        return body.outputTensors().stream().map(known::get).toList();
    }

    /** The same object, or frozen graphs with the same nodes, inputs and outputs. */
    @Override
    public boolean equals(Object other) {
        return this == other
                || other instanceof Graph graph && frozen && graph.frozen && GraphStructure.equal(this, graph);
    }

    @Override
    public int hashCode() {
        return frozen ? hash : System.identityHashCode(this);
    }

    /** The stable text form, see {@link GraphText}. */
    @Override
    public String toString() {
        return GraphText.print(this);
    }
}
