package io.tandem.cuda.simulation;

import io.tandem.cuda.driver.CudaEvent;
import io.tandem.cuda.driver.CudaException;

/** An event of the simulated device. Each recording has a ticket; tickets complete in order. */
final class SimulatedEvent implements CudaEvent {

    private final SimulatedDriver driver;
    private final boolean timing;
    private SimulatedStream stream;
    private Capture capture;
    private long recorded;
    private long completed;
    private long nanoseconds;
    private boolean closed;

    SimulatedEvent(SimulatedDriver driver, boolean timing) {
        this.driver = driver;
        this.timing = timing;
    }

    long nextTicket(SimulatedStream recordingStream) {
        requireOpen("cuEventRecord");
        stream = recordingStream;
        capture = null;
        return ++recorded;
    }

    void captured(SimulatedStream recordingStream, Capture in) {
        requireOpen("cuEventRecord");
        stream = recordingStream;
        capture = in;
    }

    Capture capture() {
        return capture;
    }

    long ticket() {
        return recorded;
    }

    SimulatedStream stream() {
        return stream;
    }

    boolean isDone(long ticket) {
        return completed >= ticket;
    }

    void complete(long ticket) {
        completed = Math.max(completed, ticket);
        nanoseconds = System.nanoTime();
    }

    void requireOpen(String call) {
        driver.requireOpen(call);
        if (closed) {
            throw DriverErrors.invalidHandle(call, "the event is closed");
        }
    }

    @Override
    public void synchronize() {
        requireOpen("cuEventSynchronize");
        driver.refuseDuringCapture("cuEventSynchronize");
        if (!isDone(recorded)) {
            stream.runUntil(this, recorded);
        }
    }

    @Override
    public boolean isComplete() {
        requireOpen("cuEventQuery");
        if (!isDone(recorded)) {
            stream.runOne();
        }
        return isDone(recorded);
    }

    @Override
    public float millisecondsSince(CudaEvent start) {
        requireOpen("cuEventElapsedTime");
        SimulatedEvent other = (SimulatedEvent) start;
        other.requireOpen("cuEventElapsedTime");
        if (!timing || !other.timing || recorded == 0 || other.recorded == 0) {
            throw DriverErrors.invalidHandle("cuEventElapsedTime", "an event is without timing or never recorded");
        }
        if (!isDone(recorded) || !other.isDone(other.recorded)) {
            throw new CudaException(
                    "cuEventElapsedTime", 600, "CUDA_ERROR_NOT_READY", "an event is not complete");
        }
        return (nanoseconds - other.nanoseconds) / 1e6f;
    }

    @Override
    public void close() {
        closed = true;
    }
}
