package io.tandem.train;

import io.tandem.tensor.NDArray;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends training when a figure has not become better for some epochs, and gives the model the values of its best epoch
 * back, also where training ends for another reason. One object serves one run at a time.
 */
public final class EarlyStopping implements Callback {
    private static final Logger log = LoggerFactory.getLogger(EarlyStopping.class);

    private final Monitor monitor;
    private final int patience;
    private final double margin;
    private Optional<Run> run = Optional.empty();
    private double best = Double.NaN;
    private int bestEpoch = -1;
    private int waited;
    private Map<String, NDArray> bestValues = Map.of();

    private EarlyStopping(Monitor monitor, int patience, double margin) {
        if (patience < 1 || !(margin >= 0)) {
            throw new IllegalArgumentException(
                    "early stopping: patience must be at least 1 and the margin not negative, got "
                            + patience + " and " + margin);
        }
        this.monitor = monitor;
        this.patience = patience;
        this.margin = margin;
    }

    /**
     * Ends training after {@code patience} epochs without improvement.
     *
     * @param patience at least 1
     */
    public static EarlyStopping of(Monitor monitor, int patience) {
        return new EarlyStopping(monitor, patience, 0);
    }

    /** This rule where only improvements by more than {@code margin} count. */
    public EarlyStopping withMargin(double least) {
        return new EarlyStopping(monitor, patience, least);
    }

    /** The epoch whose values are the best so far, or -1. */
    public int bestEpoch() {
        return bestEpoch;
    }

    /** The best figure so far; NaN before the first epoch. */
    public double best() {
        return best;
    }

    @Override
    public String name() {
        return "EarlyStopping(" + monitor + ")";
    }

    @Override
    public void fitStarted(Run started) {
        run = Optional.of(started);
        if (!started.isResumed()) {
            best = Double.NaN;
            bestEpoch = -1;
            waited = 0;
            bestValues = Map.of();
        }
        if (waited >= patience) {
            started.stop(reason());
        }
    }

    @Override
    public Verdict epochEnded(Epoch epoch) {
        double figure = monitor.of(epoch);
        if (monitor.better(figure, best, margin)) {
            best = figure;
            bestEpoch = epoch.number();
            waited = 0;
            bestValues = run.map(EarlyStopping::values).orElse(Map.of());
        } else if (++waited >= patience) {
            run.ifPresent(r -> r.stop(reason()));
            return Verdict.STOP;
        }
        return Verdict.CONTINUE;
    }

    private String reason() {
        return "%s has not become better since epoch %d (%s)".formatted(monitor, bestEpoch, best);
    }

    private static Map<String, NDArray> values(Run run) {
        Map<String, NDArray> values = new LinkedHashMap<>();
        for (String path : run.training().model().variables().keySet()) {
            values.put(path, run.state().get(path));
            String average = StepGraph.AVERAGE_PREFIX + path;
            if (run.state().contains(average)) {
                values.put(average, run.state().get(average));
            }
        }
        return values;
    }

    @Override
    public void fitEnded(Run ended) {
        if (bestEpoch >= 0) {
            bestValues.forEach(ended.state()::set);
            log.info("the model has the values of epoch {}, with a {} of {}", bestEpoch, monitor, best);
        }
        run = Optional.empty();
    }

    @Override
    public Memory memory() {
        return new Memory(
                Map.of("best", Double.toString(best), "epoch", Integer.toString(bestEpoch), "waited",
                        Integer.toString(waited)),
                bestValues);
    }

    @Override
    public void restore(Memory memory) {
        best = Double.parseDouble(memory.values().getOrDefault("best", "NaN"));
        bestEpoch = Integer.parseInt(memory.values().getOrDefault("epoch", "-1"));
        waited = Integer.parseInt(memory.values().getOrDefault("waited", "0"));
        bestValues = memory.arrays();
    }
}
