package io.tandem.onnx;

import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import java.util.List;

/**
 * Where nodes are added.
 *
 * @param graph the graph that they become part of
 * @param scope the path of the layer that they belong to, which their names begin with
 */
record Place(OnnxGraph graph, String scope) {
    String add(String operation, String... operands) {
        return graph.node(scope, operation, List.of(operands));
    }

    String add(String operation, List<String> operands, Attribute... attributes) {
        return graph.node(scope, operation, operands, attributes);
    }

    List<String> add(String operation, List<String> operands, int results, Attribute... attributes) {
        return graph.node(scope, operation, operands, results, List.of(attributes));
    }

    String cast(String x, DType dtype) {
        return add("Cast", List.of(x), Attribute.integer("to", Initializer.code(dtype)));
    }

    /** The axes given added with size 1. */
    String unsqueeze(String x, long axis) {
        return add("Unsqueeze", x, graph.row(List.of(axis)));
    }

    String squeeze(String x, long axis) {
        return add("Squeeze", x, graph.row(List.of(axis)));
    }

    String transpose(String x, List<Integer> axes) {
        return add("Transpose", List.of(x), Attribute.integers("perm", axes));
    }

    String scalar(DType dtype, double value) {
        return graph.scalar(dtype, value);
    }

    String constant(NDArray value) {
        return graph.constant(value);
    }

    /** A reshape to sizes, of which one may follow the batch size without being computed. */
    String reshape(String x, List<Dim> dims) {
        boolean inferred = dims.stream().filter(d -> !d.isFixed()).count() == 1
                && dims.stream().noneMatch(d -> d.isFixed() && d.constant() == 0);
        String shape = inferred
                ? graph.row(dims.stream().map(d -> d.isFixed() ? d.constant() : -1L).toList())
                : graph.sizes(dims);
        // Without allowzero, 0 would mean the operand's size.
        return dims.stream().anyMatch(d -> d.isFixed() && d.constant() == 0)
                ? add("Reshape", List.of(x, shape), Attribute.integer("allowzero", 1))
                : add("Reshape", x, shape);
    }
}
