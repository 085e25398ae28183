package io.tandem.cpu.onednn;

/** A function of each element. */
public sealed interface Eltwise extends Operation {

    /** The function. Arguments: {@link Argument#SRC}, {@link Argument#DST}; both may be the same memory. */
    record Forward(
            Propagation propagation, EltwiseFunction function, MemoryDescriptor src, MemoryDescriptor dst, float alpha,
            float beta)
            implements Eltwise {}

    /**
     * Gradient with respect to the source. Arguments: {@link Argument#SRC}, {@link Argument#DIFF_DST},
     * {@link Argument#DIFF_SRC}.
     *
     * @param forward the descriptor of the forward operation for training
     */
    record Backward(
            EltwiseFunction function, MemoryDescriptor diffSrc, MemoryDescriptor diffDst, MemoryDescriptor src,
            float alpha, float beta, PrimitiveDescriptor forward)
            implements Eltwise {}
}
