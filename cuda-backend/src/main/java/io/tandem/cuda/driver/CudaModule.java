package io.tandem.cuda.driver;

/** Loaded device code. Its kernels live as long as it does. */
public interface CudaModule extends AutoCloseable {

    /**
     * Looks a kernel up.
     *
     * @param name name of an {@code extern "C" __global__} function
     * @throws CudaException if the module has no such kernel
     */
    CudaKernel kernel(String name);

    /** Unloads the code. Launches of its kernels must have ended. Closing twice does nothing. */
    @Override
    void close();
}
