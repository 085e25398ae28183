package io.tandem.cpu.reference;

import io.tandem.backend.DeviceException;
import io.tandem.compile.MemoryPlan;
import io.tandem.compile.Plan;
import io.tandem.compile.PlanVerifier;
import io.tandem.cpu.memory.HostMemory;
import io.tandem.graph.BinaryFunction;
import io.tandem.graph.Op;
import io.tandem.graph.UnaryFunction;
import io.tandem.reference.Interpreter;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/** Runs the steps of one plan in order; the bodies of its loops by runners of their own, behind its memory. */
final class PlanRunner {
    private final Plan plan;
    private final Interpreter interpreter;
    private final MemoryPlan memory;
    private final long base;
    private final boolean poison;
    private final long workspaceBytes;
    private final Map<Plan.Step, PlanRunner> bodies = new IdentityHashMap<>();
    private final Map<Plan.Step, KernelInterpreter> kernels = new IdentityHashMap<>();

    /** Is told how long each step took. */
    @FunctionalInterface
    interface Clock {
        void took(Plan.Step step, double seconds);
    }

    /** The memory that one run is bound to. */
    private record Binding(MemorySegment workspace, List<MemorySegment> arguments) {}

    /**
     * Plans memory and prepares kernels.
     *
     * @param base where this plan's values start in the workspace, in bytes
     * @param poison whether memory is filled with NaN before each run
     */
    PlanRunner(Plan plan, Interpreter interpreter, long base, boolean poison) {
        this.plan = plan;
        this.interpreter = interpreter;
        this.base = base;
        this.poison = poison;
        this.memory = MemoryPlan.of(plan, HostMemory.ALIGNMENT);
        PlanVerifier.verify(plan);
        PlanVerifier.verify(plan, memory);
        long end = base + memory.bytes();
        for (Plan.Step step : plan.steps()) {
            switch (step.action()) {
                case Plan.Loop loop -> {
                    PlanRunner body = new PlanRunner(loop.body(), interpreter, base + memory.bytes(), poison);
                    bodies.put(step, body);
                    end = Math.max(end, body.workspaceBytes);
                }
                case Plan.RunKernel run -> kernels.put(step, new KernelInterpreter(run.kernel()));
                case Plan.Call call -> requireNoResidual(step, call);
                case Plan.Convert convert -> {}
            }
        }
        this.workspaceBytes = end;
    }

    private static void requireNoResidual(Plan.Step step, Plan.Call call) {
        if (call.residual()) {
            throw new DeviceException("step " + step.label()
                    + " keeps private memory, which the reference never asks for: the plan is of another device");
        }
    }

    Plan plan() {
        return plan;
    }

    /** Bytes from the start of the workspace that this plan and its loops' bodies need. */
    long workspaceBytes() {
        return workspaceBytes;
    }

    void run(MemorySegment workspace, List<MemorySegment> arguments, Clock clock) {
        Binding binding = new Binding(workspace, arguments);
        if (poison) {
            poison(binding);
        }
        for (int i = 0; i < plan.steps().size(); i++) {
            Plan.Step step = plan.steps().get(i);
            long start = System.nanoTime();
            try {
                run(step, binding);
            } catch (IllegalArgumentException | IllegalStateException | IndexOutOfBoundsException e) {
                String place = step.scope().isEmpty() ? "" : " in " + step.scope();
                throw new DeviceException(
                        "step %d (%s) of the plan failed%s: %s".formatted(i, step.label(), place, e.getMessage()), e);
            }
            clock.took(step, (System.nanoTime() - start) * 1e-9);
        }
    }

    /** Fills what is still to be written with a pattern that is NaN in every floating type, and no truth value. */
    private void poison(Binding binding) {
        binding.workspace.asSlice(base, memory.bytes()).fill((byte) 0xff);
        for (int i = 0; i < plan.arguments().size(); i++) {
            Plan.Argument argument = plan.arguments().get(i);
            if (argument.role() == Plan.Role.OUTPUT) {
                binding.arguments.get(i).asSlice(0, argument.type().bytes()).fill((byte) 0xff);
            }
        }
    }

    private void run(Plan.Step step, Binding binding) {
        List<MemorySegment> operands =
                step.operands().stream().map(o -> memory(o, binding)).toList();
        List<MemorySegment> results =
                step.results().stream().map(o -> memory(o, binding)).toList();
        switch (step.action()) {
            case Plan.RunKernel run -> kernels.get(step).run(operands, results);
            case Plan.Call call -> call(call, step, operands, results);
            case Plan.Loop loop -> loop(loop, step, operands, results, binding);
            case Plan.Convert convert -> results.getFirst().copyFrom(operands.getFirst());
        }
    }

