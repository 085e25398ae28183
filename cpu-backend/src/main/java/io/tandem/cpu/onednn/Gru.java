package io.tandem.cpu.onednn;

/**
 * One GRU layer over a sequence, with the reset gate applied after the recurrent product (linear before reset: the form
 * of PyTorch and cuDNN; Cho et al., 2014, in the variant of its first implementation):
 *
 * <pre>
 * u = logistic(x Wu + h Uu + bu)      r = logistic(x Wr + h Ur + br)
 * n = tanh(x Wn + bn + r (h Un + bh))
 * h' = u h + (1 - u) n
 * </pre>
 *
 * <p>Sizes as in {@link RecurrentTensors}, with 3 gates in the order u, r, n and 4 biases in the order bu, br, bn, bh.
 * PyTorch's matrices [3H, I] hold the gates in the order r, u, n: the blocks of r and u have to be exchanged on the way
 * (reorder one block at a time with {@link MemoryDescriptor#slice} or at an offset). Its two biases of u and of r are
 * added and each has the gradient of the sum; bn is that of the inputs, bh that of the recurrent product. Layouts are
 * those of {@link Lstm}. Gradients of weights and bias are written, not added to what is there.
 */
public sealed interface Gru extends Operation {

    /** Which way the sequence is walked. */
    Direction direction();

    /**
     * Outputs and last state. Arguments: {@link Argument#SRC_LAYER}, {@link Argument#SRC_ITER},
     * {@link Argument#WEIGHTS_LAYER}, {@link Argument#WEIGHTS_ITER}, {@link Argument#BIAS}, {@link Argument#DST_LAYER},
     * {@link Argument#DST_ITER}, in training {@link Argument#WORKSPACE}.
     */
    record Forward(Propagation propagation, Direction direction, RecurrentTensors tensors) implements Gru {
        /** Checks sizes. */
        public Forward {
            tensors.require("gru", 3, 4);
        }
    }

    /**
     * All gradients. Arguments: those of the forward operation, the weights in the layouts that this primitive wants;
     * for each but the workspace also its gradient.
     *
     * @param forward the descriptor of the forward operation for training
     */
    record Backward(
            Direction direction, RecurrentTensors tensors, RecurrentTensors gradients, PrimitiveDescriptor forward)
            implements Gru {
        /** Checks sizes. */
        public Backward {
            tensors.require("gru", 3, 4);
            gradients.require("gru gradients", 3, 4);
        }
    }

    /** Float32 tensors, plain but for the weights, whose layout is left open. */
    static RecurrentTensors tensors(long steps, long batch, long inputs, long units) {
        return RecurrentTensors.of(steps, batch, inputs, units, 3, 4);
    }

    /** The descriptor of a row-major matrix [3H, I], its gates in the order u, r, n, as weights [1, 1, I, 3, H]. */
    static MemoryDescriptor matrixWeights(DataType type, long inputs, long units) {
        return RecurrentSizes.matrixWeights(type, inputs, 3, units);
    }
}
