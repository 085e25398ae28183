package io.tandem.autodiff;

import io.tandem.graph.Graph;
import io.tandem.graph.GraphException;
import io.tandem.graph.GraphStructure;
import io.tandem.graph.Node;
import io.tandem.graph.Tensor;
import io.tandem.tensor.Shape;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Reverse-mode differentiation: walks a graph from its outputs back and appends the rules of {@link Vjp}. Gradients are
 * ordinary nodes, so they can be differentiated again.
 */
public final class Gradients {
    private Gradients() {}

    /**
     * Gradients of a scalar.
     *
     * @param loss a floating scalar
     * @param wrt what to differentiate with respect to
     * @return one gradient per entry of {@code wrt}, of its type; zeros where the loss does not depend on it
     * @throws GraphException if the loss is not a floating scalar
     */
    public static List<Tensor> of(Tensor loss, List<Tensor> wrt) {
        if (!loss.shape().isScalar() || !loss.dtype().isFloating()) {
            throw new GraphException("gradients need a floating scalar, got " + loss.type()
                    + "; reduce it first, for example with sum() or mean()");
        }
        return gradients(List.of(loss), List.of(loss.graph().full(loss.type(), 1)), wrt);
    }

    /**
     * Vector-Jacobian products.
     *
     * @param outputs what is differentiated
     * @param cotangents one per output, of its type
     * @param wrt what to differentiate with respect to
     * @return one gradient per entry of {@code wrt}, of its type; zeros where no output depends on it
     */
    public static List<Tensor> gradients(List<Tensor> outputs, List<Tensor> cotangents, List<Tensor> wrt) {
        List<Optional<Tensor>> found = reached(outputs, cotangents, wrt);
        return IntStream.range(0, wrt.size())
                .mapToObj(i -> found.get(i).orElseGet(() -> {
                    Tensor x = wrt.get(i);
                    return x.graph().zeros(x.type());
                }))
                .toList();
    }

    /** As {@link #gradients}, but empty where no output depends on an entry of {@code wrt}. */
    public static List<Optional<Tensor>> reached(List<Tensor> outputs, List<Tensor> cotangents, List<Tensor> wrt) {
        if (wrt.isEmpty()) {
            return List.of();
        }
        Graph graph = wrt.getFirst().graph();
        boolean[] dependent = GraphStructure.dependent(graph, wrt);
        Map<Tensor, Tensor> accumulated = new HashMap<>();
        int last = -1;
        for (int i = 0; i < outputs.size(); i++) {
            Tensor output = outputs.get(i);
            Tensor cotangent = cotangents.get(i);
            if (!output.type().equals(cotangent.type())) {
                throw new GraphException("the cotangent of " + output + " must be of its type, it is " + cotangent);
            }
            last = Math.max(last, output.node().id());
            accumulated.merge(output, cotangent, Tensor::add);
        }
        for (int id = last; id >= 0; id--) {
            Node node = graph.nodes().get(id);
            if (dependent[id] && !node.operands().isEmpty()) {
                step(node, dependent, accumulated);
            }
        }
        return wrt.stream().map(x -> Optional.ofNullable(accumulated.get(x))).toList();
    }

    private static void step(Node node, boolean[] dependent, Map<Tensor, Tensor> accumulated) {
        List<Optional<Tensor>> cotangents = node.results().stream()
                .map(r -> Optional.ofNullable(accumulated.get(r)))
                .toList();
        List<Integer> wanted = IntStream.range(0, node.operands().size())
                .filter(i -> dependent[node.operand(i).node().id()]
                        && node.operand(i).dtype().isFloating())
                .boxed()
                .toList();
        if (wanted.isEmpty() || cotangents.stream().noneMatch(Optional::isPresent)) {
            return;
        }
        List<Optional<Tensor>> gradients =
                node.graph().inScope(node.scope(), () -> Vjp.of(node, cotangents, wanted));
        for (int i : wanted) {
            gradients.get(i).ifPresent(g -> accumulated.merge(node.operand(i), g, Tensor::add));
        }
    }

    /** A fresh tensor equal to {@code x}, so that derivatives tell apart two uses of one value. */
    static Tensor alias(Tensor x) {
        Shape shape = x.shape();
        return x.graph().add(new io.tandem.graph.Op.Reshape(shape), x);
    }

    static List<Tensor> aliases(List<Tensor> values) {
        List<Tensor> copies = new ArrayList<>();
        values.forEach(x -> copies.add(alias(x)));
        return copies;
    }
}
