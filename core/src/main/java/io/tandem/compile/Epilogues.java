package io.tandem.compile;

import io.tandem.graph.BinaryFunction;
import io.tandem.graph.Node;
import io.tandem.graph.Op;
import io.tandem.graph.Tensor;
import io.tandem.graph.UnaryFunction;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Finds products and convolutions whose result is used once, by the addition of a bias or by an activation, where the
 * backend can apply these on the way.
 */
final class Epilogues {
    /**
     * What follows a call.
     *
     * @param bias the vector that is added
     * @param activation what is applied then
     * @param result the tensor that the call yields in place of its own result
     */
    record Found(Optional<Tensor> bias, Optional<UnaryFunction> activation, Tensor result) {}

    private final Map<Tensor, List<Node>> consumers;
    private final Set<Tensor> outputs;
    private final Lowering lowering;
    private final Map<Node, Found> found = new HashMap<>();
    private final Set<Tensor> absorbed = new HashSet<>();
    private final Set<Tensor> results = new HashSet<>();

    Epilogues(List<Node> nodes, Map<Tensor, List<Node>> consumers, Set<Tensor> outputs, Lowering lowering) {
        this.consumers = consumers;
        this.outputs = outputs;
        this.lowering = lowering;
        nodes.forEach(this::search);
    }

    /** What follows a call, if anything. */
    Optional<Found> of(Node call) {
        return Optional.ofNullable(found.get(call));
    }

    /** Whether a tensor lies inside a call with epilogue, and so in no memory. */
    boolean isAbsorbed(Tensor tensor) {
        return absorbed.contains(tensor);
    }

    /** Whether a tensor is what a call with epilogue yields. */
    boolean isResult(Tensor tensor) {
        return results.contains(tensor);
    }

    private void search(Node call) {
        if (!(call.op() instanceof Op.MatMul) && !(call.op() instanceof Op.Convolution)) {
            return;
        }
        Set<Tensor> inside = new HashSet<>();
        Tensor current = call.result(0);
        Optional<Node> user = onlyUser(current);
        if (user.isPresent()
                && user.get().op() instanceof Op.Reshape reshape
                && call.op() instanceof Op.MatMul
                && reshape.shape().rank() > 0
                && reshape.shape().dim(-1) == current.dim(-1)) {
            inside.add(current);
            current = user.get().result(0);
            user = onlyUser(current);
        }
        Optional<Tensor> bias = user.isPresent() ? bias(call, user.get(), current) : Optional.empty();
        if (bias.isPresent()) {
            inside.add(current);
            current = user.get().result(0);
            user = onlyUser(current);
        }
        Optional<UnaryFunction> activation = user.filter(u -> u.op() instanceof Op.Unary)
                .map(u -> ((Op.Unary) u.op()).function());
        if (activation.isPresent() && accepts(call, bias.isPresent(), activation)) {
            inside.add(current);
            current = user.get().result(0);
        } else {
            activation = Optional.empty();
            if (bias.isEmpty() || !accepts(call, true, activation)) {
                return;
            }
        }
        absorbed.addAll(inside);
        results.add(current);
        found.put(call, new Found(bias, activation, current));
    }

    private boolean accepts(Node call, boolean bias, Optional<UnaryFunction> activation) {
        return lowering.epilogue(
                call.op(), call.operands().stream().map(Tensor::type).toList(), bias, activation);
    }

    private Optional<Node> onlyUser(Tensor tensor) {
        List<Node> users = consumers.getOrDefault(tensor, List.of());
        return users.size() == 1 && !outputs.contains(tensor) ? Optional.of(users.getFirst()) : Optional.empty();
    }

    /** The vector that {@code user} adds to {@code current}, if that is what it does. */
    private static Optional<Tensor> bias(Node call, Node user, Tensor current) {
        if (!(user.op() instanceof Op.Binary binary) || binary.function() != BinaryFunction.ADD) {
            return Optional.empty();
        }
        Tensor other = user.operand(0).equals(current) ? user.operand(1) : user.operand(0);
        if (!(other.node().op() instanceof Op.Broadcast)) {
            return Optional.empty();
        }
        Tensor vector = other.node().operand(0);
        int fromEnd = call.op() instanceof Op.Convolution ? call.result(0).rank() - 1 : 1;
        int size = call.result(0).dim(-fromEnd);
        boolean alongChannels =
                vector.rank() >= fromEnd && vector.dim(-fromEnd) == size && vector.shape().size() == size;
        return alongChannels ? Optional.of(vector) : Optional.empty();
    }
}
