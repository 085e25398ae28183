package io.tandem.samples.plot;

import java.util.List;
import java.util.stream.DoubleStream;

/**
 * A named line of a chart, one value per epoch or step.
 *
 * @param name shown in the legend
 * @param values values; those that are not finite leave a gap
 */
public record Curve(String name, List<Double> values) {
    /** Copies the values. */
    public Curve {
        values = List.copyOf(values);
    }

    /** A line of the given values. */
    public static Curve of(String name, double... values) {
        return new Curve(name, DoubleStream.of(values).boxed().toList());
    }
}
