package io.tandem.cpu;

import io.tandem.backend.Device;
import io.tandem.backend.DeviceOptions;
import io.tandem.conformance.BackendConformance;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;

/** The CPU device in its variants, with memory that is NaN before each run. */
class CpuConformanceTest {

    @Nested
    class WithOneDnn extends BackendConformance {
        @Override
        protected Device open() {
            return new CpuDevice(DeviceOptions.defaults().withThreads(2), new CpuSettings(true, true, true));
        }
    }

    @Nested
    class WithoutOneDnn extends BackendConformance {
        @Override
        protected Device open() {
            return new CpuDevice(DeviceOptions.defaults().withThreads(2), new CpuSettings(false, true, true));
        }
    }

    @Nested
    @Tag("slow")
    class WithoutVectors extends BackendConformance {
        @Override
        protected Device open() {
            return new CpuDevice(DeviceOptions.defaults().withThreads(2), new CpuSettings(true, false, true));
        }
    }

    @Nested
    @Tag("slow")
    class WithoutMachineCode extends BackendConformance {
        @Override
        protected Device open() {
            return new CpuDevice(
                    DeviceOptions.defaults().withThreads(2), new CpuSettings(true, false, true, true));
        }
    }

    @Nested
    @Tag("slow")
    class OnOneThread extends BackendConformance {
        @Override
        protected Device open() {
            return new CpuDevice(DeviceOptions.defaults().withDeterministic(true), new CpuSettings(true, true, true));
        }
    }
}
