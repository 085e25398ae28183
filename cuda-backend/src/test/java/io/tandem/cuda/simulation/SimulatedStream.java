package io.tandem.cuda.simulation;

import io.tandem.cuda.driver.CudaEvent;
import io.tandem.cuda.driver.CudaException;
import io.tandem.cuda.driver.CudaGraph;
import io.tandem.cuda.driver.CudaKernel;
import io.tandem.cuda.driver.CudaStream;
import io.tandem.cuda.driver.KernelArguments;
import io.tandem.cuda.driver.LaunchShape;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.Deque;

/** A stream of the simulated device: runs its work at once, or keeps it until something waits for it. */
final class SimulatedStream implements CudaStream {

    private final SimulatedDriver driver;
    private final Deque<Operation> queue = new ArrayDeque<>();
    private Capture capture;
    private boolean closed;

    SimulatedStream(SimulatedDriver driver) {
        this.driver = driver;
    }

    SimulatedDriver driver() {
        return driver;
    }

    private SimulatedMemory memory() {
        return driver.memory();
    }

    private void requireOpen(String call) {
        driver.requireOpen(call);
        if (closed) {
            throw DriverErrors.invalidHandle(call, "the stream is closed");
        }
    }

    /** Runs, queues or captures work. */
    void issue(String call, Runnable action) {
        requireOpen(call);
        Operation.Work work = new Operation.Work(call, action);
        if (capture != null) {
            if (capture.isBroken()) {
                throw DriverErrors.captureInvalidated(call);
            }
            capture.add(this, work);
        } else if (driver.options().deferred()) {
            queue.add(work);
        } else {
            run(work);
        }
    }

    private void run(Operation operation) {
        switch (operation) {
            case Operation.Work work -> work.action().run();
            case Operation.Record record -> record.event().complete(record.ticket());
            case Operation.Wait wait -> {
                if (!wait.event().isDone(wait.ticket())) {
                    wait.event().stream().runUntil(wait.event(), wait.ticket());
                }
            }
        }
    }

    void runOne() {
        Operation next = queue.poll();
        if (next != null) {
            run(next);
        }
    }

    void runAll() {
        while (!queue.isEmpty()) {
            runOne();
        }
    }

    void runUntil(SimulatedEvent event, long ticket) {
        while (!event.isDone(ticket) && !queue.isEmpty()) {
            runOne();
        }
    }

    @Override
    public void copyToDevice(long target, MemorySegment source) {
        String call = "cuMemcpyHtoDAsync(0x" + Long.toHexString(target) + ", " + source.byteSize() + " bytes)";
        requireNative(call, source);
        if (driver.isPinned(source)) {
            issue(call, () -> MemorySegment.copy(
                    source, 0, memory().write(call, "target", target, source.byteSize()), 0, source.byteSize()));
            return;
        }
        refusePageableCapture(call);
        // pageable memory is staged before the call returns
        MemorySegment staged = MemorySegment.ofArray(source.toArray(ValueLayout.JAVA_BYTE));
        issue(call, () -> MemorySegment.copy(
                staged, 0, memory().write(call, "target", target, staged.byteSize()), 0, staged.byteSize()));
    }

    @Override
    public void copyToHost(MemorySegment target, long source) {
        String call = "cuMemcpyDtoHAsync(0x" + Long.toHexString(source) + ", " + target.byteSize() + " bytes)";
        requireNative(call, target);
        Runnable action = () -> MemorySegment.copy(
                memory().read(call, "source", source, target.byteSize()), 0, target, 0, target.byteSize());
        if (driver.isPinned(target)) {
            issue(call, action);
            return;
        }
        refusePageableCapture(call);
        issue(call, action);
        runAll();
    }

    private void requireNative(String call, MemorySegment host) {
        if (!host.isNative()) {
            throw DriverErrors.invalidValue(call, "the host memory is an array of the Java heap");
        }
    }

    private void refusePageableCapture(String call) {
        if (capture != null) {
            capture.invalidate();
            throw DriverErrors.captureUnsupported(call + " with pageable memory");
        }
    }

    @Override
    public void copy(long target, long source, long bytes) {
        String call = "cuMemcpyDtoDAsync(" + bytes + " bytes)";
        issue(call, () -> memory().copy(call, target, source, bytes));
    }

    @Override
    public void fill(long target, byte value, long bytes) {
        String call = "cuMemsetD8Async(0x" + Long.toHexString(target) + ", " + bytes + " bytes)";
        issue(call, () -> {
            if (bytes > 0) {
                memory().write(call, "target", target, bytes).fill(value);
            }
        });
    }

