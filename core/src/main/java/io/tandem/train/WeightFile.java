package io.tandem.train;

import io.tandem.io.Npz;
import io.tandem.io.Safetensors;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.TensorType;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * A model's parameters and statistics as a file, without what training needs beside them. The file's ending chooses the
 * format: {@code .npz} or {@code .safetensors}.
 */
public final class WeightFile {
    private WeightFile() {}

    /**
     * Writes the values of a state's model, atomically, in place of a file that may be there.
     *
     * @throws IllegalArgumentException for another ending
     * @throws java.io.UncheckedIOException if the file cannot be written; the old one is then unchanged
     */
    public static void save(State state, Path file) {
        Map<String, NDArray> values = new LinkedHashMap<>();
        state.model().variables().keySet().forEach(path -> values.put(path, state.get(path)));
        switch (ending(file)) {
            case "npz" -> Npz.write(file, values);
            case "safetensors" -> Safetensors.write(file, values);
            default -> throw unknown(file);
        }
    }

    /**
     * The values in a file, by stored name.
     *
     * @throws IllegalArgumentException for another ending
     * @throws io.tandem.io.FormatException if it is not valid
     * @throws java.io.UncheckedIOException if it cannot be read
     */
    public static Map<String, NDArray> read(Path file) {
        return switch (ending(file)) {
            case "npz" -> Npz.read(file);
            case "safetensors" -> Safetensors.read(file);
            default -> throw unknown(file);
        };
    }

    /**
     * Gives the model of a state the values in a file. A checkpoint's file serves too: only the model's own values are
     * taken from it.
     *
     * @throws IllegalArgumentException that lists all missing, unexpected and wrong-shaped entries; the state is then
     *     unchanged
     * @throws io.tandem.io.FormatException if the file is not valid
     * @throws java.io.UncheckedIOException if it cannot be read
     */
    public static void load(State state, Path file, Loading loading) {
        Map<String, TensorType> wanted = new LinkedHashMap<>();
        state.model().variables().forEach((path, variable) -> wanted.put(path, variable.type()));
        Map<String, NDArray> weights = read(file);
        if (ending(file).equals("safetensors") && CheckpointFormat.isCheckpoint(file)) {
            weights = new LinkedHashMap<>(Checkpoint.read(file).values());
            weights.keySet().removeIf(name -> StepGraph.isOfTraining(name) && !wanted.containsKey(name));
        }
        loading.require(file.toString(), wanted, weights, state.model()).forEach(state::set);
    }

    private static String ending(Path file) {
        String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
        return name.substring(name.lastIndexOf('.') + 1);
    }

    private static IllegalArgumentException unknown(Path file) {
        return new IllegalArgumentException(
                "weights cannot be in the file '" + file + "': its name must end with .npz or .safetensors");
    }
}
