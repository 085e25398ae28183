package io.tandem.cuda.driver;

/**
 * One device and its memory.
 *
 * <p>Device addresses are plain {@code long} values. Methods may be called from any thread: an implementation makes its
 * context current on entry. Everything opened from a driver must be closed before the driver is.
 *
 * <p>Kernels and copies report their failures late, at the next call that waits; such a failure makes the whole context
 * unusable.
 */
public interface Driver extends AutoCloseable {

    /** What the device can do. */
    DeviceProperties properties();

    /** Free and total device memory. */
    MemoryInfo memoryInfo();

    /**
     * Allocates device memory with undefined contents.
     *
     * @param bytes size, more than 0
     * @return the address, a multiple of 256
     * @throws CudaException if the memory is exhausted, see {@link CudaException#isOutOfMemory}
     */
    long allocate(long bytes);

    /**
     * Frees device memory, after it has waited for all work of the device that was issued before.
     *
     * @param address what {@link #allocate} returned
     */
    void free(long address);

    /**
     * Allocates page-locked host memory, filled with zeros.
     *
     * @param bytes size, more than 0
     */
    PinnedMemory allocatePinned(long bytes);

    /** Opens a stream that does not wait for any other. */
    CudaStream openStream();

    /**
     * Opens an event.
     *
     * @param timing whether {@link CudaEvent#millisecondsSince} will be asked; events without are cheaper
     */
    CudaEvent openEvent(boolean timing);

    /**
     * Loads device code.
     *
     * @param image what a {@link KernelCompiler} for this device made
     */
    CudaModule load(ModuleImage image);

    /** Waits until all work of the device has ended, and reports its failures. */
    void synchronize();

    /** Releases the context. Closing twice does nothing. */
    @Override
    void close();
}
