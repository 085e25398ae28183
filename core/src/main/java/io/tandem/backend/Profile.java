package io.tandem.backend;

import io.tandem.compile.Cost;
import io.tandem.compile.Plan;
import io.tandem.tensor.TensorType;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * Where the time of a plan goes: its steps with their durations, beside what the machine could do.
 *
 * @param rows steps with mean durations, in the plan's order
 * @param peaks what the machine reaches at best
 */
public record Profile(List<Row> rows, Peaks peaks) {
    /** Steps shorter than this are ruled by what it takes to start them, in seconds. */
    private static final double SHORT = 10e-6;

    /** Below this share of both peaks neither of them explains a duration. */
    private static final double LOW = 0.25;

    /** Copies the list. */
    public Profile {
        rows = List.copyOf(rows);
    }

    /**
     * What a device reaches at best.
     *
     * @param flopsPerSecond in large products
     * @param bytesPerSecond in copies of large arrays, bytes read and written together
     */
    public record Peaks(double flopsPerSecond, double bytesPerSecond) {}

    /**
     * A step.
     *
     * @param step what is done
     * @param kernel what does it, in the backend's words
     * @param seconds mean duration
     * @param cost of one run
     */
    public record Row(Plan.Step step, String kernel, double seconds, Cost cost) {}

    /**
     * The mean over several runs of one plan.
     *
     * @param runs what {@link Executable#profile} gave, at least one; steps whose durations vary much count with their
     *     median
     */
    public static Profile of(List<List<Executable.StepTime>> runs, Peaks peaks) {
        List<Executable.StepTime> first = runs.getFirst();
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < first.size(); i++) {
            int at = i;
            double[] seconds =
                    runs.stream().mapToDouble(r -> r.get(at).seconds()).sorted().toArray();
            Executable.StepTime time = first.get(i);
            rows.add(new Row(time.step(), time.kernel(), seconds[seconds.length / 2], Cost.of(time.step())));
        }
        return new Profile(rows, peaks);
    }

    /** The sum of all steps. */
    public double seconds() {
        return rows.stream().mapToDouble(Row::seconds).sum();
    }

    /**
     * What limits a step: {@code compute} or {@code memory} with the share of the machine's peak that it reaches,
     * {@code launch} where starting it takes longer than its work, {@code latency} where none of these explains it.
     */
    public String verdict(Row row) {
        double compute = row.cost().flops() / row.seconds() / peaks.flopsPerSecond();
        double memory = row.cost().bytes() / row.seconds() / peaks.bytesPerSecond();
        double best = Math.max(compute, memory);
        if (best < LOW) {
            return row.seconds() < SHORT ? "launch" : String.format(Locale.ROOT, "latency (%.0f %%)", 100 * best);
        }
        return String.format(Locale.ROOT, "%s (%.0f %%)", compute > memory ? "compute" : "memory", 100 * best);
    }

    /** The longest steps first, as a table. */
    public String table(int limit) {
        double total = seconds();
        StringBuilder text = new StringBuilder("%8s %6s %9s %7s  %-16s %-44s %-34s %s%n"
                .formatted("us", "share", "GFLOP/s", "GB/s", "bound", "step", "kernel", "result, layer"));
        rows.stream()
                .sorted(Comparator.comparingDouble(Row::seconds).reversed())
                .limit(limit)
                .forEach(row -> text.append(line(row, total)));
        long flops = rows.stream().mapToLong(r -> r.cost().flops()).sum();
        text.append(String.format(
                Locale.ROOT,
                "%8.0f %6s %9.1f          all %d steps; %.3f GFLOP; peaks %.0f GFLOP/s, %.0f GB/s%n",
                1e6 * total,
                "100%",
                flops / total * 1e-9,
                rows.size(),
                flops * 1e-9,
                peaks.flopsPerSecond() * 1e-9,
                peaks.bytesPerSecond() * 1e-9));
        return text.toString();
    }

    private String line(Row row, double total) {
        String results = row.step().results().stream()
                .map(Plan.Operand::type)
                .map(TensorType::toString)
                .limit(2)
                .collect(Collectors.joining(" "));
        return String.format(
                Locale.ROOT,
                "%8.1f %5.1f%% %9.1f %7.1f  %-16s %-44s %-34s %s %s%n",
                1e6 * row.seconds(),
                100 * row.seconds() / total,
                row.cost().flops() / row.seconds() * 1e-9,
                row.cost().bytes() / row.seconds() * 1e-9,
                verdict(row),
                cut(row.step().label(), 44),
                cut(row.kernel(), 34),
                results,
                row.step().scope());
    }

    private static String cut(String text, int length) {
        return text.length() <= length ? text : text.substring(0, length - 1) + "…";
    }
}
