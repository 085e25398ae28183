package io.tandem.samples;

import io.tandem.io.Checksum;
import io.tandem.nn.Model;
import io.tandem.tensor.NDArray;
import io.tandem.train.State;
import io.tandem.train.WeightFile;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** A model's parameters and statistics as a file, or as a checksum. */
final class Weights {
    private Weights() {}

    /**
     * Writes the values of a model, by path.
     *
     * @param file its ending, .npz or .safetensors, chooses the format
     * @throws IllegalArgumentException for another ending, or a state of another model
     * @throws java.io.UncheckedIOException if the file cannot be written
     */
    static void save(State state, Model model, Path file) {
        if (!state.model().variables().keySet().equals(model.variables().keySet())) {
            throw new IllegalArgumentException("the state belongs to another model");
        }
        WeightFile.save(state, file);
    }

    /** What says whether two models have the same values, bit for bit. */
    static String checksum(State state) {
        Map<String, NDArray> values = new LinkedHashMap<>();
        state.model().variables().keySet().forEach(path -> values.put(path, state.get(path)));
        return Checksum.sha256(values);
    }
}
