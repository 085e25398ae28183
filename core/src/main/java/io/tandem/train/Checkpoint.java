package io.tandem.train;

import io.tandem.io.FormatException;
import io.tandem.tensor.NDArray;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * Everything that a training run needs to go on as if it had not been interrupted. See {@link Run#checkpoint}, {@link
 * ModelCheckpoint} and {@link Trainer#resuming}.
 *
 * @param values all entries of the state: parameters, statistics, optimizer slots, averages, counters of steps and random
 *     numbers
 * @param figures sums of loss and metrics in the current epoch
 * @param position where the run is
 * @param epochs the finished epochs
 * @param memories what callbacks remember, by their names
 * @param facts what was run where on what: device, threads, model, data, for checks and for people
 */
public record Checkpoint(
        Map<String, NDArray> values,
        Map<String, NDArray> figures,
        Position position,
        List<Epoch> epochs,
        Map<String, Callback.Memory> memories,
        Map<String, String> facts) {
    /** The newest version of the file format that this class reads, and the one that it writes. */
    public static final int VERSION = 1;

    static final String THREADS = "device.threads";

    /** Copies the collections, in order. */
    public Checkpoint {
        values = copy(values);
        figures = copy(figures);
        epochs = List.copyOf(epochs);
        memories = copy(memories);
        facts = copy(facts);
    }

    private static <T> Map<String, T> copy(Map<String, T> map) {
        return Collections.unmodifiableMap(new LinkedHashMap<>(map));
    }

    /**
     * A place in a run, which with the loader's seed fixes the order and augmentation of all samples to come.
     *
     * @param epoch the current epoch, from 0
     * @param batch the next batch of it, from 0
     * @param seconds time that the current epoch took so far
     * @param waitingSeconds time of it spent waiting for data
     */
    public record Position(int epoch, int batch, double seconds, double waitingSeconds) {}

    /** The number of updates of the parameters so far. */
    public long step() {
        NDArray step = values.get(StepGraph.STEP);
        return step == null ? 0 : step.getLong(0);
    }

    /**
     * The number of batches so far: more than {@link #step} where gradients are accumulated or bad batches left out. It
     * numbers the files of a {@link CheckpointFolder}.
     */
    public long batches() {
        NDArray runs = values.get(StepGraph.RUNS);
        return runs == null ? step() : runs.getLong(0);
    }

    /** The number of threads of the device that the run was on; a resume needs the same for equal bits. */
    public OptionalInt threads() {
        String threads = facts.get(THREADS);
        return threads == null ? OptionalInt.empty() : OptionalInt.of(Integer.parseInt(threads));
    }

    /** With further facts. */
    Checkpoint withFacts(Map<String, String> more) {
        Map<String, String> all = new LinkedHashMap<>(facts);
        all.putAll(more);
        return new Checkpoint(values, figures, position, epochs, memories, all);
    }

    /**
     * Writes a file, atomically, in place of one that may be there. It is a safetensors file.
     *
     * @throws java.io.UncheckedIOException if it cannot be written; the old file is then unchanged
     */
    public void write(Path file) {
        CheckpointFormat.write(file, this);
    }

    /**
     * Reads a file, or the newest complete one of a {@link CheckpointFolder}.
     *
     * @throws FormatException if it is no checkpoint, is damaged, or has a newer version; or if the folder has none
     * @throws java.io.UncheckedIOException if it cannot be read
     */
    public static Checkpoint read(Path fileOrFolder) {
        if (Files.isDirectory(fileOrFolder)) {
            return CheckpointFolder.of(fileOrFolder)
                    .newest()
                    .orElseThrow(() -> new FormatException("the folder " + fileOrFolder + " has no checkpoint"));
        }
        return CheckpointFormat.read(fileOrFolder);
    }

    /**
     * Gives a state all of its values, those of the optimizer included.
     *
     * @throws IllegalArgumentException that lists all missing, unexpected and wrong-shaped entries, by path; the state is
     *     then unchanged
     */
    public void restore(State state) {
        Loading.strict().require("the checkpoint", state.entries(), values, state.model());
        state.restore(values);
    }
}
