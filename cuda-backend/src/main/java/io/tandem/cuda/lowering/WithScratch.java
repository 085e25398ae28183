package io.tandem.cuda.lowering;

/**
 * A kernel that uses scratch memory.
 *
 * @param kernel what runs
 * @param scratchBytes how much it uses
 */
record WithScratch(StepKernel kernel, long scratchBytes) implements StepKernel {
    @Override
    public void issue() {
        kernel.issue();
    }

    @Override
    public String label() {
        return kernel.label();
    }

    @Override
    public int launches() {
        return kernel.launches();
    }
}
