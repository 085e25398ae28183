package io.tandem.samples.bench;

import io.tandem.backend.Device;
import io.tandem.backend.DeviceOptions;
import io.tandem.backend.Devices;
import io.tandem.train.State;
import io.tandem.train.TrainStep;
import java.time.Instant;
import java.util.List;

/** The program whose start is measured: it opens a device, does one training step, and tells the time. */
final class FirstStep {
    private FirstStep() {}

    /**
     * Prints when the first step was done, in nanoseconds since 1970.
     *
     * @param arguments device, threads, {@link Precision}, and whether a GPU may use graphs
     */
    public static void main(String[] arguments) {
        Precision precision = Precision.valueOf(arguments[2]);
        DeviceOptions options = precision.device(Integer.parseInt(arguments[1]), Boolean.parseBoolean(arguments[3]));
        try (Device device = Devices.open(arguments[0], options)) {
            System.out.println(run(device, precision));
        }
    }

    static long run(Device device, Precision precision) {
        Workload.Task task = Workload.STARTUP.task(0, 1, precision);
        try (State state = State.of(task.training().model(), device, 1);
                TrainStep step = new TrainStep(task.training(), state, task.target())) {
            step.run(List.of(task.inputs().getFirst()), task.targets().getFirst())
                    .loss();
            Instant now = Instant.now();
            return now.getEpochSecond() * 1_000_000_000L + now.getNano();
        }
    }
}
