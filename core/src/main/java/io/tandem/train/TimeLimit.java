package io.tandem.train;

import java.time.Duration;
import java.util.Optional;

/** Ends training after the step in which a time is over; a run that goes on from a checkpoint gets the whole time again. */
public final class TimeLimit implements Callback {
    private final Duration limit;
    private Optional<Run> run = Optional.empty();
    private long started;

    private TimeLimit(Duration limit) {
        this.limit = limit;
    }

    /**
     * A limit, counted from the beginning of {@code fit}.
     *
     * @throws IllegalArgumentException if it is negative
     */
    public static TimeLimit of(Duration limit) {
        if (limit.isNegative()) {
            throw new IllegalArgumentException("the time limit must not be negative, got " + limit);
        }
        return new TimeLimit(limit);
    }

    @Override
    public void fitStarted(Run begun) {
        run = Optional.of(begun);
        started = System.nanoTime();
    }

    @Override
    public void stepDone(int epoch, int batch, int samples, StepResult result) {
        // Compared as durations: some are too long for a number of nanoseconds.
        if (Duration.ofNanos(System.nanoTime() - started).compareTo(limit) >= 0) {
            run.ifPresent(r -> r.stop("the time limit of " + limit + " is over"));
        }
    }

    @Override
    public void fitEnded(Run ended) {
        run = Optional.empty();
    }
}
