package io.tandem.compile;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * Places of a plan's arena values: values whose lifetimes do not overlap share memory. One after the other is placed at the
 * lowest offset that is free for its lifetime: large ones first (greedy by size; Pisarchyk and Lee, 2020), or those that stay
 * long, or by the product of both; the order that needs least memory is taken.
 *
 * @param offsets in bytes, by value number; -1 for values that are not in the arena
 * @param bytes size of the arena
 */
public record MemoryPlan(List<Long> offsets, long bytes) {

    /** Copies the list. */
    public MemoryPlan {
        offsets = List.copyOf(offsets);
    }

    /** The steps during which a value must stay, both inclusive. */
    record Lifetime(int first, int last) {
        int steps() {
            return last - first + 1;
        }

        boolean overlaps(Lifetime other) {
            return first <= other.last && other.first <= last;
        }
    }

    /**
     * Plans the memory of all arena values.
     *
     * @param alignment of each value, in bytes
     */
    public static MemoryPlan of(Plan plan, long alignment) {
        Lifetime[] lifetimes = lifetimes(plan);
        List<Plan.Value> values = plan.values().stream()
                .filter(v -> v.home() instanceof Plan.Arena && lifetimes[v.id()] != null)
                .toList();
        Comparator<Plan.Value> bySize =
                Comparator.comparingLong(Plan.Value::bytes).reversed().thenComparing(Plan.Value::id);
        Comparator<Plan.Value> byArea = Comparator.<Plan.Value>comparingLong(
                v -> v.bytes() * lifetimes[v.id()].steps())
                .reversed()
                .thenComparing(bySize);
        Comparator<Plan.Value> byLength =
                Comparator.<Plan.Value>comparingInt(v -> lifetimes[v.id()].steps()).reversed().thenComparing(bySize);
        return Stream.of(bySize, byArea, byLength)
                .map(order -> place(plan, values.stream().sorted(order).toList(), lifetimes, alignment))
                .reduce((best, other) -> other.bytes < best.bytes ? other : best)
                .orElseThrow();
    }

    private static MemoryPlan place(Plan plan, List<Plan.Value> order, Lifetime[] lifetimes, long alignment) {
        Long[] offsets = new Long[plan.values().size()];
        Arrays.fill(offsets, -1L);
        List<Plan.Value> placed = new ArrayList<>();
        long total = 0;
        for (Plan.Value value : order) {
            long size = Math.max(alignment, Math.ceilDiv(value.bytes(), alignment) * alignment);
            long offset = 0;
            for (Plan.Value other : placed) { // ascending offsets
                if (lifetimes[other.id()].overlaps(lifetimes[value.id()])) {
                    long start = offsets[other.id()];
                    if (offset + size <= start) {
                        break;
                    }
                    offset = Math.max(offset, start + Math.ceilDiv(other.bytes(), alignment) * alignment);
                }
            }
            offsets[value.id()] = offset;
            total = Math.max(total, offset + size);
            int at = 0;
            while (at < placed.size() && offsets[placed.get(at).id()] <= offset) {
                at++;
            }
            placed.add(at, value);
        }
        return new MemoryPlan(List.of(offsets), total);
    }

    /** For each value from its first to its last use; null if it is never used. */
    static Lifetime[] lifetimes(Plan plan) {
        Lifetime[] lifetimes = new Lifetime[plan.values().size()];
        for (int i = 0; i < plan.steps().size(); i++) {
            Plan.Step step = plan.steps().get(i);
            for (List<Plan.Operand> operands : List.of(step.operands(), step.results(), step.scratch())) {
                for (Plan.Operand operand : operands) {
                    Lifetime before = lifetimes[operand.value()];
                    lifetimes[operand.value()] = new Lifetime(before == null ? i : before.first(), i);
                }
            }
        }
        return lifetimes;
    }
}
