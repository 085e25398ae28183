package io.tandem.nn;

import io.tandem.graph.Composites;
import io.tandem.graph.ScanStep;
import io.tandem.graph.Tensor;
import io.tandem.tensor.DType;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.IntStream;

/** What the recurrent layers share: layers upon layers, directions, states, sequences of unequal length. */
final class RecurrentStack {
    private RecurrentStack() {}

    /** One direction of one layer over a sequence. */
    @FunctionalInterface
    interface Pass {
        /**
         * Runs it.
         *
         * @param index which: layer times directions plus direction
         * @param x [T, N, inputs]
         * @param states one [N, units] per kind of state
         * @return outputs [T, N, units], then the final states
         */
        List<Tensor> run(int index, Tensor x, List<Tensor> states, boolean reverse);
    }

    /**
     * Runs all layers.
     *
     * @param name for messages
     * @param kinds number of kinds of states: 2 for LSTM
     * @param initial [layers directions, N, units] per kind; none for zeros
     */
    static RecurrentOutput run(
            String name, RecurrentOptions options, int kinds, Tensor input, List<Tensor> initial, Pass pass) {
        Layers.requireRank(name, input, 3, 3);
        Tensor x = options.timeMajor() ? input : input.permute(1, 0, 2);
        int directions = options.directions();
        Shape shape = Shape.of(options.layers() * directions, x.dim(1), options.units());
        requireStates(name, input, kinds, initial, shape);
        Dropout dropout = Dropout.of(options.dropout());
        List<List<Tensor>> finals = new ArrayList<>();
        Tensor y = x;
        for (int layer = 0; layer < options.layers(); layer++) {
            Tensor in = layer == 0 ? y : dropout.forward(y);
            List<Tensor> outputs = new ArrayList<>();
            for (int direction = 0; direction < directions; direction++) {
                int index = layer * directions + direction;
                List<Tensor> states = initial.isEmpty()
                        ? IntStream.range(0, kinds)
                                .mapToObj(k -> zeros(x, shape.without(0)))
                                .toList()
                        : initial.stream().map(s -> s.at(0, index)).toList();
                List<Tensor> results = pass.run(index, in, states, direction == 1);
                outputs.add(results.getFirst());
                finals.add(results.subList(1, results.size()));
            }
            y = Tensor.concat(2, outputs);
        }
        List<Tensor> states = IntStream.range(0, kinds)
                .mapToObj(k -> Tensor.stack(0, finals.stream().map(f -> f.get(k)).toList()))
                .toList();
        List<Tensor> top = finals.subList(finals.size() - directions, finals.size()).stream()
                .map(List::getFirst)
                .toList();
        return new RecurrentOutput(options.timeMajor() ? y : y.permute(1, 0, 2), states, Tensor.concat(1, top));
    }

    /**
     * One loop over time.
     *
     * @param x what is sliced along time, [T, N, ...]
     * @param carries initial states, [N, ...]
     * @param fixed what each step sees whole
     * @param lengths lengths of the sequences [N]; where a sequence is over, states stay and outputs are zero
     * @param step one step: the next states, and one output to stack
     * @return outputs [T, N, ...], then the final states
     */
    static List<Tensor> scan(
            Tensor x,
            List<Tensor> carries,
            List<Tensor> fixed,
            Optional<Tensor> lengths,
            boolean reverse,
            Function<ScanStep, ScanStep.Next> step) {
        List<Tensor> whole = new ArrayList<>(fixed);
        lengths.ifPresent(l -> whole.add(l.cast(DType.I64)));
        List<Tensor> results = Composites.scan(x.dim(0), reverse, carries, List.of(x), whole, s -> {
            ScanStep.Next next = step.apply(s);
            if (lengths.isEmpty()) {
                return next;
            }
            Tensor inside = s.index().lt(s.fixed().getLast());
            List<Tensor> kept = IntStream.range(0, carries.size())
                    .mapToObj(i -> choose(inside, next.carries().get(i), s.carry(i)))
                    .toList();
            Tensor output = next.stacked().getFirst();
            return new ScanStep.Next(kept, List.of(choose(inside, output, output.like(0))));
        });
        List<Tensor> ordered = new ArrayList<>(List.of(results.getLast()));
        ordered.addAll(results.subList(0, carries.size()));
        return ordered;
    }

    private static Tensor choose(Tensor rows, Tensor whenTrue, Tensor whenFalse) {
        int[] dims = new int[whenTrue.rank()];
        java.util.Arrays.fill(dims, 1);
        dims[0] = rows.dim(0);
        return rows.reshape(dims).select(whenTrue, whenFalse);
    }

    /** Checks lengths against an input. */
    static void requireLengths(String name, Tensor x, Tensor lengths, boolean timeMajor) {
        int batch = x.dim(timeMajor ? 1 : 0);
        if (!lengths.dtype().isInteger() || !lengths.shape().equals(Shape.of(batch))) {
            throw Layers.error(
                    x,
                    "%s: lengths for the input %s must be one int32 or int64 per sequence, shape [%d], got %s"
                            .formatted(name, x.type(), batch, lengths.type()));
        }
    }

    private static void requireStates(String name, Tensor x, int kinds, List<Tensor> states, Shape shape) {
        if (states.isEmpty()) {
            return;
        }
        if (states.size() != kinds || states.stream().anyMatch(s -> !s.shape().equals(shape))) {
            throw Layers.error(
                    x,
                    "%s: the input %s needs %d initial state%s of shape %s, got %s"
                            .formatted(
                                    name,
                                    x.type(),
                                    kinds,
                                    kinds == 1 ? "" : "s",
                                    shape,
                                    states.stream().map(Tensor::type).toList()));
        }
    }

    private static Tensor zeros(Tensor x, Shape shape) {
        return x.graph().zeros(new TensorType(x.dtype(), shape));
    }
}
