package io.tandem.search;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a trial is worth.
 *
 * @param loss what candidates are ranked by: the smaller the better, NaN last
 * @param figures further figures by name, for the table
 */
public record Score(double loss, Map<String, Double> figures) {
    /** Copies the map, in order. */
    public Score {
        figures = Collections.unmodifiableMap(new LinkedHashMap<>(figures));
    }

    /** A loss without further figures. */
    public static Score of(double loss) {
        return new Score(loss, Map.of());
    }

    /** With a further figure. */
    public Score with(String name, double value) {
        Map<String, Double> more = new LinkedHashMap<>(figures);
        more.put(name, value);
        return new Score(loss, more);
    }
}
