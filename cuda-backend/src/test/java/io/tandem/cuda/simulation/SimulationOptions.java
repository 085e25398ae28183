package io.tandem.cuda.simulation;

import io.tandem.cuda.driver.Architecture;
import java.util.Objects;

/**
 * How a simulated device behaves.
 *
 * @param order        order of blocks and threads
 * @param deferred     whether streams run only when something waits for them, as late as a real device may, instead of
 *                     at once
 * @param memoryBytes  memory of the device
 * @param architecture compute capability that it claims
 */
public record SimulationOptions(ThreadOrder order, boolean deferred, long memoryBytes, Architecture architecture) {

    /** Rising order, immediate execution, 4 GiB, compute capability 8.0. */
    public static final SimulationOptions DEFAULT =
            new SimulationOptions(ThreadOrder.FORWARD, false, 4L << 30, new Architecture(8, 0));

    /** Checks the values. */
    public SimulationOptions {
        Objects.requireNonNull(order, "order");
        Objects.requireNonNull(architecture, "architecture");
        if (memoryBytes < 1) {
            throw new IllegalArgumentException("a device needs memory, not " + memoryBytes + " bytes");
        }
    }

    /** The same with another order. */
    public SimulationOptions with(ThreadOrder newOrder) {
        return new SimulationOptions(newOrder, deferred, memoryBytes, architecture);
    }

    /** The same with deferred streams. */
    public SimulationOptions withDeferredStreams() {
        return new SimulationOptions(order, true, memoryBytes, architecture);
    }

    /** The same with another compute capability. */
    public SimulationOptions with(Architecture other) {
        return new SimulationOptions(order, deferred, memoryBytes, other);
    }

    /** The same with another size of memory. */
    public SimulationOptions withMemory(long bytes) {
        return new SimulationOptions(order, deferred, bytes, architecture);
    }
}
