package io.tandem.cpu;

import io.tandem.backend.DeviceException;
import io.tandem.compile.MemoryPlan;
import io.tandem.compile.Plan;
import io.tandem.compile.PlanVerifier;
import io.tandem.cpu.kernel.NativeMemory;
import io.tandem.cpu.kernel.Place;
import io.tandem.cpu.kernel.StepKernel;
import io.tandem.cpu.kernel.StepPlaces;
import io.tandem.cpu.memory.HostMemory;
import io.tandem.tensor.NDArray;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A plan with a kernel for each step and a place for each value. Kernels are made once; between runs only those are
 * bound
 * again whose places moved. Used on the device's thread alone.
 */
final class Program implements AutoCloseable {
    private final Plan plan;
    private final MemoryPlan memory;
    private final long base;
    private final long workspaceBytes;
    private final long constantBytes;
    private final Arena constants = Arena.ofShared();
    private final List<List<Place>> placesOfValue = new ArrayList<>();
    private final List<List<Integer>> stepsOfValue = new ArrayList<>();
    private final List<List<Integer>> valuesOfArgument = new ArrayList<>();
    private final List<StepKernel> kernels = new ArrayList<>();
    private final boolean[] moved;
    private final long[] argumentAddresses;
    private boolean anyMoved;
    private long workspaceAddress;

    /** Makes the kernel of a step. */
    @FunctionalInterface
    interface KernelFactory {
        /**
         * Makes a kernel.
         *
         * @param step what it does
         * @param places of the step's operands, results and scratch
         * @param end the first byte of the workspace that this program leaves free for programs inside the kernel
         */
        StepKernel make(Plan.Step step, StepPlaces places, long end);
    }

    /** Is told how long each step took. */
    @FunctionalInterface
    interface Clock {
        void took(Plan.Step step, String kernel, double seconds);
    }

