package io.tandem.search;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * A hyperparameter: a name with the values that it may take. Candidates hold values as text, which a parameter reads back
 * exactly, so that they can be printed and kept in files.
 *
 * @param <T> type of the values
 */
public sealed interface Parameter<T> {
    /** The name, which is unique in a space. */
    String name();

    /**
     * A value at random.
     *
     * @param u uniform from 0 to below 1
     */
    T draw(double u);

    /**
     * Values that cover the parameter evenly, in order.
     *
     * @param points how many where the parameter is a range; choices give all, ranges of integers at most all
     */
    List<T> grid(int points);

    /** A value as text. */
    String label(T value);

    /**
     * A value from text.
     *
     * @throws IllegalArgumentException if it is none of this parameter's
     */
    T parse(String label);

    /** Name and values in a line. */
    String describe();

    /**
     * One of some options.
     *
     * @param options by the labels that they are known by
     */
    record Choice<T>(String name, Map<String, T> options) implements Parameter<T> {
        /** Checks and copies, in order. */
        public Choice {
            requireName(name);
            if (options.isEmpty()) {
                throw new IllegalArgumentException("the choice '" + name + "' has no options");
            }
            options = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(options));
        }

        @Override
        public T draw(double u) {
            return List.copyOf(options.values()).get((int) (u * options.size()));
        }

        @Override
        public List<T> grid(int points) {
            return List.copyOf(options.values());
        }

        @Override
        public String label(T value) {
            return options.entrySet().stream()
                    .filter(e -> e.getValue().equals(value))
                    .map(Map.Entry::getKey)
                    .findFirst()
                    .orElseThrow(() -> none(this, String.valueOf(value)));
        }

        @Override
        public T parse(String label) {
            T value = options.get(label);
            if (value == null) {
                throw none(this, label);
            }
            return value;
        }

        @Override
        public String describe() {
            return name + ": one of " + options.keySet();
        }
    }

    /** Integers from {@code low} to {@code high}, both included. */
    record IntRange(String name, int low, int high) implements Parameter<Integer> {
        /** Checks the order. */
        public IntRange {
            requireName(name);
            requireRange(name, low, high);
        }

        @Override
        public Integer draw(double u) {
            return low + (int) (u * ((double) high - low + 1));
        }

        @Override
        public List<Integer> grid(int points) {
            return evenly(points, (double) high - low + 1)
                    .mapToObj(t -> (int) Math.round(low + t * ((double) high - low)))
                    .distinct()
                    .toList();
        }

        @Override
        public String label(Integer value) {
            return value.toString();
        }

        @Override
        public Integer parse(String label) {
            int value = (int) number(this, label);
            if (value < low || value > high || !label.equals(Integer.toString(value))) {
                throw none(this, label);
            }
            return value;
        }

        @Override
        public String describe() {
            return name + ": integers from " + low + " to " + high;
        }
    }

    /** Numbers from {@code low} to {@code high}, all equally likely. */
    record Uniform(String name, double low, double high) implements Parameter<Double> {
        /** Checks the order. */
        public Uniform {
            requireName(name);
            requireRange(name, low, high);
        }

        @Override
        public Double draw(double u) {
            return Math.min(high, low + u * (high - low));
        }

        @Override
        public List<Double> grid(int points) {
            return evenly(points, Double.POSITIVE_INFINITY).mapToObj(this::draw).toList();
        }

        @Override
        public String label(Double value) {
            return value.toString();
        }

        @Override
        public Double parse(String label) {
            return inside(this, label, low, high);
        }

        @Override
        public String describe() {
            return name + ": from " + low + " to " + high;
        }
    }

    /** Positive numbers from {@code low} to {@code high} whose logarithms are equally likely: as rates are searched for. */
    record LogUniform(String name, double low, double high) implements Parameter<Double> {
        /** Checks the order and the sign. */
        public LogUniform {
            requireName(name);
            requireRange(name, low, high);
            if (!(low > 0)) {
                throw new IllegalArgumentException(
                        "the logarithmic range '%s' must be positive, it is %s to %s".formatted(name, low, high));
            }
        }

        @Override
        public Double draw(double u) {
            return Math.clamp(low * StrictMath.pow(high / low, u), low, high);
        }

        @Override
        public List<Double> grid(int points) {
            return evenly(points, Double.POSITIVE_INFINITY).mapToObj(this::draw).toList();
        }

        @Override
        public String label(Double value) {
            return value.toString();
        }

        @Override
        public Double parse(String label) {
            return inside(this, label, low, high);
        }

        @Override
        public String describe() {
            return name + ": logarithmically from " + low + " to " + high;
        }
    }

    /** One of some values, known by their texts. */
    @SafeVarargs
    static <T> Choice<T> choice(String name, T... options) {
        Map<String, T> byLabel = new LinkedHashMap<>();
        for (T option : options) {
            if (byLabel.put(String.valueOf(option), option) != null) {
                throw new IllegalArgumentException(
                        "the choice '" + name + "' has two options that read '" + option + "'");
            }
        }
        return new Choice<>(name, byLabel);
    }

    /** One of some values by label, such as activations by name. */
    static <T> Choice<T> choice(String name, Map<String, T> options) {
        return new Choice<>(name, options);
    }

    /** Integers from {@code low} to {@code high}, both included. */
    static IntRange integers(String name, int low, int high) {
        return new IntRange(name, low, high);
    }

    /** Numbers from {@code low} to {@code high}. */
    static Uniform uniform(String name, double low, double high) {
        return new Uniform(name, low, high);
    }

    /** Positive numbers from {@code low} to {@code high}, evenly in their logarithms. */
    static LogUniform logUniform(String name, double low, double high) {
        return new LogUniform(name, low, high);
    }

    private static void requireName(String name) {
        if (name.isBlank()) {
            throw new IllegalArgumentException("a hyperparameter needs a name");
        }
    }

    private static void requireRange(String name, double low, double high) {
        if (!(low <= high) || !Double.isFinite(low) || !Double.isFinite(high)) {
            throw new IllegalArgumentException(
                    "the range '%s' must go from a smaller to a larger finite number, got %s to %s"
                            .formatted(name, low, high));
        }
    }

    private static IllegalArgumentException none(Parameter<?> parameter, String label) {
        return new IllegalArgumentException("'" + label + "' is no value of " + parameter.describe());
    }

    private static double number(Parameter<?> parameter, String label) {
        try {
            return Double.parseDouble(label);
        } catch (NumberFormatException e) {
            throw none(parameter, label);
        }
    }

    private static double inside(Parameter<?> parameter, String label, double low, double high) {
        double value = number(parameter, label);
        if (!(value >= low && value <= high)) {
            throw none(parameter, label);
        }
        return value;
    }

    /** Shares from 0 to 1; the middle alone for one point. */
    private static DoubleStream evenly(int points, double most) {
        if (points < 1) {
            throw new IllegalArgumentException("a grid needs at least 1 point per range, got " + points);
        }
        int count = (int) Math.min(points, most);
        return count == 1
                ? DoubleStream.of(0.5)
                : IntStream.range(0, count).mapToDouble(i -> (double) i / (count - 1));
    }

    /** All names, in order. */
    static List<String> names(List<? extends Parameter<?>> parameters) {
        List<String> names = new ArrayList<>();
        parameters.forEach(p -> names.add(p.name()));
        return names;
    }
}
