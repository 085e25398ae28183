package io.tandem.oracle;

import io.tandem.graph.Graph;
import io.tandem.graph.Tensor;
import io.tandem.tensor.NDArray;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The arguments of one operator call, by position or by name. */
final class TorchCall {
    /** A variable's value, which some operators change in place. */
    static final class Ref {
        private Tensor value;

        Ref(Tensor value) {
            this.value = value;
        }

        Tensor value() {
            return value;
        }

        void set(Tensor other) {
            value = other;
        }
    }

    /** Python's None. */
    enum None {
        NONE
    }

    private final String function;
    private final List<Object> positional;
    private final Map<String, Object> named;
    private final Graph graph;
    private final Map<Tensor, NDArray> values;

    TorchCall(
            String function,
            List<Object> positional,
            Map<String, Object> named,
            Graph graph,
            Map<Tensor, NDArray> values) {
        this.function = function;
        this.positional = positional;
        this.named = named;
        this.graph = graph;
        this.values = values;
    }

    TorchCall renamed(String other) {
        return new TorchCall(other, positional, named, graph, values);
    }

    /** This call with another tensor as an argument. */
    TorchCall with(int index, Tensor value) {
        List<Object> changed = new ArrayList<>(positional);
        changed.set(index, new Ref(value));
        return new TorchCall(function, changed, named, graph, values);
    }

    String function() {
        return function;
    }

    Graph graph() {
        return graph;
    }

    int count() {
        return positional.size();
    }

    Optional<Object> get(int index, String name) {
        Object value = index >= 0 && index < positional.size() ? positional.get(index) : named.get(name);
        return value == null || value == None.NONE ? Optional.empty() : Optional.of(value);
    }

    boolean isTensor(int index) {
        return index < positional.size() && positional.get(index) instanceof Ref;
    }

    Tensor tensor(int index) {
        return optional(index, "?").orElseThrow(() -> new NotCovered(function + ": argument " + index + " is missing"));
    }

    Optional<Tensor> optional(int index, String name) {
        return get(index, name).map(v -> {
            if (v instanceof Ref ref) {
                return ref.value();
            }
            throw new NotCovered(function + ": argument " + name + " is no tensor: " + v);
        });
    }

    Optional<Ref> ref(int index, String name) {
        return get(index, name).map(v -> (Ref) v);
    }

    /** A tensor, or a number as a constant of another tensor's type. */
    Tensor operand(int index, String name, Tensor like) {
        Object value = get(index, name)
                .orElseThrow(() -> new NotCovered(function + ": argument " + name + " is missing"));
        return value instanceof Ref ref ? ref.value() : like.like(number(value));
    }

    double number(int index, String name, double otherwise) {
        return get(index, name).map(this::number).orElse(otherwise);
    }

    private double number(Object value) {
        return switch (value) {
            case Long l -> l;
            case Double d -> d;
            case Boolean b -> b ? 1 : 0;
            default -> throw new NotCovered(function + ": not a number: " + value);
        };
    }

    int integer(int index, String name, int otherwise) {
        return (int) number(index, name, otherwise);
    }

    boolean flag(int index, String name, boolean otherwise) {
        return number(index, name, otherwise ? 1 : 0) != 0;
    }

    String text(int index, String name, String otherwise) {
        return get(index, name).map(Object::toString).orElse(otherwise);
    }

    /** A list of numbers, or one number as a list of one. */
    Optional<List<Integer>> integers(int index, String name) {
        return get(index, name).map(v -> v instanceof List<?> list
                ? list.stream().map(i -> (int) number(i)).toList()
                : List.of((int) number(v)));
    }

    List<Tensor> tensors(int index, String name) {
        Object value = get(index, name)
                .orElseThrow(() -> new NotCovered(function + ": argument " + name + " is missing"));
        if (value instanceof List<?> list) {
            return list.stream().map(v -> ((Ref) v).value()).toList();
        }
        return List.of(((Ref) value).value());
    }

    /** The values of an input: for what Tandem takes as constants. */
    Optional<NDArray> constant(int index, String name) {
        return optional(index, name).map(t -> {
            NDArray value = values.get(t);
            if (value == null) {
                throw new NotCovered(function + ": " + name + " must be an input of the case");
            }
            return value;
        });
    }

    int[] axes(int index, String name, Tensor x) {
        return integers(index, name)
                .filter(l -> !l.isEmpty())
                .map(l -> l.stream().mapToInt(a -> x.rank() == 0 ? 0 : x.shape().axis(a)).toArray())
                .orElseGet(() -> java.util.stream.IntStream.range(0, x.rank()).toArray());
    }

    /** A list of one number per spatial axis. */
    List<Integer> spatial(int index, String name, int axes, int otherwise) {
        List<Integer> list = integers(index, name).orElse(List.of());
        List<Integer> result = new ArrayList<>();
        for (int i = 0; i < axes; i++) {
            result.add(list.isEmpty() ? otherwise : list.get(Math.min(i, list.size() - 1)));
        }
        return result;
    }
}
