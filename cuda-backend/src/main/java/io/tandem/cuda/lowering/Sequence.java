package io.tandem.cuda.lowering;

import java.util.List;
import java.util.stream.Collectors;

/**
 * Several kernels, one after the other, as one. They share the scratch memory, so each leaves nothing in it for the
 * next but where their maker has placed it.
 *
 * @param kernels the parts
 */
record Sequence(List<StepKernel> kernels) implements StepKernel {
    /** Copies the list. */
    Sequence {
        kernels = List.copyOf(kernels);
    }

    @Override
    public void issue() {
        kernels.forEach(StepKernel::issue);
    }

    @Override
    public String label() {
        return kernels.stream().map(StepKernel::label).distinct().collect(Collectors.joining(" + "));
    }

    @Override
    public long scratchBytes() {
        return kernels.stream().mapToLong(StepKernel::scratchBytes).max().orElse(0);
    }

    @Override
    public int launches() {
        return kernels.stream().mapToInt(StepKernel::launches).sum();
    }
}
