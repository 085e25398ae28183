package io.tandem.cuda;

import io.tandem.backend.Device;
import io.tandem.backend.Devices;
import io.tandem.conformance.TrainingConformance;
import org.junit.jupiter.api.Tag;

/** Ten training steps of each family of networks on the first GPU of the machine, compared with the reference. */
@Tag("gpu")
class GpuTrainingTest extends TrainingConformance {
    @Override
    protected Device open() {
        return Devices.open("cuda:0", SimulatedDevices.DETERMINISTIC);
    }
}
