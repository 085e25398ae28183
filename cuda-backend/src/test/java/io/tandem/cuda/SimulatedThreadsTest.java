package io.tandem.cuda;

import io.tandem.backend.Device;
import io.tandem.conformance.ThreadsConformance;
import io.tandem.cuda.simulation.SimulationOptions;

/** Several threads on one simulated device. */
class SimulatedThreadsTest extends ThreadsConformance {
    @Override
    protected Device open() {
        return SimulatedDevices.open(
                SimulationOptions.DEFAULT.withDeferredStreams(),
                SimulatedDevices.DETERMINISTIC,
                SimulatedDevices.SETTINGS);
    }
}
