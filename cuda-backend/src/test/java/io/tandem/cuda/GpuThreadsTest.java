package io.tandem.cuda;

import io.tandem.backend.Device;
import io.tandem.backend.Devices;
import io.tandem.conformance.ThreadsConformance;
import org.junit.jupiter.api.Tag;

/** Several threads on the first GPU of the machine. */
@Tag("gpu")
class GpuThreadsTest extends ThreadsConformance {
    @Override
    protected Device open() {
        return Devices.open("cuda:0", SimulatedDevices.DETERMINISTIC);
    }
}
