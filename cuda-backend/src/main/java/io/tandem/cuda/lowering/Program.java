package io.tandem.cuda.lowering;

import io.tandem.backend.DeviceException;
import io.tandem.compile.MemoryPlan;
import io.tandem.compile.Plan;
import io.tandem.compile.PlanVerifier;
import io.tandem.cuda.driver.CudaException;
import io.tandem.tensor.NDArray;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/**
 * A plan with a kernel for each step and a region of memory for each value. The workspace holds the scratch memory of
 * all steps, then the values of the plan, then those of the plans in its loops, which share what is left.
 */
final class Program {
    /** Of each value in the workspace, in bytes. */
    static final long ALIGNMENT = 256;

    private final Plan plan;
    private final StepFactory factory;
    private final ConstantPool constants;
    private final Set<Integer> channelsLast;
    private final MemoryPlan memory;
    private final long base;
    private final Region arena = new Region(ALIGNMENT);
    private final List<Region> arguments;
    private final List<StepKernel> kernels = new ArrayList<>();
    private final List<List<Plan.Value>> beginning = new ArrayList<>();
    private long arenaEnd;
    private long scratchBytes;

    /** Is told before each step, and after the last one. */
    @FunctionalInterface
    interface Clock {
        void at(int step);
    }

    /**
     * Prepares a plan.
     *
     * @param base where its values start in the workspace behind the scratch memory, in bytes
     * @param arguments the memory of its arguments
     */
    Program(Plan plan, StepFactory factory, ConstantPool constants, long base, List<Region> arguments) {
        this.plan = plan;
        this.factory = factory;
        this.constants = constants;
        this.base = base;
        this.arguments = arguments;
        this.channelsLast = ChannelsLast.values(plan);
        this.memory = MemoryPlan.of(plan, ALIGNMENT);
        PlanVerifier.verify(plan, memory);
        arenaEnd = base + Math.ceilDiv(memory.bytes(), ALIGNMENT) * ALIGNMENT;
        long inner = arenaEnd;
        List<StepPlaces> memories = new ArrayList<>();
        for (Plan.Step step : plan.steps()) {
            StepPlaces places =
                    new StepPlaces(places(step.operands()), places(step.results()), places(step.scratch()));
            StepKernel kernel = make(step, places, inner);
            kernels.add(kernel);
            memories.add(places);
            scratchBytes = Math.max(scratchBytes, kernel.scratchBytes());
            if (kernel instanceof LoopStep loop) {
                arenaEnd = Math.max(arenaEnd, loop.body().arenaEnd);
            }
        }
        Merging.apply(factory.context(), kernels, memories);
        for (StepKernel kernel : kernels) {
            if (kernel instanceof FusedStep fused) {
                fused.requested();
            }
        }
        findBeginnings();
    }

    private StepKernel make(Plan.Step step, StepPlaces places, long inner) {
        try {
            return step.action() instanceof Plan.Loop loop
                    ? new LoopStep(loop, places, factory, constants, inner)
                    : factory.make(step, places, isResidualShared(step));
        } catch (IllegalArgumentException | CudaException e) {
            throw new DeviceException("cannot make a kernel for " + describe(step) + ": " + e.getMessage(), e);
        }
    }

    private boolean isResidualShared(Plan.Step step) {
        if (!(step.action() instanceof Plan.Call call) || !call.residual()) {
            return false;
        }
        int value = step.operands().isEmpty() ? -1 : step.operands().getLast().value();
        return plan.steps().stream()
                .filter(s -> s.operands().stream().anyMatch(o -> o.value() == value))
                .count()
                > 1;
    }

    private List<Place> places(List<Plan.Operand> operands) {
        return operands.stream().map(this::place).toList();
    }

    private Place place(Plan.Operand operand) {
        Plan.Value value = plan.values().get(operand.value());
        return switch (value.home()) {
            case Plan.Bound(int argument) -> new Place(arguments.get(argument), operand.offset(), operand.type());
            case Plan.Fixed(NDArray array) -> new Place(constants.region(array), operand.offset(), operand.type());
            case Plan.Arena a ->
                new Place(
                        arena,
                        memory.offsets().get(value.id()) + operand.offset(),
                        operand.type(),
                        channelsLast.contains(value.id()));
        };
    }

    /** For each step the values of the arena whose memory it takes over. */
    private void findBeginnings() {
        boolean[] seen = new boolean[plan.values().size()];
        for (Plan.Step step : plan.steps()) {
            List<Plan.Value> values = new ArrayList<>();
            for (List<Plan.Operand> operands : List.of(step.results(), step.scratch())) {
                for (Plan.Operand operand : operands) {
                    Plan.Value value = plan.values().get(operand.value());
                    if (value.home() instanceof Plan.Arena && !seen[value.id()] && value.bytes() > 0) {
                        seen[value.id()] = true;
                        values.add(value);
                    }
                }
            }
            beginning.add(List.copyOf(values));
        }
    }

    Plan plan() {
        return plan;
    }

    /** Bytes of scratch memory that its steps, and those in its loops, need. */
    long scratchBytes() {
        return scratchBytes;
    }

    /** The end of its values, and of those in its loops, behind the scratch memory. */
    long arenaEnd() {
        return arenaEnd;
    }

    /** The number of launches and calls of one run. */
    int launches() {
        return kernels.stream().mapToInt(StepKernel::launches).sum();
    }

    /** What runs a step. */
    StepKernel kernel(int step) {
        return kernels.get(step);
    }

    /** Puts the values at an address, which is that of all programs behind the scratch memory. */
    void bindArena(long address) {
        arena.moveTo(address + base);
        for (StepKernel kernel : kernels) {
            if (kernel instanceof LoopStep loop) {
                loop.body().bindArena(address);
            }
        }
    }

    /** Asks for all steps. */
    void issue(Clock clock) {
        for (int i = 0; i < kernels.size(); i++) {
            clock.at(i);
            for (Plan.Value value : beginning.get(i)) {
                factory.context().stream().declareUndefined(
                        arena.address() + memory.offsets().get(value.id()), value.bytes());
            }
            try {
                kernels.get(i).issue();
            } catch (CudaException e) {
                throw new DeviceException(
                        "step %d of the plan, %s, failed: %s".formatted(i, describe(plan.steps().get(i)),
                                e.getMessage()),
                        e);
            }
        }
        clock.at(kernels.size());
    }

    private static String describe(Plan.Step step) {
        return step.label()
                + step.operands().stream().map(o -> Objects.toString(o.type())).toList()
                + (step.scope().isEmpty() ? "" : " in " + step.scope());
    }
}
