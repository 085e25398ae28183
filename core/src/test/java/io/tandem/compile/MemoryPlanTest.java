package io.tandem.compile;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.tensor.DType;
import io.tandem.tensor.TensorType;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class MemoryPlanTest {
    private static final int STEPS = 24;

    /** Values of a few sizes, some of which stay for many steps, as those that gradients need do. */
    private static Plan drawn(SplittableRandom random) {
        List<Plan.Value> values = new ArrayList<>();
        List<List<Plan.Operand>> operands = new ArrayList<>();
        List<List<Plan.Operand>> results = new ArrayList<>();
        for (int i = 0; i < STEPS; i++) {
            operands.add(new ArrayList<>());
            results.add(new ArrayList<>());
        }
        for (int i = 0; i < STEPS - 1; i++) {
            TensorType type = TensorType.of(DType.U8, random.nextInt(1, 9));
            values.add(new Plan.Value(i, type, type.bytes(), new Plan.Arena(), new Plan.RowMajor()));
            Plan.Operand operand = new Plan.Operand(i, 0, type);
            results.get(i).add(operand);
            operands.get(i < STEPS / 2 && random.nextInt(2) == 0 ? STEPS - 1 - i : i + 1)
                    .add(operand);
        }
        List<Plan.Step> steps = IntStream.range(0, STEPS)
                .mapToObj(i -> new Plan.Step(new Plan.Convert(), operands.get(i), results.get(i), List.of(), ""))
                .toList();
        return new Plan(List.of(), values, steps);
    }

    private static long alive(Plan plan, MemoryPlan.Lifetime[] lifetimes, int step) {
        return plan.values().stream()
                .filter(v -> lifetimes[v.id()].overlaps(new MemoryPlan.Lifetime(step, step)))
                .mapToLong(Plan.Value::bytes)
                .sum();
    }

    @Test
    void littleMemoryIsLost() {
        SplittableRandom random = new SplittableRandom(3);
        long planned = 0;
        long needed = 0;
        for (int i = 0; i < 300; i++) {
            Plan plan = drawn(random);
            MemoryPlan memory = MemoryPlan.of(plan, 1);
            MemoryPlan.Lifetime[] lifetimes = MemoryPlan.lifetimes(plan);
            for (Plan.Value a : plan.values()) {
                long end = memory.offsets().get(a.id()) + a.bytes();
                assertTrue(end <= memory.bytes());
                for (Plan.Value b : plan.values()) {
                    boolean apart = end <= memory.offsets().get(b.id())
                            || memory.offsets().get(b.id()) + b.bytes() <= memory.offsets().get(a.id());
                    assertTrue(a == b || apart || !lifetimes[a.id()].overlaps(lifetimes[b.id()]), () -> a + ", " + b);
                }
            }
            planned += memory.bytes();
            needed += IntStream.range(0, STEPS)
                    .mapToLong(step -> alive(plan, lifetimes, step))
                    .max()
                    .orElseThrow();
        }
        // With large values first alone it is 1.034.
        double ratio = (double) planned / needed;
        assertTrue(ratio < 1.02, "planned for needed: " + ratio);
    }
}
