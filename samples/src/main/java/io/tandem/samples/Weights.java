package io.tandem.samples;

import io.tandem.io.Npz;
import io.tandem.io.Safetensors;
import io.tandem.nn.Model;
import io.tandem.tensor.NDArray;
import io.tandem.train.State;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** A model's parameters and statistics as a file. */
final class Weights {
    private Weights() {}

    /**
     * Writes the values of a model, by path.
     *
     * @param file its ending, .npz or .safetensors, chooses the format
     * @throws IllegalArgumentException for another ending
     * @throws java.io.UncheckedIOException if the file cannot be written
     */
    static void save(State state, Model model, Path file) {
        Map<String, NDArray> values = new LinkedHashMap<>();
        model.variables().keySet().forEach(path -> values.put(path, state.get(path)));
        String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
        if (name.endsWith(".npz")) {
            Npz.write(file, values);
        } else if (name.endsWith(".safetensors")) {
            Safetensors.write(file, values);
        } else {
            throw new IllegalArgumentException(
                    "cannot save weights as '" + file + "': the name must end with .npz or .safetensors");
        }
    }
}
