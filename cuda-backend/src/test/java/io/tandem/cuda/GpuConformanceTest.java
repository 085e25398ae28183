package io.tandem.cuda;

import io.tandem.backend.Device;
import io.tandem.backend.Devices;
import io.tandem.conformance.BackendConformance;
import org.junit.jupiter.api.Tag;

/** The whole catalog on the first GPU of the machine. */
@Tag("gpu")
class GpuConformanceTest extends BackendConformance {
    @Override
    protected Device open() {
        return Devices.open("cuda:0", SimulatedDevices.DETERMINISTIC);
    }
}
