package io.tandem.cuda;

import io.tandem.backend.Buffer;
import io.tandem.backend.Device;
import io.tandem.backend.DeviceException;
import io.tandem.backend.DeviceInfo;
import io.tandem.backend.DeviceOptions;
import io.tandem.backend.Executable;
import io.tandem.compile.Lowering;
import io.tandem.compile.Plan;
import io.tandem.cuda.driver.Architecture;
import io.tandem.cuda.driver.CudaException;
import io.tandem.cuda.driver.CudaStream;
import io.tandem.cuda.driver.DeviceProperties;
import io.tandem.cuda.driver.Driver;
import io.tandem.cuda.driver.KernelSource;
import io.tandem.cuda.driver.MemoryInfo;
import io.tandem.cuda.lib.Workspace;
import io.tandem.cuda.lowering.ChannelsLast;
import io.tandem.cuda.lowering.CompiledPlan;
import io.tandem.cuda.lowering.CudaLowering;
import io.tandem.cuda.lowering.FaultMemory;
import io.tandem.cuda.lowering.KernelLibrary;
import io.tandem.cuda.lowering.LoweringContext;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/**
 * An NVIDIA GPU. All work goes to one stream, in the order in which it was asked for; only reads and
 * {@link #synchronize} wait for it. Executables share one workspace, which is as large as the largest of them needs.
 */
public final class CudaDevice implements Device {
    private static final String ELSEWHERE = ". Use a smaller batch or model, or end other programs on this GPU.";

    private final String name;
    private final CudaRuntime runtime;
    private final DeviceOptions options;
    private final CudaSettings settings;
    private final Driver driver;
    private final CudaStream stream;
    private final KernelLibrary library;
    private final FaultMemory faults;
    private final Staging staging;
    private final LoweringContext context;
    private final long blasWorkspace;
    private final Marks marks;
    private final Set<CudaBuffer> buffers = Collections.newSetFromMap(new IdentityHashMap<>());
    private final Set<CudaExecutable> executables = Collections.newSetFromMap(new IdentityHashMap<>());
    private long workspace;
    private long workspaceBytes;
    private boolean closed;

    /**
     * Opens a device.
     *
     * @param name the device's name, for example {@code "cuda:0"}
     * @param runtime what it is driven with; the device closes it
     * @param options options of all devices; the number of threads does not matter
     * @param settings options of CUDA devices
     */
    public CudaDevice(String name, CudaRuntime runtime, DeviceOptions options, CudaSettings settings) {
        this.name = name;
        this.runtime = runtime;
        this.options = options;
        this.settings = settings;
        this.driver = runtime.driver();
        this.stream = driver.openStream();
        this.library = new KernelLibrary(driver, runtime.compiler());
        this.faults = new FaultMemory(driver, stream);
        this.staging = new Staging(driver, stream);
        this.marks = new Marks(driver, stream);
        // During a capture cuBLAS cannot allocate a workspace of its own.
        this.blasWorkspace = driver.allocate(settings.blasWorkspaceBytes());
        runtime.blas().setStream(stream);
        runtime.blas().setWorkspace(new Workspace(blasWorkspace, settings.blasWorkspaceBytes()));
        runtime.dnn().setStream(stream);
        Architecture architecture = driver.properties().architecture();
        this.context = new LoweringContext(
                stream, runtime.blas(), runtime.dnn(), library, architecture, faults, options,
                new ChannelsLast(settings.channelsLast(), options, architecture));
    }

    @Override
    public DeviceInfo info() {
        DeviceProperties properties = driver.properties();
        String description = "%s, compute capability %s, %s".formatted(
                properties.name(), properties.architecture(), runtime.compiler().version());
        return new DeviceInfo(name, description, 1, properties.totalMemory());
    }

    @Override
    public DeviceOptions options() {
        return options;
    }

    CudaStream stream() {
        return stream;
    }

    Driver driver() {
        return driver;
    }

    void requireOpen() {
        if (closed) {
            throw new DeviceException("the device " + name + " was closed before this use");
        }
    }

    /** Runs a call of the driver; its errors become errors of the device. */
    static <T> T checked(Supplier<T> call) {
        try {
            return call.get();
        } catch (CudaException e) {
            throw new DeviceException(e.getMessage(), e);
        }
    }

    static void checked(Runnable call) {
        checked(() -> {
            call.run();
            return null;
        });
    }

    // ---- memory ----

    @Override
    public Buffer allocate(long bytes) {
        requireOpen();
        if (bytes < 0) {
            throw new IllegalArgumentException("a buffer cannot have " + bytes + " bytes");
        }
        CudaBuffer buffer = new CudaBuffer(this, allocateBuffer(bytes), bytes);
        buffers.add(buffer);
        return buffer;
    }

    private long allocateBuffer(long bytes) {
        try {
            return driver.allocate(Math.max(1, bytes));
        } catch (CudaException e) {
            throw new DeviceException(
                    e.isOutOfMemory()
                            ? outOfMemory(bytes, "a buffer") + ELSEWHERE
                            : e.getMessage(),
                    e);
        }
    }

    /** Who holds the memory that is missing. */
    private String outOfMemory(long bytes, String purpose) {
        MemoryInfo memory = driver.memoryInfo();
        long buffered = buffers.stream().mapToLong(CudaBuffer::bytes).sum();
        return "%s is out of memory: %s needs %,d bytes, %,d of %,d are free. Tandem holds %,d in buffers and %,d for running"
                .formatted(
                        name,
                        purpose,
                        bytes,
                        memory.free(),
                        memory.total(),
                        buffered,
                        allocatedBytes() - buffered);
    }

