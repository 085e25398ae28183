package io.tandem.cuda;

import io.tandem.backend.Device;
import io.tandem.conformance.NonFiniteConformance;
import io.tandem.cuda.simulation.SimulationOptions;

/** NaN on the simulated device. */
class SimulatedNonFiniteTest extends NonFiniteConformance {
    @Override
    protected Device open() {
        return SimulatedDevices.open(
                SimulationOptions.DEFAULT, SimulatedDevices.DETERMINISTIC, SimulatedDevices.SETTINGS);
    }
}
