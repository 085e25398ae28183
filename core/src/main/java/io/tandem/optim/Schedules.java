package io.tandem.optim;

import io.tandem.graph.Tensor;

/** The usual schedules. Steps are updates, not epochs: multiply by the batches per epoch where needed. */
public final class Schedules {
    private Schedules() {}

    /** The rate times {@code factor} to the power of the number of whole {@code interval}s passed. */
    public static Schedule step(double rate, long interval, double factor) {
        require(interval > 0, "step schedule: interval must be at least 1, got " + interval);
        return step -> step.like(factor).pow(step.div(interval).floor()).mul(rate);
    }

    /** The rate times {@code factor} to the power of the step. */
    public static Schedule exponential(double rate, double factor) {
        return step -> step.like(factor).pow(step).mul(rate);
    }

    /** From {@code rate} to {@code end} over {@code steps}, along (1 - t)^power; then constant. */
    public static Schedule polynomial(double rate, double end, long steps, double power) {
        require(steps > 0, "polynomial schedule: steps must be at least 1, got " + steps);
        return step -> step.div(steps).minimum(1).rsub(1).pow(power).mul(rate - end).add(end);
    }

    /** From {@code rate} to {@code end} over {@code steps} along half a cosine (Loshchilov and Hutter, 2017); then constant. */
    public static Schedule cosine(double rate, double end, long steps) {
        require(steps > 0, "cosine schedule: steps must be at least 1, got " + steps);
        return step -> step.div(steps)
                .minimum(1)
                .mul(Math.PI)
                .cos()
                .add(1)
                .mul((rate - end) / 2)
                .add(end);
    }

    /** A linear rise from 0 over the first {@code steps}, step number n with the share (n + 1) / steps, then {@code after}. */
    public static Schedule warmUp(long steps, Schedule after) {
        require(steps > 0, "warm-up: steps must be at least 1, got " + steps);
        return step -> {
            Tensor share = step.add(1).div(steps).minimum(1);
            return after.at(step.sub(steps - 1.0).maximum(0)).mul(share);
        };
    }

    /**
     * One cycle (Smith and Topin, 2018): from {@code peak} / 25 up to {@code peak} over the first 30 % of {@code steps},
     * then down to {@code peak} / 250,000, both along half a cosine.
     */
    public static Schedule oneCycle(double peak, long steps) {
        require(steps > 3, "one-cycle schedule: steps must be more than 3, got " + steps);
        double start = peak / 25;
        double end = start / 1e4;
        double rise = 0.3 * steps - 1;
        double fall = steps - 1 - rise;
        return step -> {
            Tensor up = halfCosine(step.div(rise), start, peak);
            Tensor down = halfCosine(step.sub(rise).div(fall), peak, end);
            return step.le(rise).select(up, down);
        };
    }

    private static Tensor halfCosine(Tensor share, double from, double to) {
        return share.clamp(0, 1).mul(Math.PI).cos().add(1).mul((from - to) / 2).add(to);
    }

    private static void require(boolean holds, String message) {
        if (!holds) {
            throw new IllegalArgumentException(message);
        }
    }
}
