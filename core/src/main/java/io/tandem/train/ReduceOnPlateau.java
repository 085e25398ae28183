package io.tandem.train;

import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Multiplies the learning rate when a figure has not become better for some epochs. The factor is an entry of the state,
 * {@code optimizer.rate_factor}, beside the optimizer's schedule. One object serves one run at a time.
 */
public final class ReduceOnPlateau implements Callback {
    private static final Logger log = LoggerFactory.getLogger(ReduceOnPlateau.class);

    private final Monitor monitor;
    private final int patience;
    private final double factor;
    private final double least;
    private Optional<Run> run = Optional.empty();
    private double best = Double.NaN;
    private int waited;

    private ReduceOnPlateau(Monitor monitor, int patience, double factor, double least) {
        if (patience < 1 || !(factor > 0 && factor < 1) || !(least >= 0)) {
            throw new IllegalArgumentException(
                    "reduce on plateau: patience must be at least 1, the factor between 0 and 1, the least not negative, got "
                            + patience + ", " + factor + " and " + least);
        }
        this.monitor = monitor;
        this.patience = patience;
        this.factor = factor;
        this.least = least;
    }

    /**
     * Multiplies the rate after {@code patience} epochs without improvement, and again after as many more.
     *
     * @param factor between 0 and 1, for example 0.1
     */
    public static ReduceOnPlateau of(Monitor monitor, int patience, double factor) {
        return new ReduceOnPlateau(monitor, patience, factor, 0);
    }

    /** This rule with a limit below which the product of all factors does not fall. */
    public ReduceOnPlateau withLeast(double product) {
        return new ReduceOnPlateau(monitor, patience, factor, product);
    }

    @Override
    public String name() {
        return "ReduceOnPlateau(" + monitor + ")";
    }

    @Override
    public void fitStarted(Run started) {
        run = Optional.of(started);
        if (!started.isResumed()) {
            best = Double.NaN;
            waited = 0;
        }
    }

    @Override
    public Verdict epochEnded(Epoch epoch) {
        double figure = monitor.of(epoch);
        if (monitor.better(figure, best, 0)) {
            best = figure;
            waited = 0;
        } else if (++waited >= patience) {
            waited = 0;
            run.ifPresent(r -> reduce(r.state(), epoch.number()));
        }
        return Verdict.CONTINUE;
    }

    private void reduce(State state, int epoch) {
        double before = state.get(StepGraph.RATE_FACTOR).item();
        double after = Math.max(before * factor, least);
        if (after < before) {
            state.set(StepGraph.RATE_FACTOR, NDArray.scalar(DType.F64, after));
            log.info("epoch {}: {} has not become better, the learning rate is now {} of the schedule's", epoch,
                    monitor, after);
        }
    }

    @Override
    public void fitEnded(Run ended) {
        run = Optional.empty();
    }

    @Override
    public Memory memory() {
        return new Memory(Map.of("best", Double.toString(best), "waited", Integer.toString(waited)), Map.of());
    }

    @Override
    public void restore(Memory memory) {
        best = Double.parseDouble(memory.values().getOrDefault("best", "NaN"));
        waited = Integer.parseInt(memory.values().getOrDefault("waited", "0"));
    }
}
