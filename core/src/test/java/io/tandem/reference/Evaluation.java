package io.tandem.reference;

import io.tandem.graph.Graph;
import io.tandem.graph.Op;
import io.tandem.graph.Tensor;
import io.tandem.tensor.NDArray;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** Small graphs, built and evaluated at once. */
final class Evaluation {
    private Evaluation() {}

    /** What a function of tensors yields for values. */
    static NDArray of(Function<List<Tensor>, Tensor> f, NDArray... inputs) {
        return all(in -> List.of(f.apply(in)), inputs).getFirst();
    }

    /** What one operation yields for values. */
    static NDArray of(Op op, NDArray... inputs) {
        return of(in -> in.getFirst().graph().add(op, in).getFirst(), inputs);
    }

    /** All results of a function of tensors for values. */
    static List<NDArray> all(Function<List<Tensor>, List<Tensor>> f, NDArray... inputs) {
        return new Interpreter().evaluate(graph(f, inputs), List.of(inputs));
    }

    /** The graph of a function for values of these types. */
    static Graph graph(Function<List<Tensor>, List<Tensor>> f, NDArray... inputs) {
        Graph graph = new Graph();
        List<Tensor> tensors = new ArrayList<>();
        for (NDArray input : inputs) {
            tensors.add(graph.input("x" + tensors.size(), input.type()));
        }
        return graph.body(f.apply(tensors));
    }
}
