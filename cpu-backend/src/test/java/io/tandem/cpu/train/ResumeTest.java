package io.tandem.cpu.train;

import io.tandem.backend.Device;
import io.tandem.conformance.ResumeConformance;
import org.junit.jupiter.api.Nested;

/** {@link ResumeConformance} on the devices of this module. */
class ResumeTest {
    @Nested
    class OnReference extends ResumeConformance {
        @Override
        protected Device open() {
            return Device.of("reference");
        }
    }

    @Nested
    class OnCpu extends ResumeConformance {
        @Override
        protected Device open() {
            return Device.of("cpu");
        }
    }
}
