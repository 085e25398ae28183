package io.tandem.train;

/** A handle to what a step left on the device. */
public final class StepResult {
    private final TrainStep owner;
    private final long step;
    private final long mark;

    StepResult(TrainStep owner, long step, long mark) {
        this.owner = owner;
        this.step = step;
        this.mark = mark;
    }

    /** The number of the step, from 0. */
    public long step() {
        return step;
    }

    /**
     * The loss of the step; waits until the device has done it, not for steps that were asked for since.
     *
     * @throws IllegalStateException if {@value TrainStep#RING} or more steps followed
     * @throws IllegalArgumentException if an index, such as a label, was out of range
     */
    public float loss() {
        return owner.loss(step, mark);
    }
}
