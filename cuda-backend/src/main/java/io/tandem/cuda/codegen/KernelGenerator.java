package io.tandem.cuda.codegen;

import io.tandem.compile.Kernel;
import java.util.Optional;
import java.util.OptionalInt;

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
        if (kernel.inner().rank() > 0) {
            return new RowGenerator(kernel, aliased).generate();
        }
        OptionalInt across = aliased ? OptionalInt.empty() : TileGenerator.axis(kernel);
        return across.isPresent()
                ? TileGenerator.generate(kernel, across.getAsInt())
                : new ElementwiseGenerator(kernel, alignments, aliased).generate();
    }

    /**
     * Generates code that runs a kernel over several pieces of memory with one launch, if it is a loop over one axis:
     * for example the update of all of a model's parameters.
     *
     * @param kernel what to compute; its size does not matter
     * @param alignments what is known of the addresses, of all pieces
     * @param aliased whether a result may lie in the memory of an operand, at the same positions
     */
    public static Optional<SegmentedCode> generateSegmented(Kernel kernel, Alignments alignments, boolean aliased) {
        return kernel.inner().rank() == 0
                ? new ElementwiseGenerator(kernel, alignments, aliased).generateSegmented()
                : Optional.empty();
    }
}
