package io.tandem.cuda.lib;

import java.util.Objects;

/**
 * The memory of a recurrent network's call.
 *
 * @param weights   the weight space, {@link Dnn#rnnWeightSpaceBytes} long
 * @param workspace scratch memory of the call
 * @param reserve   what the training forward call leaves for the backward calls
 */
public record RnnMemory(Workspace weights, Workspace workspace, Workspace reserve) {

    /** Refuses missing values. */
    public RnnMemory {
        Objects.requireNonNull(weights, "weights");
        Objects.requireNonNull(workspace, "workspace");
        Objects.requireNonNull(reserve, "reserve");
    }
}
