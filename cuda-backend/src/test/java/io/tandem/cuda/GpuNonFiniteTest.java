package io.tandem.cuda;

import io.tandem.backend.Device;
import io.tandem.backend.Devices;
import io.tandem.conformance.NonFiniteConformance;
import org.junit.jupiter.api.Tag;

/** NaN on the first GPU of the machine. */
@Tag("gpu")
class GpuNonFiniteTest extends NonFiniteConformance {
    @Override
    protected Device open() {
        return Devices.open("cuda:0", SimulatedDevices.DETERMINISTIC);
    }
}
