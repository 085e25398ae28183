package io.tandem.graph;

import io.tandem.tensor.TensorType;
import java.util.List;
import java.util.stream.IntStream;

/** One operation of a graph with its operands and result types. Nodes are made by {@link Graph#add} alone. */
public final class Node {
    private final Graph graph;
    private final int id;
    private final Op op;
    private final List<Tensor> operands;
    private final List<TensorType> types;
    private final String scope;

    Node(Graph graph, int id, Op op, List<Tensor> operands, List<TensorType> types, String scope) {
        this.graph = graph;
        this.id = id;
        this.op = op;
        this.operands = List.copyOf(operands);
        this.types = List.copyOf(types);
        this.scope = scope;
    }

    /** The graph that this node belongs to. */
    public Graph graph() {
        return graph;
    }

    /** The position of this node in its graph. */
    public int id() {
        return id;
    }

    /** What the node computes. */
    public Op op() {
        return op;
    }

    /** The operands, all from the same graph and from nodes before this one. */
    public List<Tensor> operands() {
        return operands;
    }

    /** One operand. */
    public Tensor operand(int index) {
        return operands.get(index);
    }

    /** The types of the results. */
    public List<TensorType> types() {
        return types;
    }

    /** The results. */
    public List<Tensor> results() {
        return IntStream.range(0, types.size())
                .mapToObj(i -> new Tensor(this, i))
                .toList();
    }

    /** One result. */
    public Tensor result(int index) {
        return new Tensor(this, index);
    }

    /** The path of the layer that added this node, for example {@code block.2.query}; empty outside of layers. */
    public String scope() {
        return scope;
    }

    /** For example {@code %7 = matmul(%3, %5) : f32[3, 2]}. */
    @Override
    public String toString() {
        return GraphText.line(this);
    }
}
