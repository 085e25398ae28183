package io.tandem.cuda.driver;

/** A point in a stream that can be waited for, and timed. */
public interface CudaEvent extends AutoCloseable {

    /** Waits until the work recorded before the event's last {@link CudaStream#record} has ended. */
    void synchronize();

    /** Whether that work has ended (true as well before the first record). */
    boolean isComplete();

    /**
     * Milliseconds from {@code start} to this event.
     *
     * @param start an event recorded earlier; both must be complete and opened with timing
     * @return elapsed device time in milliseconds, resolution about half a microsecond
     */
    float millisecondsSince(CudaEvent start);

    /** Releases the event. Closing twice does nothing. */
    @Override
    void close();
}
