package io.tandem.compile;

import io.tandem.graph.GraphText;
import io.tandem.graph.Op;
import io.tandem.graph.UnaryFunction;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.TensorType;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What a backend executes: steps in order over values in memory. Everything here is data; a backend gives each step a
 * kernel and each value a place.
 *
 * @param arguments what the caller binds, in order
 * @param values the pieces of memory that steps read and write
 * @param steps the work, in order
 */
public record Plan(List<Argument> arguments, List<Value> values, List<Step> steps) {
    /** Copies the lists. */
    public Plan {
        arguments = List.copyOf(arguments);
        values = List.copyOf(values);
        steps = List.copyOf(steps);
    }

    /** What happens to an argument. */
    public enum Role {
        /** Read only. */
        INPUT,
        /** Written, not read. */
        OUTPUT,
        /** Read, and replaced by a new value. */
        UPDATED
    }

    /** Something that the caller binds to memory. */
    public record Argument(String name, TensorType type, Role role) {}

    /** Where a value lives. */
    public sealed interface Home {}

    /** In the memory that the caller binds to an argument. */
    public record Bound(int argument) implements Home {}

    /** In constant memory. */
    public record Fixed(NDArray value) implements Home {}

    /** In the plan's arena, at a place that {@link MemoryPlan} chooses. */
    public record Arena() implements Home {}

    /** How a backend arranges a value's elements; each backend has layouts of its own beside {@link RowMajor}. */
    public interface Layout {}

    /** Dense and row-major: the layout of all arguments and constants. */
    public record RowMajor() implements Layout {}

    /**
     * A piece of memory.
     *
     * @param type what it holds; views of it may have other shapes
     * @param bytes its size, which a layout may make larger than the type's
     */
    public record Value(int id, TensorType type, long bytes, Home home, Layout layout) {}

    /**
     * A dense view of a value.
     *
     * @param value the value's number
     * @param offset in bytes
     * @param type element type and shape of the view
     */
    public record Operand(int value, long offset, TensorType type) {}

    /** What a step does. */
    public sealed interface Action {}

    /** Runs a fused kernel. */
    public record RunKernel(Kernel kernel) implements Action {}

    /**
     * Runs an operation that is no kernel: a product, a convolution, a native composite...
     *
     * @param op the operation
     * @param epilogue what is applied to the result on the way
     * @param residual whether the step yields (as last result) or takes (as last operand) private memory that a forward
     *     step keeps for its gradient
     */
    public record Call(Op op, Optional<Epilogue> epilogue, boolean residual) implements Action {}

    /**
     * Applied to a product's or convolution's result: the bias, which is the step's operand after the operation's own,
     * then the activation.
     */
    public record Epilogue(boolean bias, Optional<UnaryFunction> activation) {}

    /**
     * Runs a plan for each iteration of a scan. The body's inputs are carries, slices, fixed values and the index; its
     * outputs the next carries, then the values to stack.
     *
     * @param produced numbers of the scan's results that the step's results are
     */
    public record Loop(Plan body, int length, boolean reverse, int carries, int scanned, List<Integer> produced)
            implements Action {
        /** The number of values that each iteration stacks. */
        public int stacked() {
            return (int) body.arguments().stream()
                    .filter(a -> a.role() == Role.OUTPUT)
                    .count()
                    - carries;
        }
    }

    /** Copies a value into another layout. */
    public record Convert() implements Action {}

    /**
     * One unit of work.
     *
     * @param action what is done
     * @param operands what is read
     * @param results what is written
     * @param scratch memory that is used during this step alone
     * @param scope the layer path it stems from
     */
    public record Step(
            Action action, List<Operand> operands, List<Operand> results, List<Operand> scratch, String scope) {
        /** Copies the lists. */
        public Step {
            operands = List.copyOf(operands);
            results = List.copyOf(results);
            scratch = List.copyOf(scratch);
        }

        /** An operation with the part of the model that it belongs to, as in {@code gather in 0.embedding}. */
        public String locate(String operation) {
            return scope.isEmpty() ? operation : operation + " in " + scope;
        }

        /** A short name of the action. */
        public String label() {
            return switch (action) {
                case RunKernel(Kernel kernel) -> kernel.label();
                case Call call -> GraphText.label(call.op())
                        + call.epilogue()
                                .map(e -> (e.bias() ? "+bias" : "")
                                        + e.activation().map(a -> "+" + GraphText.label(new Op.Unary(a))).orElse(""))
                                .orElse("");
                case Loop loop -> "loop[" + loop.length() + "]";
                case Convert convert -> "convert";
            };
        }
    }

    /** The arguments of a role. */
    public List<Argument> arguments(Role role) {
        return arguments.stream().filter(a -> a.role() == role).toList();
    }

    /** Bytes of all constants. */
    public long constantBytes() {
        return values.stream()
                .filter(v -> v.home() instanceof Fixed)
                .mapToLong(Value::bytes)
                .sum();
    }

    /** The plan as a table of steps. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        for (Argument argument : arguments) {
            text.append(argument.role().name().toLowerCase(java.util.Locale.ROOT))
                    .append(' ')
                    .append(argument.name())
                    .append(" : ")
                    .append(argument.type())
                    .append('\n');
        }
        int number = 0;
        for (Step step : steps) {
            text.append("%3d %-40s %s <- %s%s%n".formatted(
                    number++,
                    step.label(),
                    describe(step.results()),
                    describe(step.operands()),
                    step.scope().isEmpty() ? "" : "  # " + step.scope()));
            if (step.action() instanceof Loop loop) {
                text.append(loop.body().toString().indent(6));
            }
        }
        return text.toString();
    }

    private static String describe(List<Operand> operands) {
        return operands.stream()
                .map(o -> "v" + o.value() + (o.offset() == 0 ? "" : "+" + o.offset()) + ":" + o.type())
                .collect(Collectors.joining(", "));
    }
}
