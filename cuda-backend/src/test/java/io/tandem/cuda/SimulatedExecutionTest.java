package io.tandem.cuda;

import io.tandem.backend.DeviceOptions;
import io.tandem.cuda.simulation.SimulationOptions;

/** On the simulated device. */
class SimulatedExecutionTest extends ExecutionChecks {
    @Override
    CudaDevice open(DeviceOptions options) {
        return SimulatedDevices.open(SimulationOptions.DEFAULT.withDeferredStreams(), options);
    }

    @Override
    int steps() {
        return 1000;
    }
}
