package io.tandem.search;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Collectors;

/**
 * The hyperparameters that are searched.
 *
 * @param parameters at least one, with different names
 */
public record SearchSpace(List<Parameter<?>> parameters) {
    private static final int MOST_GRID_POINTS = 100_000;

    /** Checks and copies. */
    public SearchSpace {
        parameters = List.copyOf(parameters);
        if (parameters.isEmpty()) {
            throw new IllegalArgumentException("the search space is empty: it needs at least one hyperparameter");
        }
        List<String> names = Parameter.names(parameters);
        names.stream()
                .filter(name -> names.indexOf(name) != names.lastIndexOf(name))
                .findFirst()
                .ifPresent(name -> {
                    throw new IllegalArgumentException("the search space has two hyperparameters '" + name + "'");
                });
    }

    /** A space of some hyperparameters. */
    public static SearchSpace of(Parameter<?>... parameters) {
        return new SearchSpace(List.of(parameters));
    }

    /** A candidate at random, which depends on seed and number alone. */
    public Candidate draw(long seed, int number) {
        // Mixed first, so that neighbouring seeds do not share their numbers.
        SplittableRandom random = new SplittableRandom(new SplittableRandom(seed).nextLong() + number);
        Map<String, String> labels = new LinkedHashMap<>();
        for (Parameter<?> parameter : parameters) {
            labels.put(parameter.name(), drawn(parameter, random.nextDouble()));
        }
        return new Candidate(labels);
    }

    private static <T> String drawn(Parameter<T> parameter, double u) {
        return parameter.label(parameter.draw(u));
    }

    /**
     * All combinations of values that cover each hyperparameter evenly; the last one changes fastest.
     *
     * @param points values per range
     * @throws IllegalArgumentException if there are more than 100,000
     */
    public List<Candidate> grid(int points) {
        List<Map<String, String>> combinations = List.of(Map.of());
        for (Parameter<?> parameter : parameters) {
            List<String> labels = gridLabels(parameter, points);
            if ((long) combinations.size() * labels.size() > MOST_GRID_POINTS) {
                throw new IllegalArgumentException(
                        "a grid of %d points per range has more than %,d candidates; take fewer points, or draw at random"
                                .formatted(points, MOST_GRID_POINTS));
            }
            List<Map<String, String>> longer = new ArrayList<>();
            for (Map<String, String> combination : combinations) {
                for (String label : labels) {
                    Map<String, String> more = new LinkedHashMap<>(combination);
                    more.put(parameter.name(), label);
                    longer.add(more);
                }
            }
            combinations = longer;
        }
        return combinations.stream().map(Candidate::new).toList();
    }

    private static <T> List<String> gridLabels(Parameter<T> parameter, int points) {
        return parameter.grid(points).stream().map(parameter::label).toList();
    }

    /** All hyperparameters with their values, a line each: equal spaces give equal text. */
    public String describe() {
        return parameters.stream().map(Parameter::describe).collect(Collectors.joining("\n"));
    }
}
