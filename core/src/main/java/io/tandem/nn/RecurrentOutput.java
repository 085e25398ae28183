package io.tandem.nn;

import io.tandem.graph.Tensor;
import java.util.List;

/**
 * What a recurrent layer yields for a sequence.
 *
 * @param outputs of all steps: [N, T, features], or [T, N, features] if time comes first
 * @param states the final states, for LSTM h and c, else h; of stacked layers [layers directions, N, units], in
 *     PyTorch's order: layer by layer, forward before reverse
 * @param last the outputs of the last step [N, features]; for the reverse direction that is the first one of the
 *     sequence
 */
public record RecurrentOutput(Tensor outputs, List<Tensor> states, Tensor last) {
    /** Copies the list. */
    public RecurrentOutput {
        states = List.copyOf(states);
    }

    /** The final hidden state h. */
    public Tensor hidden() {
        return states.getFirst();
    }
}