    private String outOfMemory(long bytes, String purpose, Plan plan) {
        return outOfMemory(bytes, purpose)
                + LargestValues.describe(plan)
                + BatchEstimate.of(plan)
                        .map(estimate -> estimate.advice(bytes, driver.memoryInfo().free()))
                        .orElse("\nUse a smaller batch or model, or end other programs on this GPU.");
    }

    void release(CudaBuffer buffer) {
        if (buffers.remove(buffer)) {
            checked(() -> driver.free(buffer.address()));
        }
    }

    /** The address of a buffer of this device that is still open. */
    long address(Buffer buffer) {
        requireOpen();
        if (!(buffer instanceof CudaBuffer own) || own.device() != this) {
            throw new DeviceException("the buffer belongs to another device than " + name);
        }
        if (own.isClosed()) {
            throw new DeviceException("the buffer of %d bytes was closed before this use".formatted(buffer.bytes()));
        }
        return own.address();
    }

    private long address(Buffer buffer, long offset, long bytes) {
        long address = address(buffer);
        if (offset < 0 || bytes > buffer.bytes() - offset) {
            throw new IndexOutOfBoundsException("bytes %d to %d are outside of a buffer of %d bytes"
                    .formatted(offset, offset + bytes, buffer.bytes()));
        }
        return address + offset;
    }

    @Override
    public void write(Buffer target, long offset, MemorySegment source) {
        long address = address(target, offset, source.byteSize());
        checked(() -> staging.write(address, source));
    }

    @Override
    public void read(Buffer source, long offset, MemorySegment target) {
        long address = address(source, offset, target.byteSize());
        checked(() -> staging.read(address, target));
    }

    @Override
    public long mark() {
        requireOpen();
        return checked(marks::set);
    }

    @Override
    public void read(Buffer source, long offset, MemorySegment target, long mark) {
        long address = address(source, offset, target.byteSize());
        checked(() -> staging.read(address, target, marks.event(mark)));
    }

    @Override
    public Optional<String> takeError(long mark) {
        requireOpen();
        return checked(() -> {
            MemorySegment site = MemorySegment.ofArray(new int[1]);
            staging.read(faults.address(), site, marks.event(mark));
            return site.get(ValueLayout.JAVA_INT_UNALIGNED, 0) == 0 ? Optional.<String>empty() : faults.take();
        });
    }

    /** The workspace, of at least the given size; it may have moved. */
    long workspace(long bytes, Plan plan) {
        if (bytes > workspaceBytes) {
            if (workspace != 0) {
                long old = workspace;
                workspace = 0;
                workspaceBytes = 0;
                checked(() -> driver.free(old));
            }
            try {
                workspace = driver.allocate(bytes);
            } catch (CudaException e) {
                throw new DeviceException(
                        e.isOutOfMemory() ? outOfMemory(bytes, "the plan's workspace", plan) : e.getMessage(), e);
            }
            workspaceBytes = bytes;
        }
        return workspace;
    }

    @Override
    public long allocatedBytes() {
        return workspaceBytes
                + executables.stream().mapToLong(CudaExecutable::constantBytes).sum()
                + buffers.stream().mapToLong(CudaBuffer::bytes).sum();
    }

    // ---- running ----

    @Override
    public Lowering lowering() {
        return new CudaLowering(runtime.dnn(), options, settings.recomputedFrom());
    }

    @Override
    public Executable compile(Plan plan) {
        requireOpen();
        try {
            CompiledPlan compiled = new CompiledPlan(plan, context);
            workspace(compiled.workspaceBytes(), plan);
            compiled.load(driver);
            CudaExecutable executable = new CudaExecutable(this, compiled);
            executables.add(executable);
            return executable;
        } catch (CudaException e) {
            library.forgetPending();
            if (e.isOutOfMemory()) {
                throw new DeviceException(
                        outOfMemory(plan.constantBytes(), "the plan's constants") + ELSEWHERE, e);
            }
            throw new DeviceException("cannot prepare a plan for " + name + ": " + e.getMessage(), e);
        } catch (DeviceException e) {
            library.forgetPending();
            throw e;
        }
    }

    /**
     * The kernels that {@link #compile} would compile for a plan, and that this device has not compiled before.
     *
     * @param plan what would run
     */
    public List<KernelSource> sources(Plan plan) {
        requireOpen();
        CompiledPlan _ = new CompiledPlan(plan, context); // asks the library for its kernels
        List<KernelSource> sources = library.pending();
        library.forgetPending();
        return sources;
    }

    void release(CudaExecutable executable) {
        executables.remove(executable);
    }

    @Override
    public void synchronize() {
        requireOpen();
        checked(stream::synchronize);
    }

    @Override
    public Optional<String> takeError() {
        requireOpen();
        return checked(faults::take);
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        checked(() -> {
            stream.synchronize();
            List.copyOf(executables).forEach(CudaExecutable::close);
            closed = true;
            for (CudaBuffer buffer : buffers) {
                buffer.markClosed();
                driver.free(buffer.address());
            }
            buffers.clear();
            if (workspace != 0) {
                driver.free(workspace);
            }
            driver.free(blasWorkspace);
            staging.close();
            marks.close();
            faults.close();
            library.close();
            runtime.dnn().close();
            runtime.blas().close();
            stream.close();
            driver.close();
        });
    }
}
