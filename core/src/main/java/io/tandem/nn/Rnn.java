package io.tandem.nn;

import io.tandem.graph.ScanStep;
import io.tandem.graph.Tensor;
import java.util.List;
import java.util.Optional;

/**
 * The simple recurrent network (Elman, 1990) over sequences: h' = tanh(W x + b + U h + c), or with ReLU in place of
 * tanh.
 *
 * <p>Inputs are [N, T, C] (or [T, N, C], see {@link #withTimeMajor}), outputs [N, T, units], with twice the features if
 * bidirectional; {@link #withLastStep} yields [N, units]. {@link #apply(Tensor, List)} takes and gives states, for
 * encoders and decoders.
 *
 * @param relu whether the activation is ReLU instead of tanh
 * @param options units, layers, directions, forms of input and output
 * @param weights one set per layer and direction, in PyTorch's order: layer by layer, forward before reverse
 */
public record Rnn(boolean relu, RecurrentOptions options, List<RecurrentWeights> weights) implements Layer {
    /** Checks that there are parameters for each layer and direction. */
    public Rnn {
        weights = List.copyOf(weights);
        if (weights.size() != options.layers() * options.directions()) {
            throw new IllegalArgumentException("RNN: %d layers in %d directions need as many sets of weights, got %d"
                    .formatted(options.layers(), options.directions(), weights.size()));
        }
    }

    /** One layer with tanh that yields the outputs of all steps. */
    public static Rnn of(int units) {
        return make(false, RecurrentOptions.of(units));
    }

    private static Rnn make(boolean relu, RecurrentOptions options) {
        return new Rnn(relu, options, RecurrentWeights.make(options, Initializers.zeros()));
    }

    /** This layer with ReLU in place of tanh, and parameters of its own. */
    public Rnn withRelu() {
        return copy(true, options);
    }

    private Rnn copy(boolean rectified, RecurrentOptions other) {
        return new Rnn(rectified, other, RecurrentWeights.like(other, weights.getFirst()));
    }

    /** This layer with another number of layers, and parameters of its own. */
    public Rnn withLayers(int count) {
        return copy(relu, options.withLayers(count));
    }

    /** This layer in both directions, and with parameters of its own. */
    public Rnn withBothDirections() {
        return copy(relu, options.withBothDirections());
    }

    /** This layer without biases, and with parameters of its own. */
    public Rnn withoutBias() {
        return copy(relu, options.withoutBias());
    }

    /** This layer with dropout between its layers in training, and with parameters of its own. */
    public Rnn withDropout(double rate) {
        return copy(relu, options.withDropout(rate));
    }

    /** This layer on inputs [T, N, C], with parameters of its own. */
    public Rnn withTimeMajor() {
        return copy(relu, options.withTimeMajor());
    }

    /** This layer yielding the last step's outputs alone, with parameters of its own. */
    public Rnn withLastStep() {
        return copy(relu, options.withLastStep());
    }

    /** This layer with other initial weights, and parameters of its own. */
    public Rnn withWeights(Initializer inputWeight, Initializer recurrentWeight) {
        RecurrentWeights first = weights.getFirst().with(inputWeight, recurrentWeight);
        return new Rnn(relu, options, RecurrentWeights.like(options, first));
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
        RecurrentStack.requireLengths("RNN", x, lengths, options.timeMajor());
        return Trace.of(x).enter(this, () -> run(x, states, Optional.of(lengths)));
    }

    private RecurrentOutput run(Tensor x, List<Tensor> states, Optional<Tensor> lengths) {
        Trace trace = Trace.of(x);
        return RecurrentStack.run("RNN", options, 1, x, states, (index, in, initial, reverse) -> {
            RecurrentWeights.Values w =
                    weights.get(index).values(trace, 1, in.dim(2), options.units());
            Tensor projected = in.matmul(w.inputWeight(), false, true)
                    .add(w.inputBias().add(w.recurrentBias()));
            return RecurrentStack.scan(
                    projected, initial, List.of(w.recurrentWeight()), lengths, reverse, this::step);
        });
    }

    private ScanStep.Next step(ScanStep s) {
        Tensor sum = s.scanned(0).add(s.carry(0).matmul(s.fixed(0), false, true));
        Tensor h = relu ? sum.relu() : sum.tanh();
        return new ScanStep.Next(List.of(h), List.of(h));
    }
}
