package io.tandem.cpu.train;

import io.tandem.backend.Device;
import io.tandem.conformance.CallbackConformance;
import org.junit.jupiter.api.Nested;

/** {@link CallbackConformance} on the devices of this module. */
class CallbackTest {
    @Nested
    class OnReference extends CallbackConformance {
        @Override
        protected Device open() {
            return Device.of("reference");
        }
    }

    @Nested
    class OnCpu extends CallbackConformance {
        @Override
        protected Device open() {
            return Device.of("cpu");
        }
    }
}
