package io.tandem.search;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * One value for each hyperparameter of a space.
 *
 * @param labels the values as text, by name of the parameter
 */
public record Candidate(Map<String, String> labels) {
    /** Copies the map, in order. */
    public Candidate {
        labels = Collections.unmodifiableMap(new LinkedHashMap<>(labels));
    }

    /**
     * The value of a hyperparameter.
     *
     * @throws IllegalArgumentException if the space has no such parameter
     */
    public <T> T get(Parameter<T> parameter) {
        String label = labels.get(parameter.name());
        if (label == null) {
            throw new IllegalArgumentException(
                    "there is no hyperparameter '" + parameter.name() + "'; there are " + labels.keySet());
        }
        return parameter.parse(label);
    }

    /** For example {@code units=32, rate=0.01}. */
    @Override
    public String toString() {
        return labels.entrySet().stream()
                .map(e -> e.getKey() + "=" + e.getValue())
                .collect(Collectors.joining(", "));
    }
}
