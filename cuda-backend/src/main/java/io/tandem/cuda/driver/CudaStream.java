package io.tandem.cuda.driver;

import java.lang.foreign.MemorySegment;

/**
 * A queue of device work. Work of one stream runs in order; work of two streams runs in any order unless events order
 * it. All methods but {@link #synchronize} return at once.
 *
 * <p>While a stream captures, its work is recorded instead of run: see {@link #beginCapture}. A stream is used by one
 * thread at a time.
 */
public interface CudaStream extends AutoCloseable {

    /**
     * Copies host memory to the device.
     *
     * @param target device address
     * @param source native host memory, all of which is copied; the copy runs beside the host only from
     *               {@linkplain PinnedMemory pinned} memory, which must stay unchanged until the copy has ended
     */
    void copyToDevice(long target, MemorySegment source);

    /**
     * Copies device memory to the host.
     *
     * @param target native host memory, all of which is filled; not to be read before the copy has ended
     * @param source device address
     */
    void copyToHost(MemorySegment target, long source);

    /**
     * Copies within the device. The ranges must not overlap.
     *
     * @param target device address
     * @param source device address
     * @param bytes  number of bytes, 0 does nothing
     */
    void copy(long target, long source, long bytes);

    /**
     * Sets bytes.
     *
     * @param target device address
     * @param value  the value of every byte
     * @param bytes  number of bytes, 0 does nothing
     */
    void fill(long target, byte value, long bytes);

    /**
     * Sets 32-bit words.
     *
     * @param target device address, a multiple of 4
     * @param value  the value of every word, for example {@code Float.floatToRawIntBits(1f)}
     * @param words  number of words, 0 does nothing
     */
    void fillWords(long target, int value, long words);

    /**
     * Declares that the contents of a range are no longer meaningful, as when a memory plan gives it to another
     * buffer. A real device does nothing; a checking device reports reads before the next write.
     *
     * @param target device address
     * @param bytes  number of bytes
     */
    default void declareUndefined(long target, long bytes) {}

    /**
     * Launches a kernel.
     *
     * @param kernel    the kernel
     * @param shape     threads and shared memory
     * @param arguments one per parameter of the kernel
     */
    void launch(CudaKernel kernel, LaunchShape shape, KernelArguments arguments);

    /**
     * Records an event after the work issued so far.
     *
     * @param event an event of the same driver
     */
    void record(CudaEvent event);

    /**
     * Makes later work of this stream wait for an event. If the event was recorded in a capturing stream, this stream
     * joins that capture.
     *
     * @param event an event of the same driver, as last recorded; one never recorded is no wait
     */
    void waitFor(CudaEvent event);

    /**
     * Starts capturing: until {@link #endCapture} the stream's work is recorded, not run. Meanwhile this thread must
     * not allocate or free device memory, nor synchronize.
     */
    void beginCapture();

    /**
     * Ends the capture that began on this stream.
     *
     * @return the captured work, instantiated
     * @throws CudaException if the capture was broken by a forbidden call, or a stream that joined it was not joined
     *                       back by an event
     */
    CudaGraph endCapture();

    /**
     * Captures what an action issues. If the action throws, the capture is ended and discarded.
     *
     * @param work issues work to this stream (and to streams that it forks from it)
     */
    default CudaGraph capture(Runnable work) {
        beginCapture();
        try {
            work.run();
        } catch (RuntimeException | Error failure) {
            try {
                endCapture().close();
            } catch (CudaException broken) {
                failure.addSuppressed(broken);
            }
            throw failure;
        }
        return endCapture();
    }

    /** Waits until all work issued so far has ended, and reports its failures. */
    void synchronize();

    /** Whether all work issued so far has ended. */
    boolean isIdle();

    /** Releases the stream after its work. Closing twice does nothing. */
    @Override
    void close();
}
