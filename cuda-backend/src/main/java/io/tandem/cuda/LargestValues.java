package io.tandem.cuda;

import io.tandem.compile.Plan;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;

/** Says which values of a plan take most of its memory. */
final class LargestValues {
    private static final int SHOWN = 5;

    private LargestValues() {}

    static String describe(Plan plan) {
        List<Plan.Value> largest = plan.values().stream()
                .filter(v -> v.home() instanceof Plan.Arena)
                .sorted(Comparator.comparingLong(Plan.Value::bytes).reversed())
                .limit(SHOWN)
                .toList();
        if (largest.isEmpty()) {
            return ".";
        }
        return largest.stream()
                .map(v -> "\n  %,14d bytes  %s%s".formatted(v.bytes(), v.type(), producer(plan, v.id())))
                .collect(Collectors.joining("", ". The plan's largest intermediate values:", ""));
    }

    private static String producer(Plan plan, int value) {
        return plan.steps().stream()
                .filter(s -> s.results().stream().anyMatch(r -> r.value() == value))
                .findFirst()
                .map(s -> "  of " + s.label() + (s.scope().isEmpty() ? "" : " in " + s.scope()))
                .orElse("");
    }
}
