package io.tandem.compile;

import java.util.ArrayList;
import java.util.List;

/**
 * Checks that a plan is sound: everything is written before it is read, views stay inside their values, constants and
 * inputs are not written, values that live at the same time do not share memory.
 */
public final class PlanVerifier {
    private PlanVerifier() {}

    /**
     * Checks a plan.
     *
     * @throws IllegalStateException at the first fault, with the step
     */
    public static void verify(Plan plan) {
        boolean[] written = new boolean[plan.values().size()];
        for (Plan.Value value : plan.values()) {
            written[value.id()] = switch (value.home()) {
                case Plan.Bound(int argument) -> plan.arguments().get(argument).role() != Plan.Role.OUTPUT;
                case Plan.Fixed fixed -> true;
                case Plan.Arena arena -> false;
            };
        }
        for (int i = 0; i < plan.steps().size(); i++) {
            Plan.Step step = plan.steps().get(i);
            for (Plan.Operand operand : step.operands()) {
                inside(plan, step, i, operand);
                if (!written[operand.value()] && operand.type().shape().size() > 0) {
                    throw fault(step, i, "reads v" + operand.value() + " before it is written");
                }
            }
            for (Plan.Operand result : all(step.results(), step.scratch())) {
                inside(plan, step, i, result);
                written[result.value()] = true;
                Plan.Home home = plan.values().get(result.value()).home();
                boolean writable = switch (home) {
                    case Plan.Bound(int argument) -> plan.arguments().get(argument).role() != Plan.Role.INPUT;
                    case Plan.Fixed fixed -> false;
                    case Plan.Arena arena -> true;
                };
                if (!writable) {
                    throw fault(step, i, "writes to v" + result.value() + ", which is " + home);
                }
            }
            if (step.action() instanceof Plan.Loop loop) {
                verify(loop.body());
            }
        }
    }

    /**
     * Checks that no two values that are alive at the same time share memory.
     *
     * @throws IllegalStateException at the first fault
     */
    public static void verify(Plan plan, MemoryPlan memory) {
        MemoryPlan.Lifetime[] lifetimes = MemoryPlan.lifetimes(plan);
        List<Plan.Value> arena = plan.values().stream()
                .filter(v -> memory.offsets().get(v.id()) >= 0)
                .toList();
        for (int i = 0; i < arena.size(); i++) {
            for (int j = i + 1; j < arena.size(); j++) {
                Plan.Value a = arena.get(i);
                Plan.Value b = arena.get(j);
                long startA = memory.offsets().get(a.id());
                long startB = memory.offsets().get(b.id());
                if (startA < startB + b.bytes()
                        && startB < startA + a.bytes()
                        && lifetimes[a.id()].overlaps(lifetimes[b.id()])) {
                    throw new IllegalStateException("v" + a.id() + " and v" + b.id() + " share memory while both live");
                }
            }
        }
    }

    private static List<Plan.Operand> all(List<Plan.Operand> a, List<Plan.Operand> b) {
        List<Plan.Operand> all = new ArrayList<>(a);
        all.addAll(b);
        return all;
    }

    private static void inside(Plan plan, Plan.Step step, int number, Plan.Operand operand) {
        Plan.Value value = plan.values().get(operand.value());
        if (operand.offset() < 0 || operand.offset() + operand.type().bytes() > value.bytes()) {
            throw fault(step, number, "view " + operand + " reaches outside of " + value);
        }
    }

    private static IllegalStateException fault(Plan.Step step, int number, String what) {
        return new IllegalStateException("step " + number + " (" + step.label() + ") " + what);
    }
}
