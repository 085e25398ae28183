package io.tandem.train;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes checkpoints into a folder while a model is trained: after epochs, after steps, and where training is stopped. One
 * object serves one run at a time.
 */
public final class ModelCheckpoint implements Callback {
    private static final Logger log = LoggerFactory.getLogger(ModelCheckpoint.class);

    private final CheckpointFolder folder;
    private final int epochs;
    private final long steps;
    private final Optional<Monitor> monitor;
    private Optional<Checkpoint.Position> saved = Optional.empty();
    private double best = Double.NaN;

    private ModelCheckpoint(CheckpointFolder folder, int epochs, long steps, Optional<Monitor> monitor) {
        if (epochs < 0 || steps < 0) {
            throw new IllegalArgumentException(
                    "checkpoints: intervals must not be negative, got " + epochs + " epochs and " + steps + " steps");
        }
        this.folder = folder;
        this.epochs = epochs;
        this.steps = steps;
        this.monitor = monitor;
    }

    /** After each epoch; the three newest are kept. */
    public static ModelCheckpoint to(Path folder) {
        return new ModelCheckpoint(CheckpointFolder.of(folder), 1, 0, Optional.empty());
    }

    /** After every so many epochs; 0 for none. */
    public ModelCheckpoint withEpochs(int interval) {
        return new ModelCheckpoint(folder, interval, steps, monitor);
    }

    /** Also after every so many steps; 0 for none. */
    public ModelCheckpoint withSteps(long interval) {
        return new ModelCheckpoint(folder, epochs, interval, monitor);
    }

    /** Keeping so many newest checkpoints. */
    public ModelCheckpoint withKeep(int newest) {
        return new ModelCheckpoint(folder.withKeep(newest), epochs, steps, monitor);
    }

    /** Also after each epoch that is better than all before; the best one is kept. See {@link CheckpointFolder#best}. */
    public ModelCheckpoint withBest(Monitor figure) {
        return new ModelCheckpoint(folder, epochs, steps, Optional.of(figure));
    }

    /** The folder. */
    public CheckpointFolder folder() {
        return folder;
    }

    /**
     * Looks at what the folder has. A run that goes on before the newest checkpoint sets the later ones aside.
     *
     * @throws IllegalStateException if it has checkpoints of another run
     */
    @Override
    public void fitStarted(Run run) {
        List<Path> files = folder.files();
        if (!run.isResumed() && !files.isEmpty()) {
            throw new IllegalStateException(
                    "the folder " + folder.folder() + " has checkpoints of an earlier run, up to step "
                            + CheckpointFolder.step(files.getLast()) + ": resume from it, or choose another folder");
        }
        long step = run.step().steps();
        folder.setAside(step);
        boolean here = files.stream().anyMatch(file -> CheckpointFolder.step(file) == step);
        saved = here ? Optional.of(place(run)) : Optional.empty();
        best = Double.NaN;
        if (monitor.isPresent()) {
            run.epochs().forEach(epoch -> {
                double figure = monitor.get().of(epoch);
                best = monitor.get().better(figure, best, 0) ? figure : best;
            });
        }
    }

    private static Checkpoint.Position place(Run run) {
        return new Checkpoint.Position(run.epoch(), run.batch(), 0, 0);
    }

    @Override
    public void settled(Run run) {
        // A run may be stopped before its first batch.
        boolean epochEnded = run.batch() == 0 && !run.epochs().isEmpty();
        Map<String, String> facts = new LinkedHashMap<>();
        boolean due = run.isStopping();
        if (epochEnded) {
            due |= epochs > 0 && run.epoch() % epochs == 0 || run.epoch() == run.lastEpoch();
            if (monitor.isPresent()) {
                double figure = monitor.get().of(run.epochs().getLast());
                boolean better = monitor.get().better(figure, best, 0);
                best = better ? figure : best;
                due |= better;
                facts.put(CheckpointFolder.FIGURE_NAME, monitor.get().toString());
                facts.put(CheckpointFolder.FIGURE_VALUE, Double.toString(figure));
                facts.put(CheckpointFolder.FIGURE_HIGHER, Boolean.toString(monitor.get().higherIsBetter()));
            }
        } else if (steps > 0 && run.batch() > 0 && run.step().steps() % steps == 0) {
            due = true;
        }
        if (due && !saved.equals(Optional.of(place(run)))) {
            Path file = folder.write(run.checkpoint().withFacts(facts));
            saved = Optional.of(place(run));
            log.debug("checkpoint {}", file);
        }
    }
}
