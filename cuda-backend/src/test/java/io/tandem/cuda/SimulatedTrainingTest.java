package io.tandem.cuda;

import io.tandem.backend.Device;
import io.tandem.conformance.TrainingConformance;
import io.tandem.cuda.simulation.SimulationOptions;

/** Ten training steps of each family of networks on the simulated device, compared with the reference. */
class SimulatedTrainingTest extends TrainingConformance {
    @Override
    protected Device open() {
        return SimulatedDevices.open(
                SimulationOptions.DEFAULT.withDeferredStreams(), SimulatedDevices.DETERMINISTIC);
    }
}
