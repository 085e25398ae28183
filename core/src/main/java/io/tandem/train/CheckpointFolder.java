package io.tandem.train;

import io.tandem.io.AtomicFile;
import io.tandem.io.FormatException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A folder of checkpoints of one run, one file per step (batch). Each file appears complete or not at all; old ones are deleted
 * after a new one is complete.
 *
 * @param folder where; made with the first checkpoint
 * @param keep number of newest files to keep, at least 1; the best one stays beside them
 */
public record CheckpointFolder(Path folder, int keep) {
    private static final Logger log = LoggerFactory.getLogger(CheckpointFolder.class);
    private static final Pattern NAME = Pattern.compile("step-(\\d{12})\\.safetensors");

    static final String FIGURE_NAME = "monitor";
    static final String FIGURE_VALUE = "monitor.value";
    static final String FIGURE_HIGHER = "monitor.higher_is_better";

    /** Checks the number. */
    public CheckpointFolder {
        if (keep < 1) {
            throw new IllegalArgumentException("at least 1 checkpoint must be kept, got " + keep);
        }
    }

    /** A folder that keeps the three newest checkpoints, and the best. */
    public static CheckpointFolder of(Path folder) {
        return new CheckpointFolder(folder, 3);
    }

    /** This folder, keeping another number of newest checkpoints. */
    public CheckpointFolder withKeep(int newest) {
        return new CheckpointFolder(folder, newest);
    }

    /**
     * The checkpoints, the oldest step first; none if there is no such folder.
     *
     * @throws UncheckedIOException if the folder cannot be read
     */
    public List<Path> files() {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> all = Files.list(folder)) {
            return all.filter(file -> NAME.matcher(file.getFileName().toString()).matches())
                    .sorted(Comparator.comparingLong(CheckpointFolder::step))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read the folder " + folder + ": " + e.getMessage(), e);
        }
    }

    static long step(Path file) {
        Matcher name = NAME.matcher(file.getFileName().toString());
        return name.matches() ? Long.parseLong(name.group(1)) : -1;
    }

    /**
     * Writes a checkpoint, then deletes those that are too many.
     *
     * @return its file
     * @throws UncheckedIOException if it cannot be written; all others are then unchanged
     */
    public Path write(Checkpoint checkpoint) {
        Path file = folder.resolve(String.format(Locale.ROOT, "step-%012d.safetensors", checkpoint.batches()));
        if (Files.isDirectory(folder)) {
            AtomicFile.deleteUnfinished(folder);
        }
        checkpoint.write(file);
        rotate();
        return file;
    }

    /**
     * Takes checkpoints of later steps out of the run, which goes on before them: otherwise they would count as its newest,
     * and its own would be deleted as old. Their names get {@code .superseded} at the end.
     *
     * @param step the last one that stays
     * @throws UncheckedIOException if a file cannot be renamed
     */
    void setAside(long step) {
        for (Path file : files()) {
            if (step(file) > step) {
                Path aside = file.resolveSibling(file.getFileName() + ".superseded");
                try {
                    Files.move(file, aside, StandardCopyOption.REPLACE_EXISTING);
                } catch (IOException e) {
                    throw new UncheckedIOException("cannot rename " + file + ": " + e, e);
                }
                log.warn("the run goes on at step {}, so the later checkpoint {} is now called {}", step, file,
                        aside.getFileName());
            }
        }
    }

    private void rotate() {
        List<Path> files = files();
        if (files.size() <= keep) {
            return;
        }
        List<Path> old = new ArrayList<>(files.subList(0, files.size() - keep));
        best().ifPresent(old::remove);
        for (Path file : old) {
            try {
                Files.deleteIfExists(file);
            } catch (IOException e) {
                log.warn("cannot delete the old checkpoint {}: {}", file, e.getMessage());
            }
        }
    }

    /**
     * The newest checkpoint that is complete and sound; damaged ones are passed over with a warning.
     *
     * @return empty if there is no checkpoint
     * @throws FormatException if there are checkpoints, but none of them can be read
     * @throws UncheckedIOException if the folder cannot be read
     */
    public Optional<Checkpoint> newest() {
        List<Path> files = files();
        Optional<FormatException> first = Optional.empty();
        for (Path file : files.reversed()) {
            try {
                return Optional.of(CheckpointFormat.read(file));
            } catch (FormatException e) {
                if (files.size() == 1) {
                    throw e;
                }
                log.warn("{}; looking for an older one", e.getMessage());
                first = first.isPresent() ? first : Optional.of(e);
            }
        }
        if (first.isPresent()) {
            throw new FormatException("none of the %d checkpoints in %s can be read; the newest one: %s"
                    .formatted(files.size(), folder, first.get().getMessage()));
        }
        return Optional.empty();
    }

    /** The file of the checkpoint with the best figure, of those that {@link ModelCheckpoint#withBest} wrote. */
    public Optional<Path> best() {
        Optional<Path> best = Optional.empty();
        double bestValue = Double.NaN;
        for (Path file : files()) {
            try {
                Map<String, String> facts = CheckpointFormat.facts(file);
                if (facts.containsKey(FIGURE_VALUE)) {
                    double value = Double.parseDouble(facts.get(FIGURE_VALUE));
                    Monitor monitor = new Monitor("", false, Boolean.parseBoolean(facts.get(FIGURE_HIGHER)));
                    if (best.isEmpty() || monitor.better(value, bestValue, 0)) {
                        best = Optional.of(file);
                        bestValue = value;
                    }
                }
            } catch (FormatException | NumberFormatException e) {
                log.warn("{} is passed over: {}", file, e.getMessage());
            }
        }
        return best;
    }
}
