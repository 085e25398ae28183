package io.tandem.oracle;

import io.tandem.io.Npy;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One case: what was computed, from which inputs, with which results.
 *
 * @param folder where it is
 * @param name its name
 * @param op operators, separated by commas
 * @param attrs attributes
 * @param torch what was computed, line by line
 */
record OracleCase(
        Path folder,
        String name,
        String op,
        Map<String, Object> attrs,
        List<String> torch,
        List<Input> inputs,
        List<Output> outputs) {

    /**
     * An input.
     *
     * @param gradient the reference gradient, if the case differentiates with respect to this input
     */
    record Input(String name, NDArray value, Optional<NDArray> gradient) {
        /** The value, floating ones in the given type. */
        NDArray as(DType dtype) {
            return value.dtype().isFloating() ? value.cast(dtype) : value;
        }
    }

    /**
     * An output.
     *
     * @param reference in float64 where it is floating
     * @param weight its weights in the sum that is differentiated, if it enters it
     */
    record Output(String name, NDArray reference, Optional<NDArray> weight) {}

    static OracleCase read(Path folder) {
        Map<?, ?> json;
        try {
            json = (Map<?, ?>) Json.parse(Files.readString(folder.resolve("case.json")));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + folder + "/case.json", e);
        }
        List<Input> inputs = maps(json.get("inputs")).stream()
                .map(i -> new Input(text(i.get("name")), array(folder, i.get("file")),
                        optional(folder, i.get("grad64"))))
                .toList();
        List<Output> outputs = maps(json.get("outputs")).stream()
                .map(o -> new Output(
                        text(o.get("name")),
                        optional(folder, o.get("file64")).orElseGet(() -> array(folder, o.get("file"))),
                        optional(folder, o.get("weight"))))
                .toList();
        Object lines = json.get("torch");
        return new OracleCase(
                folder,
                text(json.get("name")),
                text(json.get("op")),
                attributes(json.get("attrs")),
                lines instanceof List<?> list ? list.stream().map(OracleCase::text).toList() : List.of(),
                inputs,
                outputs);
    }

    /** The value of an input. */
    NDArray input(String wanted) {
        return inputs.stream()
                .filter(i -> i.name().equals(wanted))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(name + " has no input " + wanted))
                .value();
    }

    private static Map<String, Object> attributes(Object attrs) {
        Map<String, Object> result = new java.util.LinkedHashMap<>();
        if (attrs instanceof Map<?, ?> map) {
            map.forEach((key, value) -> result.put(text(key), value));
        }
        return result;
    }

    private static List<Map<?, ?>> maps(Object list) {
        return ((List<?>) list).stream().<Map<?, ?>>map(m -> (Map<?, ?>) m).toList();
    }

    private static String text(Object value) {
        return (String) value;
    }

    private static NDArray array(Path folder, Object file) {
        return Npy.read(folder.resolve(text(file)));
    }

    private static Optional<NDArray> optional(Path folder, Object file) {
        return file instanceof String name ? Optional.of(Npy.read(folder.resolve(name))) : Optional.empty();
    }
}
