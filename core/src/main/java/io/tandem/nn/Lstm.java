package io.tandem.nn;

import io.tandem.graph.Composites;
import io.tandem.graph.ScanStep;
import io.tandem.graph.Tensor;
import io.tandem.tensor.NDArray;
import java.util.List;
import java.util.Optional;

/**
 * LSTM over sequences (Hochreiter and Schmidhuber, 1997; forget gate: Gers et al., 2000): with the gates i, f, g, o in
 * this order in the rows of the weights, c' = f c + i g and h' = o tanh(c'). The bias of the forget gate starts at 1
 * (Jozefowicz et al., 2015), so that a new layer remembers.
 *
 * <p>Inputs are [N, T, C] (or [T, N, C], see {@link #withTimeMajor}), outputs [N, T, units], with twice the features if
 * bidirectional; {@link #withLastStep} yields [N, units]. {@link #apply(Tensor, List)} takes and gives states, for
 * encoders and decoders.
 *
 * @param options units, layers, directions, forms of input and output
 * @param weights one set per layer and direction, in PyTorch's order: layer by layer, forward before reverse
 */
public record Lstm(RecurrentOptions options, List<RecurrentWeights> weights) implements Layer {
    /** Checks that there are parameters for each layer and direction. */
    public Lstm {
        weights = List.copyOf(weights);
        if (weights.size() != options.layers() * options.directions()) {
            throw new IllegalArgumentException("LSTM: %d layers in %d directions need as many sets of weights, got %d"
                    .formatted(options.layers(), options.directions(), weights.size()));
        }
    }

    /** One layer that yields the outputs of all steps. */
    public static Lstm of(int units) {
        return make(RecurrentOptions.of(units));
    }

    private static Lstm make(RecurrentOptions options) {
        int units = options.units();
        Initializer bias = (type, seed) -> NDArray.generate(type, i -> i / units == 1 ? 1 : 0);
        return new Lstm(options, RecurrentWeights.make(options, bias));
    }

    private Lstm copy(RecurrentOptions other) {
        return new Lstm(other, RecurrentWeights.like(other, weights.getFirst()));
    }

    /** This layer with another number of layers, and parameters of its own. */
    public Lstm withLayers(int count) {
        return copy(options.withLayers(count));
    }

    /** This layer in both directions, and with parameters of its own. */
    public Lstm withBothDirections() {
        return copy(options.withBothDirections());
    }

    /** This layer without biases, and with parameters of its own. */
    public Lstm withoutBias() {
        return copy(options.withoutBias());
    }

    /** This layer with dropout between its layers in training, and with parameters of its own. */
    public Lstm withDropout(double rate) {
        return copy(options.withDropout(rate));
    }

    /** This layer on inputs [T, N, C], with parameters of its own. */
    public Lstm withTimeMajor() {
        return copy(options.withTimeMajor());
    }

    /** This layer yielding the last step's outputs alone, with parameters of its own. */
    public Lstm withLastStep() {
        return copy(options.withLastStep());
    }

    /** This layer with other initial weights, and parameters of its own. */
    public Lstm withWeights(Initializer inputWeight, Initializer recurrentWeight) {
        RecurrentWeights first = weights.getFirst().with(inputWeight, recurrentWeight);
        return new Lstm(options, RecurrentWeights.like(options, first));
    }

    @Override
    public Tensor forward(Tensor x) {
        RecurrentOutput output = run(x, List.of(), Optional.empty());
        return options.sequences() ? output.outputs() : output.last();
    }

    /**
     * Applies this layer with states.
     *
     * @param x the sequences
     * @param states h and c, each [layers directions, N, units]; none for zeros
     * @return outputs and final states
     */
    public RecurrentOutput apply(Tensor x, List<Tensor> states) {
        return Trace.of(x).enter(this, () -> run(x, states, Optional.empty()));
    }

    /**
     * Applies this layer to sequences of unequal length. Outputs beyond the end of a sequence are zero, final states
     * are those at its end, and the reverse direction starts there.
     *
     * @param x the sequences, filled up to one length
     * @param states h and c, each [layers directions, N, units]; none for zeros
     * @param lengths how long each sequence is: [N], int32 or int64
     * @return outputs and final states
     */
    public RecurrentOutput apply(Tensor x, List<Tensor> states, Tensor lengths) {
        RecurrentStack.requireLengths("LSTM", x, lengths, options.timeMajor());
        return Trace.of(x).enter(this, () -> run(x, states, Optional.of(lengths)));
    }

    private RecurrentOutput run(Tensor x, List<Tensor> states, Optional<Tensor> lengths) {
        Trace trace = Trace.of(x);
        return RecurrentStack.run("LSTM", options, 2, x, states, (index, in, initial, reverse) -> {
            RecurrentWeights.Values w =
                    weights.get(index).values(trace, 4, in.dim(2), options.units());
            Tensor bias = w.inputBias().add(w.recurrentBias());
            if (lengths.isPresent()) {
                return scan(in, initial, w, bias, lengths, reverse);
            }
            List<Tensor> results = Composites.lstm(
                    in, initial.get(0), initial.get(1), w.inputWeight(), w.recurrentWeight(), bias, reverse);
            return List.of(results.get(0), results.get(1), results.get(2));
        });
    }

    private static List<Tensor> scan(
            Tensor x,
            List<Tensor> initial,
            RecurrentWeights.Values w,
            Tensor bias,
            Optional<Tensor> lengths,
            boolean reverse) {
        Tensor projected = x.matmul(w.inputWeight(), false, true).add(bias);
        return RecurrentStack.scan(projected, initial, List.of(w.recurrentWeight()), lengths, reverse, s -> {
            List<Tensor> gates = s.scanned(0)
                    .add(s.carry(0).matmul(s.fixed(0), false, true))
                    .split(1, 4);
            Tensor c = gates.get(1)
                    .sigmoid()
                    .mul(s.carry(1))
                    .add(gates.get(0).sigmoid().mul(gates.get(2).tanh()));
            Tensor h = gates.get(3).sigmoid().mul(c.tanh());
            return new ScanStep.Next(List.of(h, c), List.of(h));
        });
    }
}
