package io.tandem.cuda.lowering;

import io.tandem.cuda.driver.CudaStream;

/** Copies memory of equal size. */
record Copy(CudaStream stream, Place from, Place to) implements StepKernel {
    @Override
    public void issue() {
        stream.copy(to.address(), from.address(), from.bytes());
    }

    @Override
    public String label() {
        return "copy";
    }
}