    /**
     * Prepares a plan.
     *
     * @param base where its values start in the workspace, in bytes
     */
    Program(Plan plan, long base, KernelFactory factory) {
        this.plan = plan;
        this.base = base;
        this.memory = MemoryPlan.of(plan, HostMemory.ALIGNMENT);
        PlanVerifier.verify(plan, memory);
        plan.values().forEach(v -> {
            placesOfValue.add(new ArrayList<>());
            stepsOfValue.add(new ArrayList<>());
        });
        plan.arguments().forEach(a -> valuesOfArgument.add(new ArrayList<>()));
        for (Plan.Value value : plan.values()) {
            if (value.home() instanceof Plan.Bound(int argument)) {
                valuesOfArgument.get(argument).add(value.id());
            }
        }
        moved = new boolean[plan.steps().size()];
        argumentAddresses = new long[plan.arguments().size()];
        long end = base + memory.bytes();
        try {
            for (int i = 0; i < plan.steps().size(); i++) {
                Plan.Step step = plan.steps().get(i);
                StepPlaces places = new StepPlaces(
                        places(step.operands(), i), places(step.results(), i), places(step.scratch(), i));
                StepKernel kernel = make(factory, step, places);
                kernels.add(kernel);
                end = Math.max(end, base + memory.bytes() + kernel.temporaryBytes());
                if (kernel instanceof LoopKernel loop) {
                    end = Math.max(end, loop.workspaceEnd());
                }
            }
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
        workspaceBytes = end;
        constantBytes = placeConstants();
        Arrays.fill(moved, true);
        anyMoved = true;
    }

    private StepKernel make(KernelFactory factory, Plan.Step step, StepPlaces places) {
        try {
            return factory.make(step, places, base + memory.bytes());
        } catch (IllegalArgumentException | IllegalStateException e) {
            throw new DeviceException("cannot make a kernel for " + describe(step) + ": " + e.getMessage(), e);
        }
    }

    private List<Place> places(List<Plan.Operand> operands, int step) {
        List<Place> places = new ArrayList<>();
        for (Plan.Operand operand : operands) {
            Plan.Value value = plan.values().get(operand.value());
            Place place = new Place(operand.type(), value.layout(), operand.offset());
            placesOfValue.get(value.id()).add(place);
            stepsOfValue.get(value.id()).add(step);
            places.add(place);
        }
        return places;
    }

    private long placeConstants() {
        long total = 0;
        for (Plan.Value value : plan.values()) {
            if (value.home() instanceof Plan.Fixed(NDArray array) && !placesOfValue.get(value.id()).isEmpty()) {
                MemorySegment copy = constants.allocate(Math.max(1, value.bytes()), HostMemory.ALIGNMENT);
                copy.asSlice(0, array.type().bytes()).copyFrom(array.segment());
                move(value.id(), copy.address());
                total += copy.byteSize();
            }
        }
        return total;
    }

    Plan plan() {
        return plan;
    }

    /** Bytes from the start of the workspace that this program, and those in its loops, need. */
    long workspaceBytes() {
        return workspaceBytes;
    }

    /** Bytes of constants. */
    long constantBytes() {
        return constantBytes;
    }

    /** Puts the workspace at an address. */
    void bindWorkspace(long address) {
        if (address == workspaceAddress) {
            return;
        }
        workspaceAddress = address;
        for (Plan.Value value : plan.values()) {
            long offset = memory.offsets().get(value.id());
            if (offset >= 0) {
                move(value.id(), address + base + offset);
            }
        }
        for (int i = 0; i < kernels.size(); i++) {
            if (kernels.get(i) instanceof LoopKernel loop) {
                loop.bindWorkspace(address);
            }
            if (kernels.get(i).temporaryBytes() > 0) {
                kernels.get(i).bindTemporary(address + base + memory.bytes());
                moved[i] = true;
                anyMoved = true;
            }
        }
    }

    /** Puts an argument at an address. */
    void bindArgument(int argument, long address) {
        if (argumentAddresses[argument] != address) {
            argumentAddresses[argument] = address;
            for (int value : valuesOfArgument.get(argument)) {
                move(value, address);
            }
        }
    }

    private void move(int value, long address) {
        placesOfValue.get(value).forEach(p -> p.moveTo(address));
        stepsOfValue.get(value).forEach(s -> moved[s] = true);
        anyMoved = true;
    }

    private void bind() {
        if (anyMoved) {
            for (int i = 0; i < moved.length; i++) {
                if (moved[i]) {
                    kernels.get(i).bind();
                    moved[i] = false;
                }
            }
            anyMoved = false;
        }
    }

    /** Runs all steps. */
    void run() {
        bind();
        for (int i = 0; i < kernels.size(); i++) {
            run(i);
        }
    }

    /** Runs all steps with a clock at each. */
    void profile(Clock clock) {
        bind();
        for (int i = 0; i < kernels.size(); i++) {
            long start = System.nanoTime();
            run(i);
            clock.took(plan.steps().get(i), kernels.get(i).label(), (System.nanoTime() - start) * 1e-9);
        }
    }

    private void run(int step) {
        try {
            kernels.get(step).run();
        } catch (RuntimeException e) {
            throw new DeviceException(
                    "step %d of the plan, %s, failed: %s".formatted(step, describe(plan.steps().get(step)), e), e);
        }
    }

    private static String describe(Plan.Step step) {
        return step.label()
                + step.operands().stream().map(o -> o.type().toString()).toList()
                + (step.scope().isEmpty() ? "" : " in " + step.scope());
    }

    /** Fills memory that is still to be written with a pattern that is NaN in every floating type. */
    void poison() {
        NativeMemory.fill(workspaceAddress + base, workspaceBytes - base, (byte) 0xff);
        for (int i = 0; i < argumentAddresses.length; i++) {
            Plan.Argument argument = plan.arguments().get(i);
            if (argument.role() == Plan.Role.OUTPUT) {
                NativeMemory.fill(argumentAddresses[i], argument.type().bytes(), (byte) 0xff);
            }
        }
    }

    @Override
    public void close() {
        kernels.forEach(StepKernel::close);
        constants.close();
    }
}
