package io.tandem.nn;

import io.tandem.graph.Composites;
import io.tandem.graph.ScanStep;
import io.tandem.graph.Tensor;
import java.util.List;
import java.util.Optional;

/**
 * GRU over sequences, in two forms, with the gates r, z, n in this order in the rows of the weights:
 *
 * <ul>
 *   <li>reset after the recurrent product, as cuDNN and PyTorch have it: n = tanh(W x + b + r (U h + c)), h' = (1 - z)
 *       n + z h, where z weights the old state;
 *   <li>reset before it (Cho et al., 2014; Chung et al., 2014): n = tanh(W x + b + U (r h) + c), h' = (1 - z) h + z n,
 *       where z weights the new state.
 * </ul>
 *
 * <p>Inputs are [N, T, C] (or [T, N, C], see {@link #withTimeMajor}), outputs [N, T, units], with twice the features if
 * bidirectional; {@link #withLastStep} yields [N, units]. {@link #apply(Tensor, List)} takes and gives states, for
 * encoders and decoders.
 *
 * @param resetBefore whether the reset gate is applied before the recurrent product
 * @param options units, layers, directions, forms of input and output
 * @param weights one set per layer and direction, in PyTorch's order: layer by layer, forward before reverse
 */
public record Gru(boolean resetBefore, RecurrentOptions options, List<RecurrentWeights> weights) implements Layer {
    /** Checks that there are parameters for each layer and direction. */
    public Gru {
        weights = List.copyOf(weights);
        if (weights.size() != options.layers() * options.directions()) {
            throw new IllegalArgumentException("GRU: %d layers in %d directions need as many sets of weights, got %d"
                    .formatted(options.layers(), options.directions(), weights.size()));
        }
    }

    /** One layer that yields the outputs of all steps, with the reset gate after the recurrent product. */
    public static Gru of(int units) {
        return make(false, RecurrentOptions.of(units));
    }

    private static Gru make(boolean resetBefore, RecurrentOptions options) {
        return new Gru(resetBefore, options, RecurrentWeights.make(options, Initializers.zeros()));
    }

    /** This layer with the reset gate before the recurrent product, and parameters of its own. */
    public Gru withResetBefore() {
        return copy(true, options);
    }

    private Gru copy(boolean reset, RecurrentOptions other) {
        return new Gru(reset, other, RecurrentWeights.like(other, weights.getFirst()));
    }

    /** This layer with another number of layers, and parameters of its own. */
    public Gru withLayers(int count) {
        return copy(resetBefore, options.withLayers(count));
    }

    /** This layer in both directions, and with parameters of its own. */
    public Gru withBothDirections() {
        return copy(resetBefore, options.withBothDirections());
    }

    /** This layer without biases, and with parameters of its own. */
    public Gru withoutBias() {
        return copy(resetBefore, options.withoutBias());
    }

    /** This layer with dropout between its layers in training, and with parameters of its own. */
    public Gru withDropout(double rate) {
        return copy(resetBefore, options.withDropout(rate));
    }

    /** This layer on inputs [T, N, C], with parameters of its own. */
    public Gru withTimeMajor() {
        return copy(resetBefore, options.withTimeMajor());
    }

    /** This layer yielding the last step's outputs alone, with parameters of its own. */
    public Gru withLastStep() {
        return copy(resetBefore, options.withLastStep());
    }

    /** This layer with other initial weights, and parameters of its own. */
    public Gru withWeights(Initializer inputWeight, Initializer recurrentWeight) {
        RecurrentWeights first = weights.getFirst().with(inputWeight, recurrentWeight);
        return new Gru(resetBefore, options, RecurrentWeights.like(options, first));
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
     * @param states h, each [layers directions, N, units]; none for zeros
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
     * @param states h, each [layers directions, N, units]; none for zeros
     * @param lengths how long each sequence is: [N], int32 or int64
     * @return outputs and final states
     */
    public RecurrentOutput apply(Tensor x, List<Tensor> states, Tensor lengths) {
        RecurrentStack.requireLengths("GRU", x, lengths, options.timeMajor());
        return Trace.of(x).enter(this, () -> run(x, states, Optional.of(lengths)));
    }

    private RecurrentOutput run(Tensor x, List<Tensor> states, Optional<Tensor> lengths) {
        Trace trace = Trace.of(x);
        return RecurrentStack.run("GRU", options, 1, x, states, (index, in, initial, reverse) -> {
            RecurrentWeights.Values w =
                    weights.get(index).values(trace, 3, in.dim(2), options.units());
            if (lengths.isEmpty() && !resetBefore) {
                return Composites.gru(
                        in,
                        initial.getFirst(),
                        w.inputWeight(),
                        w.recurrentWeight(),
                        w.inputBias(),
                        w.recurrentBias(),
                        reverse);
            }
            Tensor projected = in.matmul(w.inputWeight(), false, true).add(w.inputBias());
            List<Tensor> fixed = List.of(w.recurrentWeight(), w.recurrentBias());
            return RecurrentStack.scan(
                    projected, initial, fixed, lengths, reverse, resetBefore ? this::before : Gru::after);
        });
    }

    private static ScanStep.Next after(ScanStep s) {
        List<Tensor> input = s.scanned(0).split(1, 3);
        List<Tensor> recurrent =
                s.carry(0).matmul(s.fixed(0), false, true).add(s.fixed(1)).split(1, 3);
        Tensor r = input.get(0).add(recurrent.get(0)).sigmoid();
        Tensor z = input.get(1).add(recurrent.get(1)).sigmoid();
        Tensor n = input.get(2).add(r.mul(recurrent.get(2))).tanh();
        Tensor h = n.add(z.mul(s.carry(0).sub(n)));
        return new ScanStep.Next(List.of(h), List.of(h));
    }

    private ScanStep.Next before(ScanStep s) {
        int units = options.units();
        Tensor old = s.carry(0);
        List<Tensor> input = s.scanned(0).split(1, 3);
        Tensor gates = old.matmul(s.fixed(0).slice(0, 0, 2 * units), false, true)
                .add(s.fixed(1).slice(0, 0, 2 * units));
        Tensor r = input.get(0).add(gates.slice(1, 0, units)).sigmoid();
        Tensor z = input.get(1).add(gates.slice(1, units, 2 * units)).sigmoid();
        Tensor recurrent = r.mul(old)
                .matmul(s.fixed(0).slice(0, 2 * units, 3 * units), false, true)
                .add(s.fixed(1).slice(0, 2 * units, 3 * units));
        Tensor n = input.get(2).add(recurrent).tanh();
        Tensor h = old.add(z.mul(n.sub(old)));
        return new ScanStep.Next(List.of(h), List.of(h));
    }
}
