package io.tandem.cuda.lib;

/**
 * Device addresses of a recurrent network's first and last states, or of their gradients; all have the shape
 * [layers * directions, batch, hidden]. 0 stands for zeros where a value is read and for 'not wanted' where it is
 * written. Cell states exist for LSTM only.
 *
 * @param firstHidden hidden state before the first step
 * @param lastHidden  hidden state after the last step
 * @param firstCell   cell state before the first step
 * @param lastCell    cell state after the last step
 */
public record RnnStates(long firstHidden, long lastHidden, long firstCell, long lastCell) {

    /** Zeros at the start, nothing kept at the end. */
    public static final RnnStates NONE = new RnnStates(0, 0, 0, 0);
}