    private MemorySegment memory(Plan.Operand operand, Binding binding) {
        MemorySegment value = switch (plan.values().get(operand.value()).home()) {
            case Plan.Bound(int argument) -> binding.arguments.get(argument);
            case Plan.Fixed(NDArray constant) -> constant.segment();
            case Plan.Arena arena -> {
                long offset = base + memory.offsets().get(operand.value());
                yield binding.workspace.asSlice(
                        offset, plan.values().get(operand.value()).bytes());
            }
        };
        return value.asSlice(operand.offset(), operand.type().bytes());
    }

    // ---- calls ----

    private void call(Plan.Call call, Plan.Step step, List<MemorySegment> operands, List<MemorySegment> results) {
        boolean bias = call.epilogue().map(Plan.Epilogue::bias).orElse(false);
        List<NDArray> values = new ArrayList<>();
        for (int i = 0; i < operands.size(); i++) {
            values.add(NDArray.wrap(step.operands().get(i).type(), operands.get(i)));
        }
        List<NDArray> own = bias ? values.subList(0, values.size() - 1) : values;
        List<TensorType> types = step.results().stream().map(Plan.Operand::type).toList();
        List<NDArray> outcome = new ArrayList<>(interpreter.apply(call.op(), own, types, step.scope()));
        if (bias) {
            TensorType type = types.getFirst();
            NDArray spread = alongChannels(call.op(), values.getLast(), type);
            outcome.set(0, elementwise(new Op.Binary(BinaryFunction.ADD), type, outcome.getFirst(), spread));
        }
        call.epilogue().flatMap(Plan.Epilogue::activation).ifPresent((UnaryFunction f) -> outcome.set(
                0, elementwise(new Op.Unary(f), types.getFirst(), outcome.getFirst())));
        for (int i = 0; i < results.size(); i++) {
            results.get(i).copyFrom(outcome.get(i).segment());
        }
    }

    private NDArray elementwise(Op op, TensorType type, NDArray... operands) {
        return interpreter.apply(op, List.of(operands), List.of(type)).getFirst();
    }

    /** A bias repeated over the channel axis of a convolution's result, or the last axis of a product's. */
    private NDArray alongChannels(Op op, NDArray bias, TensorType type) {
        boolean product = op instanceof Op.MatMul;
        Shape shape = type.shape();
        int[] dims = new int[product ? 1 : shape.rank() - 1];
        Arrays.fill(dims, 1);
        dims[0] = Math.toIntExact(bias.shape().size());
        return elementwise(new Op.Broadcast(shape), type, bias.reshape(dims));
    }

    // ---- loops ----

    private void loop(
            Plan.Loop loop,
            Plan.Step step,
            List<MemorySegment> operands,
            List<MemorySegment> results,
            Binding binding) {
        PlanRunner body = bodies.get(step);
        int carries = loop.carries();
        int stacked = loop.stacked();
        List<MemorySegment> places =
                step.scratch().stream().map(o -> memory(o, binding)).toList();
        List<MemorySegment> carry = new ArrayList<>(operands.subList(0, carries));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment index = arena.allocate(ValueLayout.JAVA_LONG);
            for (int iteration = 0; iteration < loop.length(); iteration++) {
                int at = loop.reverse() ? loop.length() - 1 - iteration : iteration;
                index.set(ValueLayout.JAVA_LONG, 0, at);
                List<MemorySegment> arguments = new ArrayList<>(carry);
                for (int i = carries; i < carries + loop.scanned(); i++) {
                    arguments.add(row(operands.get(i), step.operands().get(i).type(), at));
                }
                arguments.addAll(operands.subList(carries + loop.scanned(), operands.size()));
                arguments.add(index);
                List<MemorySegment> next = new ArrayList<>();
                for (int i = 0; i < carries; i++) {
                    next.add(places.get(2 * i + iteration % 2));
                }
                arguments.addAll(next);
                for (int i = 0; i < stacked; i++) {
                    arguments.add(row(results.get(carries + i), step.results().get(carries + i).type(), at));
                }
                for (int result = carries + stacked; result < results.size(); result++) {
                    int history = loop.produced().get(result) - carries - stacked;
                    row(results.get(result), step.results().get(result).type(), at)
                            .copyFrom(carry.get(history));
                }
                body.run(binding.workspace, arguments, (s, seconds) -> {});
                carry = next;
            }
        }
        for (int i = 0; i < carries; i++) {
            results.get(i).copyFrom(carry.get(i));
        }
    }

    private static MemorySegment row(MemorySegment stack, TensorType type, int index) {
        long bytes = type.shape().without(0).size() * type.dtype().bytes();
        return stack.asSlice(index * bytes, bytes);
    }
}
