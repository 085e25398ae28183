package io.tandem.search;

import io.tandem.backend.Device;
import io.tandem.data.Dataset;
import io.tandem.train.Fold;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * An objective that tries each candidate on every fold of a data set: its loss and figures are the means over the folds, and
 * the figure {@value #DEVIATION} is the standard deviation of the losses.
 *
 * @param folds the splits, the same for all candidates
 * @param objective what is done with one of them
 */
public record CrossValidation(List<Fold> folds, FoldObjective objective) implements Objective {
    /** The name of the figure that tells how much the losses of the folds differ. */
    public static final String DEVIATION = "deviation";

    /** Copies the list. */
    public CrossValidation {
        folds = List.copyOf(folds);
        if (folds.isEmpty()) {
            throw new IllegalArgumentException("cross-validation needs at least one fold");
        }
    }

    /** Tries a candidate on one fold. */
    @FunctionalInterface
    public interface FoldObjective {
        /** Trains on the fold's training data and scores on its validation data. */
        Score evaluate(Trial trial, Fold fold, Device device);
    }

    /**
     * Cross-validation with folds at random.
     *
     * @param count number of folds, at least 2
     * @param seed of the split
     */
    public static CrossValidation of(Dataset data, int count, long seed, FoldObjective objective) {
        return new CrossValidation(Fold.split(data, count, seed), objective);
    }

    @Override
    public Score evaluate(Trial trial, Device device) {
        List<Score> scores = new ArrayList<>();
        for (Fold fold : folds) {
            scores.add(objective.evaluate(trial, fold, device));
        }
        double mean = scores.stream().mapToDouble(Score::loss).average().orElseThrow();
        double squares = scores.stream().mapToDouble(s -> Math.pow(s.loss() - mean, 2)).sum();
        Map<String, Double> figures = new LinkedHashMap<>();
        scores.getFirst().figures().keySet().forEach(name -> figures.put(
                name,
                scores.stream()
                        .mapToDouble(s -> s.figures().getOrDefault(name, Double.NaN))
                        .average()
                        .orElseThrow()));
        return new Score(mean, figures).with(DEVIATION, Math.sqrt(squares / Math.max(1, scores.size() - 1)));
    }
}
