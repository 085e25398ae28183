package io.tandem.cuda.codegen;

import io.tandem.cuda.driver.KernelSource;
import io.tandem.cuda.driver.LaunchShape;
import java.util.List;

/**
 * CUDA C of one computation with the launches that run it, one after the other. Each launch takes the addresses of
 * the operands, then of the results, then of the partial results if {@link #partialBytes} is not 0, then the number
 * of elements as a 64-bit integer if {@link #sized}.
 *
 * @param source the source, equal for computations of equal structure
 * @param stages the launches
 * @param partialBytes memory that passes between the launches
 * @param sized whether the number of elements is an argument
 */
public record CudaCode(KernelSource source, List<Stage> stages, long partialBytes, boolean sized) {
    /** Copies the list. */
    public CudaCode {
        stages = List.copyOf(stages);
    }

    /**
     * One launch.
     *
     * @param function name of the kernel in the source
     * @param shape threads and blocks
     */
    public record Stage(String function, LaunchShape shape) {}
}
