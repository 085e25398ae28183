package io.tandem.cuda.codegen;

import io.tandem.compile.Kernel;

/** From fused kernels to CUDA C. */
public final class KernelGenerator {
    private KernelGenerator() {}

    /**
     * Generates code for a kernel.
     *
     * @param kernel what to compute; it has elements
     * @param alignments what is known of the addresses
     * @param aliased whether a result may lie in the memory of an operand, at the same positions
     */
    public static CudaCode generate(Kernel kernel, Alignments alignments, boolean aliased) {
        return kernel.inner().rank() == 0
                ? new ElementwiseGenerator(kernel, alignments, aliased).generate()
                : new RowGenerator(kernel, aliased).generate();
    }
}
