package io.tandem.cuda.simulation;

import io.tandem.cuda.driver.CudaEvent;
import io.tandem.cuda.driver.CudaException;
import io.tandem.cuda.driver.CudaModule;
import io.tandem.cuda.driver.CudaStream;
import io.tandem.cuda.driver.DeviceProperties;
import io.tandem.cuda.driver.Driver;
import io.tandem.cuda.driver.MemoryInfo;
import io.tandem.cuda.driver.ModuleImage;
import io.tandem.cuda.driver.PinnedMemory;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * A CUDA device on the host, for tests. It follows the driver's rules more strictly than a device does, and reports
 * what a device would let pass: reads of memory that nobody wrote, accesses outside of allocations and to freed memory,
 * overwritten guard zones, forbidden calls during a capture, memory that is not freed.
 *
 * <p>For one thread at a time.
 */
public final class SimulatedDriver implements Driver {

    private final SimulationOptions options;
    private final SimulatedMemory memory;
    private final DeviceProperties properties;
    private final List<SimulatedStream> streams = new ArrayList<>();
    private final List<SimulatedPinnedMemory> pinned = new ArrayList<>();
    private final List<Capture> captures = new ArrayList<>();
    private long launches;
    private boolean closed;

    /** Opens a device with {@link SimulationOptions#DEFAULT}. */
    public SimulatedDriver() {
        this(SimulationOptions.DEFAULT);
    }

    /**
     * Opens a device.
     *
     * @param options how it behaves
     */
    public SimulatedDriver(SimulationOptions options) {
        this.options = options;
        memory = new SimulatedMemory(options.memoryBytes());
        properties = new DeviceProperties(
                0,
                "simulated device",
                options.architecture(),
                options.memoryBytes(),
                4,
                32,
                1024,
                2048,
                48 << 10,
                96 << 10,
                Integer.MAX_VALUE,
                4 << 20,
                12_060);
    }

    /** How this device behaves. */
    public SimulationOptions options() {
        return options;
    }

    /** Whether the device has tensor cores for TF32 and bfloat16. */
    boolean hasAmpereUnits() {
        return options.architecture().major() >= 8;
    }

    SimulatedMemory memory() {
        return memory;
    }

    void requireOpen(String call) {
        if (closed) {
            throw DriverErrors.invalidContext(call, "the driver is closed");
        }
    }

    long nextLaunch() {
        return ++launches;
    }

    /** Number of kernel launches so far, replays included. */
    public long launches() {
        return launches;
    }

    /** Number of allocations that were not freed. */
    public int liveAllocations() {
        return memory.liveAllocations();
    }

    @Override
    public DeviceProperties properties() {
        return properties;
    }

    @Override
    public MemoryInfo memoryInfo() {
        requireOpen("cuMemGetInfo");
        return new MemoryInfo(memory.free(), memory.capacity());
    }

    @Override
    public long allocate(long bytes) {
        requireOpen("cuMemAlloc");
        refuseDuringCapture("cuMemAlloc");
        return memory.allocate(bytes);
    }

    @Override
    public void free(long address) {
        requireOpen("cuMemFree");
        refuseDuringCapture("cuMemFree");
        runEverything();
        memory.free(address);
    }

    @Override
    public PinnedMemory allocatePinned(long bytes) {
        requireOpen("cuMemHostAlloc");
        refuseDuringCapture("cuMemHostAlloc");
        if (bytes < 1) {
            throw DriverErrors.invalidValue("cuMemHostAlloc(" + bytes + " bytes)", "the size must be positive");
        }
        SimulatedPinnedMemory block = new SimulatedPinnedMemory(this, bytes);
        pinned.add(block);
        return block;
    }

    boolean isPinned(MemorySegment segment) {
        return pinned.stream().anyMatch(block -> block.contains(segment));
    }

    void released(SimulatedPinnedMemory block) {
        pinned.remove(block);
    }

    @Override
    public CudaStream openStream() {
        requireOpen("cuStreamCreate");
        SimulatedStream stream = new SimulatedStream(this);
        streams.add(stream);
        return stream;
    }

    void released(SimulatedStream stream) {
        streams.remove(stream);
    }

    @Override
    public CudaEvent openEvent(boolean timing) {
        requireOpen("cuEventCreate");
        return new SimulatedEvent(this, timing);
    }

    @Override
    public CudaModule load(ModuleImage image) {
        requireOpen("cuModuleLoadData");
        if (image.format() != ModuleImage.Format.HOST) {
            throw new CudaException(
                    "cuModuleLoadData(" + image.name() + ")",
                    209,
                    "CUDA_ERROR_NO_BINARY_FOR_GPU",
                    "the simulated device runs what its own compiler makes, not " + image.format());
        }
        return new SimulatedModule(image);
    }

    void began(Capture capture) {
        captures.add(capture);
    }

    void ended(Capture capture) {
        captures.remove(capture);
        for (SimulatedStream stream : streams) {
            if (stream.capture() == capture) {
                stream.leaveCapture();
            }
        }
    }

    boolean isCapturing(Capture capture) {
        return captures.contains(capture);
    }

    /** Breaks all captures and fails, if there are any. */
    void refuseDuringCapture(String call) {
        if (!captures.isEmpty()) {
            captures.forEach(Capture::invalidate);
            throw DriverErrors.captureUnsupported(call);
        }
    }

    private void runEverything() {
        // youngest first: work that must come earlier has to be ordered by events
        for (int i = streams.size() - 1; i >= 0; i--) {
            streams.get(i).runAll();
        }
    }

    @Override
    public void synchronize() {
        requireOpen("cuCtxSynchronize");
        refuseDuringCapture("cuCtxSynchronize");
        runEverything();
        memory.checkAllGuards();
    }

    /**
     * Releases the device.
     *
     * @throws io.tandem.cuda.driver.CudaException if device memory was not freed, or a guard zone was overwritten
     */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        try {
            runEverything();
            memory.checkAllGuards();
            memory.requireEmpty();
        } finally {
            closed = true;
            List.copyOf(pinned).forEach(SimulatedPinnedMemory::close);
            memory.close();
        }
    }
}
