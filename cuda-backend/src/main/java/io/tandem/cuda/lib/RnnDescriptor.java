package io.tandem.cuda.lib;

import java.util.Objects;

/**
 * A recurrent network of one or more layers, without dropout.
 *
 * <p>The equations, with {@code W} for input and {@code R} for recurrent matrices and both biases:
 * <ul>
 *   <li>{@link Cell#RELU}, {@link Cell#TANH}: {@code h' = f(W x + R h + bW + bR)};
 *   <li>{@link Cell#LSTM}: gates i, f, g, o (linear layers 0 to 3 for W, 4 to 7 for R);
 *       {@code c' = f c + i tanh(g)}, {@code h' = o tanh(c')};
 *   <li>{@link Cell#GRU}: gates r, i, n (layers 0 to 2 for W, 3 to 5 for R);
 *       {@code n = tanh(Wn x + bWn + r (Rn h + bRn))}, {@code h' = (1 - i) n + i h}.
 * </ul>
 *
 * @param cell          the recurrent cell
 * @param biases        which biases there are
 * @param bidirectional whether each layer also runs backward; outputs of both directions are concatenated
 * @param inputSize     features of the first layer's input
 * @param hiddenSize    features of a state
 * @param layers        number of layers
 * @param type          type of data and weights
 * @param compute       accumulation type, {@link DataType#F32} or {@link DataType#F64}
 * @param math          units to compute with
 */
public record RnnDescriptor(
        Cell cell,
        Biases biases,
        boolean bidirectional,
        int inputSize,
        int hiddenSize,
        int layers,
        DataType type,
        DataType compute,
        MathType math) {

    /** The recurrent cell. */
    public enum Cell {
        /** Simple recurrence with a rectifier. */
        RELU(1),
        /** Simple recurrence with a hyperbolic tangent. */
        TANH(1),
        /** Long short-term memory (Hochreiter and Schmidhuber, 1997; forget gates by Gers et al., 2000). */
        LSTM(4),
        /** Gated recurrent unit (Cho et al., 2014) with the reset gate behind the recurrent product. */
        GRU(3);

        private final int gates;

        Cell(int gates) {
            this.gates = gates;
        }

        /** Number of gates: linear layers of the input, and as many of the state. */
        public int gates() {
            return gates;
        }
    }

    /** Which biases a network has. */
    public enum Biases {
        /** None. */
        NONE,
        /** One per gate, beside the input product. */
        INPUT,
        /** One per gate, beside the recurrent product. */
        RECURRENT,
        /** Two per gate. */
        BOTH
    }

    /** Checks the numbers. */
    public RnnDescriptor {
        Objects.requireNonNull(cell, "cell");
        Objects.requireNonNull(biases, "biases");
        Objects.requireNonNull(type, "type");
        Objects.requireNonNull(compute, "compute");
        Objects.requireNonNull(math, "math");
        if (inputSize < 1 || hiddenSize < 1 || layers < 1) {
            throw new IllegalArgumentException("input size " + inputSize + ", hidden size " + hiddenSize
                    + " and layers " + layers + " must be positive");
        }
    }

    /**
     * A network in single precision without tensor cores, with both biases.
     *
     * @param cell          the recurrent cell
     * @param bidirectional whether each layer also runs backward
     * @param inputSize     features of the first layer's input
     * @param hiddenSize    features of a state
     * @param layers        number of layers
     */
    public static RnnDescriptor of(Cell cell, boolean bidirectional, int inputSize, int hiddenSize, int layers) {
        return new RnnDescriptor(
                cell,
                Biases.BOTH,
                bidirectional,
                inputSize,
                hiddenSize,
                layers,
                DataType.F32,
                DataType.F32,
                MathType.FMA);
    }

    /** 2 for a bidirectional network, else 1. */
    public int directions() {
        return bidirectional ? 2 : 1;
    }

    /** Features of the output. */
    public int outputSize() {
        return hiddenSize * directions();
    }

    /**
     * Features that a layer takes in.
     *
     * @param layer index of the layer
     */
    public int layerInputSize(int layer) {
        return layer == 0 ? inputSize : outputSize();
    }

    /**
     * Descriptor of the initial and last states [layers * directions, batch, hidden].
     *
     * @param batch number of sequences
     */
    public TensorDescriptor states(int batch) {
        return TensorDescriptor.rowMajor(type, layers * directions(), batch, hiddenSize);
    }
}
