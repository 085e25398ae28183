package io.tandem.cpu.train;

import io.tandem.backend.Device;
import io.tandem.conformance.ThreadsConformance;
import org.junit.jupiter.api.Nested;

/** {@link ThreadsConformance} on the devices of this module. */
class ThreadsTest {
    @Nested
    class OnReference extends ThreadsConformance {
        @Override
        protected Device open() {
            return Device.of("reference");
        }
    }

    @Nested
    class OnCpu extends ThreadsConformance {
        @Override
        protected Device open() {
            return Device.of("cpu");
        }
    }
}
