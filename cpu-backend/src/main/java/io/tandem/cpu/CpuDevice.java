package io.tandem.cpu;

import io.tandem.backend.Buffer;
import io.tandem.backend.Device;
import io.tandem.backend.DeviceException;
import io.tandem.backend.DeviceInfo;
import io.tandem.backend.DeviceOptions;
import io.tandem.backend.Executable;
import io.tandem.compile.LayoutPass;
import io.tandem.compile.Lowering;
import io.tandem.compile.Plan;
import io.tandem.compile.PlanVerifier;
import io.tandem.cpu.codegen.KernelCompiler;
import io.tandem.cpu.codegen.machine.Processor;
import io.tandem.cpu.kernel.Faults;
import io.tandem.cpu.layout.PoolKernels;
import io.tandem.cpu.memory.HostMemory;
import io.tandem.cpu.onednn.OneDnn;
import io.tandem.cpu.primitive.FusedCode;
import io.tandem.cpu.primitive.OneDnnContext;
import io.tandem.cpu.primitive.OneDnnKernels;
import io.tandem.cpu.winograd.WinogradCode;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The CPU as a device: one thread of its own runs all kernels, with workers beside it. {@link Executable#run} returns
 * when
 * the work has started; everything else waits for it.
 */
final class CpuDevice implements Device {
    private static final Logger log = LoggerFactory.getLogger(CpuDevice.class);

    /** Smaller values are copied at once where nothing is to be waited for. */
    private static final long WAKING_BYTES = 64L << 10;

    private final DeviceOptions options;
    private final CpuSettings settings;
    private final HostMemory memory = new HostMemory("cpu", this::finishWork);
    private final OwnerThread owner;
    private final Faults faults = new Faults();
    private final Set<CpuExecutable> executables = new LinkedHashSet<>();
    private final CompletableFuture<Equipment> equipment = new CompletableFuture<>();
    private boolean closed;

    /** What the device works with. Loading it takes a while, during which the caller can build a model. */
    private record Equipment(
            DeviceThreads threads,
            Optional<OneDnnContext> context,
            Optional<OneDnnKernels> library,
            KernelCompiler compiler,
            CpuLowering lowering,
            SlowProducts slow,
            DeviceInfo info) {}

    CpuDevice(DeviceOptions options, CpuSettings settings) {
        this.options = options;
        this.settings = settings;
        int count = CpuSettings.threads(options);
        this.owner = new OwnerThread("tandem-cpu", count);
        owner.post(() -> {
            try {
                equipment.complete(equip(count));
            } catch (RuntimeException | Error e) {
                equipment.completeExceptionally(e);
            }
        });
    }

    private Equipment equip(int count) {
        Optional<OneDnn> oneDnn = settings.useOneDnn() ? OneDnn.find() : Optional.empty();
        DeviceThreads threads = new DeviceThreads(settings.workers(count, oneDnn));
        Optional<OneDnnContext> context = oneDnn.map(l -> new OneDnnContext(l, options));
        KernelCompiler compiler = settings.compiler();
        Optional<WinogradCode> winograd =
                compiler.form() == KernelCompiler.Form.MACHINE ? WinogradCode.find() : Optional.empty();
        Optional<OneDnnKernels> library =
                context.map(c -> new OneDnnKernels(c, new FusedCode(compiler::compile, threads), winograd));
        warn(oneDnn, compiler);
        SlowProducts slow = new SlowProducts(oneDnn);
        slow.warn(options.math());
        DeviceInfo info =
                new DeviceInfo("cpu", CpuSettings.describe(oneDnn, count, compiler), count, CpuSettings.memoryBytes());
        return new Equipment(
                threads,
                context,
                library,
                compiler,
                new CpuLowering(owner, library),
                slow,
                info);
    }

    /** Waits until it is there; throws what keeps the device from being opened. */
    private Equipment equipment() {
        try {
            return equipment.join();
        } catch (CompletionException e) {
            throw new DeviceException("the device 'cpu' cannot be opened: " + e.getCause(), e.getCause());
        }
    }

    /** One line for each thing that makes this device slower than it could be. */
    private void warn(Optional<OneDnn> oneDnn, KernelCompiler compiler) {
        if (settings.useOneDnn() && oneDnn.isEmpty()) {
            log.warn("products, convolutions and recurrent layers run in Java, slowly: {}", OneDnn.explanation());
        }
        if (settings.useMachineCode() && compiler.form() != KernelCompiler.Form.MACHINE) {
            log.info("fused kernels are Java code: {}", Processor.find().explanation());
        }
        if (settings.useVectors() && compiler.form() == KernelCompiler.Form.SCALAR) {
            log.warn("fused kernels run without the Vector API, slower: start Java with"
                    + " --add-modules jdk.incubator.vector");
        }
    }

    HostMemory memory() {
        return memory;
    }

    OwnerThread owner() {
        return owner;
    }

    boolean poisons() {
        return settings.poison();
    }

    @Override
    public DeviceInfo info() {
        return equipment().info();
    }

    @Override
    public DeviceOptions options() {
        return options;
    }

    @Override
    public Buffer allocate(long bytes) {
        return memory.allocate(bytes);
    }

    @Override
    public void write(Buffer target, long offset, MemorySegment source) {
        MemorySegment segment = memory.segment(target, offset, source.byteSize());
        if (!equipment.isDone()) {
            // Nothing can have been asked for yet, so there is nothing to wait for.
            segment.copyFrom(source);
            return;
        }
        boolean small = source.byteSize() <= WAKING_BYTES;
        if (source.isNative() || small && owner.isIdle()) {
            owner.finish();
            segment.copyFrom(source);
            return;
        }
        // Work that waits may still read what is there: the new values wait too, so that the caller need not.
        owner.post(() -> {
            if (small) {
                segment.copyFrom(source);
            } else {
                equipment().threads().split(source.byteSize(), 1,
                        (part, from, to) -> MemorySegment.copy(source, from, segment, from, to - from));
            }
        });
    }

    @Override
    public void read(Buffer source, long offset, MemorySegment target) {
        settle();
        target.copyFrom(memory.segment(source, offset, target.byteSize()));
    }

    private void finishWork() {
        if (!closed) {
            owner.finish();
        }
    }

    /** Waits for the work that was asked for. */
    void settle() {
        memory.requireOpen();
        owner.finish();
    }

    @Override
    public Lowering lowering() {
        memory.requireOpen();
        return equipment().lowering();
    }

    @Override
    public Executable compile(Plan plan) {
        settle();
        long start = System.nanoTime();
        CpuExecutable executable = new CpuExecutable(this, owner.compute(() -> program(plan)));
        log.debug("made {} kernels in {} ms", plan.steps().size(), (System.nanoTime() - start) / 1_000_000);
        executables.add(executable);
        return executable;
    }

    private Program program(Plan plan) {
        Equipment with = equipment();
        with.slow().warn(plan);
        Plan pooled = PoolKernels.apply(plan);
        Plan refined = with.library()
                .map(l -> LayoutPass.apply(pooled, l))
                .orElse(pooled);
        PlanVerifier.verify(refined);
        return new Program(
                refined, 0, new KernelMaker(refined, with.compiler(), with.library(), with.threads(), faults));
    }

    void release(CpuExecutable executable) {
        if (!closed && executables.remove(executable)) {
            owner.call(executable::free);
        }
    }

    @Override
    public void synchronize() {
        settle();
    }

    @Override
    public Optional<String> takeError() {
        settle();
        return faults.take();
    }

    @Override
    public long allocatedBytes() {
        return memory.allocatedBytes();
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        try {
            owner.finish();
        } finally {
            owner.call(() -> {
                List.copyOf(executables).forEach(CpuExecutable::free);
                if (!equipment.isCompletedExceptionally()) {
                    equipment().context().ifPresent(OneDnnContext::close);
                    equipment().threads().close();
                }
            });
            executables.clear();
            owner.close();
            memory.close();
        }
    }
}
