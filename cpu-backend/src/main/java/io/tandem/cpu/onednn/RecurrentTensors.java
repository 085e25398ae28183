package io.tandem.cpu.onednn;

/**
 * Everything that goes in and out of a recurrent layer with one state, for T steps, batch N, I inputs and H units; the
 * gradients have the same sizes.
 *
 * @param srcLayer inputs [T, N, I]
 * @param srcIter first hidden state [1, 1, N, H]
 * @param weightsLayer input weights [1, 1, I, gates, H]
 * @param weightsIter recurrent weights [1, 1, H, gates, H]
 * @param bias bias [1, 1, biases, H]
 * @param dstLayer outputs [T, N, H]
 * @param dstIter last hidden state [1, 1, N, H]
 */
public record RecurrentTensors(
        MemoryDescriptor srcLayer,
        MemoryDescriptor srcIter,
        MemoryDescriptor weightsLayer,
        MemoryDescriptor weightsIter,
        MemoryDescriptor bias,
        MemoryDescriptor dstLayer,
        MemoryDescriptor dstIter) {

    /** Float32 tensors, plain but for the weights, whose layout is left open. */
    static RecurrentTensors of(long steps, long batch, long inputs, long units, long gates, long biases) {
        MemoryDescriptor state = MemoryDescriptor.of(DataType.F32, 1, 1, batch, units);
        return new RecurrentTensors(MemoryDescriptor.of(DataType.F32, steps, batch, inputs), state,
                MemoryDescriptor.any(DataType.F32, 1, 1, inputs, gates, units),
                MemoryDescriptor.any(DataType.F32, 1, 1, units, gates, units),
                MemoryDescriptor.of(DataType.F32, 1, 1, biases, units),
                MemoryDescriptor.of(DataType.F32, steps, batch, units), state);
    }

    void require(String what, long gates, long biases) {
        if (srcLayer.rank() != 3 || dstLayer.rank() != 3) {
            throw new IllegalArgumentException(
                    what + ": inputs and outputs need the rank 3, not " + srcLayer + " and " + dstLayer);
        }
        long batch = srcLayer.dim(1);
        long units = dstLayer.dim(2);
        RecurrentSizes.require(what + " outputs", dstLayer, srcLayer.dim(0), batch, units);
        RecurrentSizes.require(what + " first hidden state", srcIter, 1, 1, batch, units);
        RecurrentSizes.require(what + " input weights", weightsLayer, 1, 1, srcLayer.dim(2), gates, units);
        RecurrentSizes.require(what + " recurrent weights", weightsIter, 1, 1, units, gates, units);
        RecurrentSizes.require(what + " bias", bias, 1, 1, biases, units);
        RecurrentSizes.require(what + " last hidden state", dstIter, 1, 1, batch, units);
    }
}
