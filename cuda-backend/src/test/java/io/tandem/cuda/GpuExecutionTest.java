package io.tandem.cuda;

import io.tandem.backend.DeviceOptions;
import io.tandem.backend.Devices;
import org.junit.jupiter.api.Tag;

/** On the first GPU of the machine; the long run has 10,000 steps. */
@Tag("gpu")
class GpuExecutionTest extends ExecutionChecks {
    @Override
    CudaDevice open(DeviceOptions options) {
        return (CudaDevice) Devices.open("cuda:0", options);
    }

    @Override
    int steps() {
        return 10_000;
    }
}
