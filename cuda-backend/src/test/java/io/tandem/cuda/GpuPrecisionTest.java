package io.tandem.cuda;

import io.tandem.backend.Device;
import io.tandem.backend.Devices;
import io.tandem.conformance.LossScalingConformance;
import io.tandem.conformance.PrecisionConformance;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;

/** Mixed precision and loss scaling on the first GPU of the machine. */
@Tag("gpu")
class GpuPrecisionTest {
    private static Device device() {
        return Devices.open("cuda:0", SimulatedDevices.DETERMINISTIC);
    }

    @Nested
    class Networks extends PrecisionConformance {
        @Override
        protected Device open() {
            return device();
        }
    }

    @Nested
    class Scaling extends LossScalingConformance {
        @Override
        protected Device open() {
            return device();
        }
    }
}
