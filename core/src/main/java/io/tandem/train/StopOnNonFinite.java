package io.tandem.train;

import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends training when a loss is not finite, and says in which step, and which operation of which layer gave the first such
 * value. With {@link Training#withGuard} the parameters are then those before that step; without it, the place is known
 * only as far as the parameters, which the step has changed, still tell.
 *
 * <p>Each look waits for the device, so by default only every 50th step and the last one of an epoch are looked at; no
 * step is missed, since losses are kept.
 */
public final class StopOnNonFinite implements Callback {
    private static final Logger log = LoggerFactory.getLogger(StopOnNonFinite.class);

    private final int interval;
    private Optional<Run> run = Optional.empty();
    private Optional<String> fault = Optional.empty();
    private long next = -1;

    private StopOnNonFinite(int interval) {
        if (interval < 1 || interval > TrainStep.RING) {
            throw new IllegalArgumentException(
                    "stop on non-finite: the interval must be from 1 to " + TrainStep.RING + " steps, got " + interval);
        }
        this.interval = interval;
    }

    /** Looks every 50 steps. */
    public static StopOnNonFinite of() {
        return new StopOnNonFinite(50);
    }

    /** This callback, looking more or less often; 1 finds the operation most surely, but waits for the device each step. */
    public StopOnNonFinite withInterval(int steps) {
        return new StopOnNonFinite(steps);
    }

    /** What was found, if anything was. */
    public Optional<String> fault() {
        return fault;
    }

    @Override
    public void fitStarted(Run started) {
        run = Optional.of(started);
        fault = Optional.empty();
        next = -1;
    }

    @Override
    public void stepDone(int epoch, int batch, int samples, StepResult result) {
        if (next < 0) {
            next = result.step();
        }
        if (result.step() - next + 1 >= interval) {
            run.ifPresent(r -> look(r, epoch));
        }
    }

    @Override
    public Verdict epochEnded(Epoch epoch) {
        run.filter(r -> next >= 0).ifPresent(r -> look(r, epoch.number()));
        return fault.isPresent() ? Verdict.STOP : Verdict.CONTINUE;
    }

    private void look(Run r, int epoch) {
        if (fault.isPresent() || r.step().steps() <= next) {
            return;
        }
        float[] losses = r.step().losses(next);
        for (int i = 0; i < losses.length; i++) {
            if (!Float.isFinite(losses[i])) {
                long step = next + i;
                String where = i == losses.length - 1
                        ? diagnose(r)
                        : "; to find the operation and its layer, look after each step: withInterval(1), and"
                                + " Training.withGuard()";
                fault = Optional.of("the loss of step " + step + " (epoch " + epoch + ") is " + losses[i] + where);
                r.stop(fault.get());
                return;
            }
        }
        next += losses.length;
    }

    private static String diagnose(Run r) {
        log.info("a loss is not finite; computing the batch again on the host to find where that begins");
        return r.step().diagnose().map(place -> ": " + place).orElse("");
    }

    @Override
    public void fitEnded(Run ended) {
        run = Optional.empty();
    }
}
