package io.tandem.models.playground;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.DoubleBinaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What a network sees of a point. */
public enum Feature {
    /** The first coordinate. */
    X1("x1", (x, y) -> x),
    /** The second coordinate. */
    X2("x2", (x, y) -> y),
    /** The square of the first coordinate. */
    X1_SQUARED("x1^2", (x, y) -> x * x),
    /** The square of the second coordinate. */
    X2_SQUARED("x2^2", (x, y) -> y * y),
    /** The product of the coordinates. */
    PRODUCT("x1x2", (x, y) -> x * y),
    /** The sine of the first coordinate. */
    SIN_X1("sin(x1)", (x, y) -> Math.sin(x)),
    /** The sine of the second coordinate. */
    SIN_X2("sin(x2)", (x, y) -> Math.sin(y));

    private final String label;
    private final DoubleBinaryOperator value;

    Feature(String label, DoubleBinaryOperator value) {
        this.label = label;
        this.value = value;
    }

    /** The feature of a point. */
    public double of(double x1, double x2) {
        return value.applyAsDouble(x1, x2);
    }

    /** For example {@code x1^2}. */
    @Override
    public String toString() {
        return label;
    }

    /**
     * Reads names joined by commas, for example {@code x1,x2,sin(x1)}.
     *
     * @throws IllegalArgumentException that names what is not known, and what there is
     */
    public static List<Feature> parse(String text) {
        List<Feature> features = new ArrayList<>();
        for (String name : text.split(",")) {
            Feature feature = Stream.of(values())
                    .filter(f -> f.label.equals(name.strip().toLowerCase(Locale.ROOT)))
                    .findFirst()
                    .orElseThrow(() -> new IllegalArgumentException("no feature '" + name.strip() + "'; there are "
                            + Stream.of(values()).map(Feature::toString).collect(Collectors.joining(", "))));
            if (!features.contains(feature)) {
                features.add(feature);
            }
        }
        return features;
    }
}
