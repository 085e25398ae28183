package io.tandem.cuda.lib;

import io.tandem.cuda.driver.CudaStream;

/**
 * Matrix products in cuBLAS' semantics. Calls are issued to the current stream and may be captured; not for use by two
 * threads at once.
 */
public interface Blas extends AutoCloseable {

    /** The library's version, for example {@code 120604} for 12.6.4. */
    int version();

    /**
     * Sets the stream of later calls. As in cuBLAS this drops the workspace.
     *
     * @param stream a stream of the driver that this library was opened with
     */
    void setStream(CudaStream stream);

    /**
     * Sets the workspace of later calls, until the next {@link #setStream}. Needed before a capture; results may depend
     * on its size, and on one stream they are the same from run to run.
     *
     * @param workspace 32 MiB are enough on every device; the memory must live as long as calls and graphs use it
     */
    void setWorkspace(Workspace workspace);

    /**
     * {@code C = alpha * op(A) * op(B) + beta * C}; C is not read where beta is 0.
     *
     * @param form  sizes, layouts, types
     * @param alpha factor of the product
     * @param a     device address of A
     * @param b     device address of B
     * @param beta  factor of the old C
     * @param c     device address of C
     */
    void gemm(Gemm form, double alpha, long a, long b, double beta, long c);

    /**
     * The same product over a batch.
     *
     * @param form    sizes, layouts, types of one product
     * @param alpha   factor of the product
     * @param a       device address of the first A
     * @param strideA distance of consecutive A in elements; 0 uses one A for all
     * @param b       device address of the first B
     * @param strideB distance of consecutive B in elements; 0 uses one B for all
     * @param beta    factor of the old C
     * @param c       device address of the first C
     * @param strideC distance of consecutive C in elements; the C must not overlap
     * @param count   number of products
     */
    void gemmStridedBatched(
            Gemm form,
            double alpha,
            long a,
            long strideA,
            long b,
            long strideB,
            double beta,
            long c,
            long strideC,
            int count);

    /** Releases the library's handle. Closing twice does nothing. */
    @Override
    void close();
}
