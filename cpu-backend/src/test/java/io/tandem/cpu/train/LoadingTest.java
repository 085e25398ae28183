package io.tandem.cpu.train;

import io.tandem.backend.Device;
import io.tandem.conformance.LoadingConformance;
import org.junit.jupiter.api.Nested;

/** {@link LoadingConformance} on the devices of this module. */
class LoadingTest {
    @Nested
    class OnReference extends LoadingConformance {
        @Override
        protected Device open() {
            return Device.of("reference");
        }
    }

    @Nested
    class OnCpu extends LoadingConformance {
        @Override
        protected Device open() {
            return Device.of("cpu");
        }
    }
}
