package io.tandem.cpu.train;

import io.tandem.backend.Device;
import io.tandem.conformance.FaultConformance;
import org.junit.jupiter.api.Nested;

/** {@link FaultConformance} on the devices of this module. */
class FaultTest {
    @Nested
    class OnReference extends FaultConformance {
        @Override
        protected Device open() {
            return Device.of("reference");
        }
    }

    @Nested
    class OnCpu extends FaultConformance {
        @Override
        protected Device open() {
            return Device.of("cpu");
        }
    }
}
