package io.tandem.backend;

import io.tandem.compile.Plan;
import java.util.List;

/** A compiled plan on a device. */
public interface Executable extends AutoCloseable {
    /** The plan, as the backend refined it. */
    Plan plan();

    /**
     * Asks for one run; where the device works on its own, this does not wait.
     *
     * @param arguments memory for each of the plan's arguments, in order
     */
    void run(List<Buffer> arguments);

    /** Bytes of the memory for intermediate values. */
    long arenaBytes();

    /**
     * Runs once with a clock at each step; waits.
     *
     * @return one entry per step of {@link #plan()}
     */
    List<StepTime> profile(List<Buffer> arguments);

    /**
     * How long a step took.
     *
     * @param step the step
     * @param kernel what ran it, in the backend's words
     * @param seconds its duration
     */
    record StepTime(Plan.Step step, String kernel, double seconds) {}

    /** Gives its memory back; closing twice is allowed. */
    @Override
    void close();
}
