package io.tandem.cpu.onednn;

/**
 * One simple recurrent layer over a sequence: h' = f(x W + h U + b) with f tanh, ReLU or logistic (Elman, 1990).
 *
 * <p>Sizes as in {@link RecurrentTensors}, with 1 gate and 1 bias. PyTorch's two biases are added. Layouts are those of
 * {@link Lstm}. Gradients of weights and bias are written, not added to what is there.
 */
public sealed interface VanillaRnn extends Operation {

    /** TANH, RELU or LOGISTIC. */
    EltwiseFunction activation();

    /** Which way the sequence is walked. */
    Direction direction();

    /** Outputs and last state. Arguments: those of {@link Gru.Forward}. */
    record Forward(
            Propagation propagation, EltwiseFunction activation, Direction direction, RecurrentTensors tensors)
            implements VanillaRnn {
        /** Checks sizes. */
        public Forward {
            tensors.require("rnn", 1, 1);
        }
    }

    /**
     * All gradients. Arguments: those of {@link Gru.Backward}.
     *
     * @param forward the descriptor of the forward operation for training
     */
    record Backward(
            EltwiseFunction activation, Direction direction, RecurrentTensors tensors, RecurrentTensors gradients,
            PrimitiveDescriptor forward)
            implements VanillaRnn {
        /** Checks sizes. */
        public Backward {
            tensors.require("rnn", 1, 1);
            gradients.require("rnn gradients", 1, 1);
        }
    }

    /** Float32 tensors, plain but for the weights, whose layout is left open. */
    static RecurrentTensors tensors(long steps, long batch, long inputs, long units) {
        return RecurrentTensors.of(steps, batch, inputs, units, 1, 1);
    }

    /** The descriptor of a row-major matrix [H, I] as weights [1, 1, I, 1, H]. */
    static MemoryDescriptor matrixWeights(DataType type, long inputs, long units) {
        return RecurrentSizes.matrixWeights(type, inputs, 1, units);
    }
}