    @Override
    public void fillWords(long target, int value, long words) {
        String call = "cuMemsetD32Async(0x" + Long.toHexString(target) + ", " + words + " words)";
        if (target % 4 != 0) {
            throw DriverErrors.invalidValue(call, "the address is not a multiple of 4");
        }
        issue(call, () -> {
            if (words > 0) {
                MemorySegment to = memory().write(call, "target", target, 4 * words);
                for (long i = 0; i < words; i++) {
                    to.setAtIndex(ValueLayout.JAVA_INT, i, value);
                }
            }
        });
    }

    @Override
    public void declareUndefined(long target, long bytes) {
        String call = "declareUndefined(0x" + Long.toHexString(target) + ", " + bytes + " bytes)";
        issue(call, () -> memory().declareUndefined(call, target, bytes));
    }

    @Override
    public void launch(CudaKernel kernel, LaunchShape shape, KernelArguments arguments) {
        SimulatedKernel simulated = (SimulatedKernel) kernel;
        requireOpen("cuLaunchKernel(" + kernel.name() + ")");
        Runnable action = simulated.prepare(driver, shape, arguments);
        issue("cuLaunchKernel(" + kernel.name() + ")", action);
    }

    @Override
    public void record(CudaEvent event) {
        requireOpen("cuEventRecord");
        SimulatedEvent simulated = (SimulatedEvent) event;
        if (capture != null) {
            simulated.captured(this, capture);
            return;
        }
        Operation.Record record = new Operation.Record(simulated, simulated.nextTicket(this));
        if (driver.options().deferred()) {
            queue.add(record);
        } else {
            run(record);
        }
    }

    @Override
    public void waitFor(CudaEvent event) {
        requireOpen("cuStreamWaitEvent");
        SimulatedEvent simulated = (SimulatedEvent) event;
        simulated.requireOpen("cuStreamWaitEvent");
        Capture other = simulated.capture();
        if (other != null && driver.isCapturing(other)) {
            if (capture == null) {
                if (!queue.isEmpty()) {
                    other.invalidate();
                    throw DriverErrors.captureUnsupported("cuStreamWaitEvent on a stream with other work");
                }
                capture = other;
            }
            capture.join(this, simulated.stream());
            return;
        }
        if (capture != null) {
            if (simulated.ticket() == 0) {
                return;
            }
            capture.invalidate();
            throw new CudaException(
                    "cuStreamWaitEvent",
                    905,
                    "CUDA_ERROR_STREAM_CAPTURE_ISOLATION",
                    "a capturing stream waits for an event that was recorded outside of the capture");
        }
        Operation.Wait wait = new Operation.Wait(simulated, simulated.ticket());
        if (driver.options().deferred()) {
            queue.add(wait);
        } else {
            run(wait);
        }
    }

    @Override
    public void beginCapture() {
        requireOpen("cuStreamBeginCapture");
        if (capture != null) {
            throw DriverErrors.captureUnmatched("cuStreamBeginCapture", "the stream captures already");
        }
        capture = new Capture(this);
        driver.began(capture);
    }

    @Override
    public CudaGraph endCapture() {
        requireOpen("cuStreamEndCapture");
        Capture ended = capture;
        if (ended == null || ended.origin() != this) {
            throw DriverErrors.captureUnmatched("cuStreamEndCapture", "the capture did not begin on this stream");
        }
        driver.ended(ended);
        if (ended.isBroken()) {
            throw DriverErrors.captureInvalidated("cuStreamEndCapture");
        }
        if (!ended.unjoined().isEmpty()) {
            throw DriverErrors.captureUnjoined(
                    "cuStreamEndCapture",
                    ended.unjoined().size() + " streams that joined the capture were not joined back by an event");
        }
        return new SimulatedGraph(ended.operations());
    }

    Capture capture() {
        return capture;
    }

    void leaveCapture() {
        capture = null;
    }

    @Override
    public void synchronize() {
        requireOpen("cuStreamSynchronize");
        driver.refuseDuringCapture("cuStreamSynchronize");
        runAll();
        memory().checkAllGuards();
    }

    @Override
    public boolean isIdle() {
        requireOpen("cuStreamQuery");
        runOne();
        return queue.isEmpty();
    }

    @Override
    public void close() {
        if (!closed) {
            runAll();
            closed = true;
            driver.released(this);
        }
    }
}
