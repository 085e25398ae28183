package io.tandem.cuda.simulation;

import io.tandem.cuda.lib.RnnDescriptor;
import io.tandem.cuda.lib.RnnParameter;
import java.util.ArrayList;
import java.util.List;

/**
 * Where the stand-in keeps matrices and biases of a recurrent network: all matrices, then all biases, each at a
 * multiple of 128 bytes. As in the real library, nothing else may be assumed than what the query lists.
 */
final class SimulatedRnnLayout {

    private static final long ALIGNMENT = 128;

    private final RnnDescriptor rnn;
    private final List<RnnParameter> parameters = new ArrayList<>();
    private final long bytes;

    SimulatedRnnLayout(RnnDescriptor rnn) {
        this.rnn = rnn;
        long next = place(0, false);
        bytes = rnn.biases() == RnnDescriptor.Biases.NONE ? next : place(next, true);
    }

    private long place(long start, boolean bias) {
        long next = start;
        int gates = rnn.cell().gates();
        for (int layer = 0; layer < rnn.layers(); layer++) {
            for (int direction = 0; direction < rnn.directions(); direction++) {
                for (int linear = 0; linear < 2 * gates; linear++) {
                    boolean input = linear < gates;
                    if (bias && !hasBias(input)) {
                        continue;
                    }
                    int columns = bias ? 1 : input ? rnn.layerInputSize(layer) : rnn.hiddenSize();
                    RnnParameter parameter = new RnnParameter(
                            layer, direction == 1, linear, bias, next, rnn.hiddenSize(), columns);
                    parameters.add(parameter);
                    long end = next + (long) parameter.elements() * rnn.type().bytes();
                    next = Math.ceilDiv(end, ALIGNMENT) * ALIGNMENT;
                }
            }
        }
        return next;
    }

    private boolean hasBias(boolean input) {
        return switch (rnn.biases()) {
            case NONE -> false;
            case INPUT -> input;
            case RECURRENT -> !input;
            case BOTH -> true;
        };
    }

    long bytes() {
        return bytes;
    }

    List<RnnParameter> parameters() {
        return List.copyOf(parameters);
    }

    /** The index of a parameter in {@link #parameters}, -1 for a bias that the network lacks. */
    int index(int layer, int direction, int linear, boolean bias) {
        for (int i = 0; i < parameters.size(); i++) {
            RnnParameter p = parameters.get(i);
            if (p.layer() == layer
                    && p.reverse() == (direction == 1)
                    && p.linearLayer() == linear
                    && p.bias() == bias) {
                return i;
            }
        }
        return -1;
    }
}
