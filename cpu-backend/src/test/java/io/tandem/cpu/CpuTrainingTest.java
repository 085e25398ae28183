package io.tandem.cpu;

import io.tandem.backend.Device;
import io.tandem.backend.DeviceOptions;
import io.tandem.conformance.TrainingConformance;
import org.junit.jupiter.api.Nested;

/** Ten steps of training on the CPU device, against the reference. */
class CpuTrainingTest {

    @Nested
    class WithOneDnn extends TrainingConformance {
        @Override
        protected Device open() {
            return new CpuDevice(DeviceOptions.defaults().withThreads(2), new CpuSettings(true, true, true));
        }
    }

    @Nested
    class WithoutOneDnn extends TrainingConformance {
        @Override
        protected Device open() {
            return new CpuDevice(DeviceOptions.defaults().withThreads(2), new CpuSettings(false, true, true));
        }
    }
}
