package io.tandem.cuda.lowering;

import io.tandem.cuda.driver.CudaStream;

/** Fills memory with zeros. */
record Fill(CudaStream stream, Place place) implements StepKernel {
    @Override
    public void issue() {
        stream.fill(place.address(), (byte) 0, place.bytes());
    }

    @Override
    public String label() {
        return "zeros";
    }
}
