package io.tandem.cuda.simulation;

import io.tandem.cuda.driver.CudaException;
import io.tandem.cuda.driver.CudaKernel;
import io.tandem.cuda.driver.KernelArguments;
import io.tandem.cuda.driver.LaunchShape;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.locks.ReentrantLock;

/** A kernel of the simulated device: a function of the host that loops over blocks and threads. */
final class SimulatedKernel implements CudaKernel {

    // the layout of sim::Launch, in 8-byte members
    private static final int GRID = 1;
    private static final int BLOCK = 4;
    private static final int SHARED = 7;
    private static final int ORDER = 8;
    private static final int SEED = 9;
    private static final int MEMORY = 10;
    private static final int MEMORY_BYTES = 11;
    private static final int MEMORY_STATE = 12;
    private static final int MESSAGE = 13;
    private static final int MESSAGE_BYTES = 14;
    private static final int FAULT_ADDRESS = 15;
    private static final int MEMBERS = 17;
    private static final int MESSAGE_SIZE = 1024;

    // a shared object keeps the state of a launch in static memory, and may be open in several drivers
    private static final ReentrantLock ONE_LAUNCH = new ReentrantLock();

    private final SimulatedModule module;
    private final String name;
    private final MethodHandle run;
    private final int[] parameterSizes;
    private final int staticShared;
    private int dynamicSharedLimit;

    SimulatedKernel(SimulatedModule module, String name, MethodHandle run, int[] parameterSizes, int staticShared) {
        this.module = module;
        this.name = name;
        this.run = run;
        this.parameterSizes = parameterSizes;
        this.staticShared = staticShared;
        dynamicSharedLimit = Math.max(0, (48 << 10) - staticShared);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public int registers() {
        return 0;
    }

    /** Static shared memory of all kernels of this kernel's source: the simulation does not tell them apart. */
    @Override
    public int staticSharedMemory() {
        return staticShared;
    }

    @Override
    public int maxThreadsPerBlock() {
        return 1024;
    }

    @Override
    public void allowDynamicSharedMemory(int bytes) {
        if (bytes < 0 || bytes > (96 << 10)) {
            throw DriverErrors.invalidValue(
                    "cuFuncSetAttribute(" + name + ", " + bytes + " bytes)", "this device has 98304 bytes per block");
        }
        dynamicSharedLimit = bytes;
    }

    /** Checks a launch and returns what runs it. */
    Runnable prepare(SimulatedDriver driver, LaunchShape shape, KernelArguments arguments) {
        String call = "cuLaunchKernel(" + name + shape + ")";
        if (module.isClosed()) {
            throw DriverErrors.invalidHandle(call, "the kernel's module is unloaded");
        }
        int[] given = new int[arguments.count()];
        Arrays.setAll(given, arguments::size);
        if (!Arrays.equals(given, parameterSizes)) {
            throw DriverErrors.invalidValue(
                    call,
                    "the arguments have " + Arrays.toString(given) + " bytes, the parameters "
                            + Arrays.toString(parameterSizes));
        }
        if (shape.dynamicSharedBytes() > dynamicSharedLimit) {
            throw DriverErrors.invalidValue(
                    call,
                    shape.dynamicSharedBytes() + " bytes of dynamic shared memory, allowed are " + dynamicSharedLimit);
        }
        byte[] block = new byte[arguments.byteSize()];
        arguments.block().get(block);
        return () -> launch(driver, call, shape, block);
    }

    private void launch(SimulatedDriver driver, String call, LaunchShape shape, byte[] arguments) {
        if (module.isClosed()) {
            throw DriverErrors.invalidHandle(call, "the kernel's module was unloaded before its launch ran");
        }
        SimulatedMemory memory = driver.memory();
        long launchNumber = driver.nextLaunch();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment block = arena.allocate(Math.max(arguments.length, 16), 16);
            MemorySegment.copy(MemorySegment.ofArray(arguments), 0, block, 0, arguments.length);
            MemorySegment message = arena.allocate(MESSAGE_SIZE);
            MemorySegment launch = arena.allocate(ValueLayout.JAVA_LONG, MEMBERS);
            set(launch, 0, block.address());
            set(launch, GRID, shape.gridX());
            set(launch, GRID + 1, shape.gridY());
            set(launch, GRID + 2, shape.gridZ());
            set(launch, BLOCK, shape.blockX());
            set(launch, BLOCK + 1, shape.blockY());
            set(launch, BLOCK + 2, shape.blockZ());
            set(launch, SHARED, shape.dynamicSharedBytes());
            set(launch, ORDER, driver.options().order().ordinal());
            set(launch, SEED, launchNumber);
            set(launch, MEMORY, memory.base());
            set(launch, MEMORY_BYTES, memory.size());
            set(launch, MEMORY_STATE, memory.states().address());
            set(launch, MESSAGE, message.address());
            set(launch, MESSAGE_BYTES, MESSAGE_SIZE);
            int fault = call(launch);
            if (fault != 0) {
                long address = launch.getAtIndex(ValueLayout.JAVA_LONG, FAULT_ADDRESS);
                throw failure(memory, call, fault, message.getString(0, StandardCharsets.US_ASCII), address);
            }
        }
        memory.checkAllGuards();
    }

    private static void set(MemorySegment launch, int member, long value) {
        launch.setAtIndex(ValueLayout.JAVA_LONG, member, value);
    }

    private int call(MemorySegment launch) {
        ONE_LAUNCH.lock();
        try {
            return (int) run.invokeExact(launch);
        } catch (Throwable failure) {
            throw new IllegalStateException("kernel " + name + " cannot be called", failure);
        } finally {
            ONE_LAUNCH.unlock();
        }
    }

    private static CudaException failure(
            SimulatedMemory memory, String call, int fault, String message, long address) {
        return switch (fault) {
            case 1, 2 -> DriverErrors.illegalAddress(call, message + ": " + memory.locate(address));
            case 3 -> DriverErrors.fault(
                    "SIMULATED_UNDEFINED_READ", call, message + ": " + memory.locate(address));
            case 4 -> DriverErrors.fault("SIMULATED_DEADLOCK", call, message);
            case 5 -> DriverErrors.fault("SIMULATED_DIVERGENCE", call, message);
            case 7 -> new CudaException(call, 719, "CUDA_ERROR_LAUNCH_FAILED", message);
            default -> new CudaException(call, CudaException.OUT_OF_MEMORY, "CUDA_ERROR_OUT_OF_MEMORY", message);
        };
    }
}
