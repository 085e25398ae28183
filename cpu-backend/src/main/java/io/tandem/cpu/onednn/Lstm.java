package io.tandem.cpu.onednn;

/**
 * One LSTM layer over a sequence (Hochreiter and Schmidhuber, 1997; forget gate: Gers et al., 2000):
 *
 * <pre>
 * i = logistic(x Wi + h Ui + bi)      f = logistic(x Wf + h Uf + bf)
 * g = tanh(x Wg + h Ug + bg)          o = logistic(x Wo + h Uo + bo)
 * c' = f c + i g                      h' = o tanh(c')
 * </pre>
 *
 * <p>Sizes, for T steps, batch N, I inputs and H units: src layer [T, N, I], dst layer [T, N, H]; src and dst iter
 * and iter c [1, 1, N, H]; weights layer [1, 1, I, 4, H], weights iter [1, 1, H, 4, H], bias [1, 1, 4, H]; gates in the
 * order i, f, g, o, which is also PyTorch's.
 *
 * <p>Two plain layouts of the weights have names. In <b>ldigo</b>, the row-major one, the units are innermost. In
 * <b>ldgoi</b> the inputs are: these are the bytes of a row-major matrix [4H, I], so PyTorch's {@code weight_ih_l0} and
 * {@code weight_hh_l0} are read in place through {@link #matrixWeights}. The forward primitive wants ldigo, the
 * backward primitive ldgoi, and gradients of weights come as ldigo; leave layouts open and reorder from and to ldgoi.
 * There is one bias: PyTorch's two are added, and each has the gradient of the sum. Gradients of weights and bias are
 * written, not added to what is there.
 */
public sealed interface Lstm extends Operation {

    /**
     * Everything that goes in and out of a layer; the gradients have the same sizes.
     *
     * @param srcLayer inputs [T, N, I]
     * @param srcIter first hidden state [1, 1, N, H]
     * @param srcIterC first cell state [1, 1, N, H]
     * @param weightsLayer input weights [1, 1, I, 4, H]
     * @param weightsIter recurrent weights [1, 1, H, 4, H]
     * @param bias bias [1, 1, 4, H]
     * @param dstLayer outputs [T, N, H]
     * @param dstIter last hidden state [1, 1, N, H]
     * @param dstIterC last cell state [1, 1, N, H]
     */
    record Tensors(
            MemoryDescriptor srcLayer,
            MemoryDescriptor srcIter,
            MemoryDescriptor srcIterC,
            MemoryDescriptor weightsLayer,
            MemoryDescriptor weightsIter,
            MemoryDescriptor bias,
            MemoryDescriptor dstLayer,
            MemoryDescriptor dstIter,
            MemoryDescriptor dstIterC) {

        /** Checks sizes. */
        public Tensors {
            if (srcLayer.rank() != 3 || dstLayer.rank() != 3) {
                throw new IllegalArgumentException(
                        "lstm: inputs and outputs need the rank 3, not " + srcLayer + " and " + dstLayer);
            }
            long batch = srcLayer.dim(1);
            long units = dstLayer.dim(2);
            RecurrentSizes.require("lstm outputs", dstLayer, srcLayer.dim(0), batch, units);
            RecurrentSizes.require("lstm first hidden state", srcIter, 1, 1, batch, units);
            RecurrentSizes.require("lstm first cell state", srcIterC, 1, 1, batch, units);
            RecurrentSizes.require("lstm input weights", weightsLayer, 1, 1, srcLayer.dim(2), 4, units);
            RecurrentSizes.require("lstm recurrent weights", weightsIter, 1, 1, units, 4, units);
            RecurrentSizes.require("lstm bias", bias, 1, 1, 4, units);
            RecurrentSizes.require("lstm last hidden state", dstIter, 1, 1, batch, units);
            RecurrentSizes.require("lstm last cell state", dstIterC, 1, 1, batch, units);
        }

        /** Float32 tensors, plain but for the weights, whose layout is left open. */
        public static Tensors of(long steps, long batch, long inputs, long units) {
            MemoryDescriptor state = MemoryDescriptor.of(DataType.F32, 1, 1, batch, units);
            return new Tensors(MemoryDescriptor.of(DataType.F32, steps, batch, inputs), state, state,
                    MemoryDescriptor.any(DataType.F32, 1, 1, inputs, 4, units),
                    MemoryDescriptor.any(DataType.F32, 1, 1, units, 4, units),
                    MemoryDescriptor.of(DataType.F32, 1, 1, 4, units),
                    MemoryDescriptor.of(DataType.F32, steps, batch, units), state, state);
        }
    }

    /** Which way the sequence is walked. */
    Direction direction();

    /**
     * Outputs and last states. Arguments: {@link Argument#SRC_LAYER}, {@link Argument#SRC_ITER},
     * {@link Argument#SRC_ITER_C}, {@link Argument#WEIGHTS_LAYER}, {@link Argument#WEIGHTS_ITER}, {@link
     * Argument#BIAS}, {@link Argument#DST_LAYER}, {@link Argument#DST_ITER}, {@link Argument#DST_ITER_C}, in training
     * {@link Argument#WORKSPACE}.
     */
    record Forward(Propagation propagation, Direction direction, Tensors tensors) implements Lstm {}

    /**
     * All gradients. Arguments: those of the forward operation, the weights in the layouts that this primitive wants;
     * for each but the workspace also its gradient, as {@link Argument#DIFF_SRC_LAYER}.
     *
     * @param forward the descriptor of the forward operation for training
     */
    record Backward(Direction direction, Tensors tensors, Tensors gradients, PrimitiveDescriptor forward)
            implements Lstm {}

    /**
     * The descriptor of a row-major matrix [4H, I] as weights [1, 1, I, 4, H].
     *
     * @param inputs I, or H for recurrent weights
     * @param units H
     */
    static MemoryDescriptor matrixWeights(DataType type, long inputs, long units) {
        return RecurrentSizes.matrixWeights(type, inputs, 4, units);
    }
}
