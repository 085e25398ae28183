package io.tandem.search;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * All trials of a study.
 *
 * @param space what was searched
 * @param trials in the order of budgets, then of candidates
 */
public record StudyResult(SearchSpace space, List<TrialResult> trials) {
    /** Copies the list. */
    public StudyResult {
        trials = List.copyOf(trials);
    }

    /**
     * The trials from the best to the worst. Those with a larger budget come first, since losses of different budgets cannot be
     * compared; equal losses keep their order.
     */
    public List<TrialResult> ranking() {
        return trials.stream()
                .sorted(Comparator.comparingInt((TrialResult t) -> -t.trial().budget())
                        .thenComparingDouble(TrialResult::rank))
                .toList();
    }

    /**
     * The best trial of the largest budget.
     *
     * @throws IllegalStateException if all of them failed
     */
    public TrialResult best() {
        TrialResult best = ranking().getFirst();
        if (best.score().isEmpty() || Double.isNaN(best.score().get().loss())) {
            throw new IllegalStateException("no trial of the largest budget has a loss; the first one: "
                    + best.failure().orElse("its loss is not a number"));
        }
        return best;
    }

    /**
     * The ranking as a table: rank, budget, hyperparameters, loss, further figures, seconds.
     *
     * @param most at most so many rows
     */
    public String table(int most) {
        List<TrialResult> ranking = ranking();
        Set<String> figures = new LinkedHashSet<>();
        ranking.forEach(t -> t.score().ifPresent(s -> figures.addAll(s.figures().keySet())));
        List<List<String>> rows = new ArrayList<>();
        List<String> header = new ArrayList<>(List.of("rank", "trial", "budget"));
        header.addAll(Parameter.names(space.parameters()));
        header.add("loss");
        header.addAll(figures);
        header.add("seconds");
        rows.add(header);
        for (int i = 0; i < Math.min(most, ranking.size()); i++) {
            TrialResult t = ranking.get(i);
            List<String> row = new ArrayList<>(List.of(
                    Integer.toString(i + 1),
                    Integer.toString(t.trial().number()),
                    Integer.toString(t.trial().budget())));
            space.parameters().forEach(p -> row.add(shortened(t.trial().candidate().labels().get(p.name()))));
            row.add(t.score().map(s -> number(s.loss())).orElse("failed"));
            figures.forEach(f -> row.add(
                    t.score().map(s -> s.figures().get(f)).map(StudyResult::number).orElse("")));
            row.add(String.format(Locale.ROOT, "%.1f", t.seconds()));
            rows.add(row);
        }
        int[] widths = IntStream.range(0, header.size())
                .map(c -> rows.stream().mapToInt(r -> r.get(c).length()).max().orElse(0))
                .toArray();
        return rows.stream()
                .map(row -> IntStream.range(0, widths.length)
                        .mapToObj(c -> " ".repeat(widths[c] - row.get(c).length()) + row.get(c))
                        .collect(Collectors.joining("  ")))
                .collect(Collectors.joining("\n"));
    }

    /** Long numbers with four digits. */
    private static String shortened(String label) {
        if (label.length() <= 8 || !label.matches("-?[0-9.]+(E-?[0-9]+)?")) {
            return label;
        }
        return number(Double.parseDouble(label));
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.4g", value);
    }
}
