package io.tandem.cpu.train;

import io.tandem.backend.Device;
import io.tandem.conformance.RulesConformance;
import org.junit.jupiter.api.Nested;

/** {@link RulesConformance} on the devices of this module. */
class RulesTest {
    @Nested
    class OnReference extends RulesConformance {
        @Override
        protected Device open() {
            return Device.of("reference");
        }
    }

    @Nested
    class OnCpu extends RulesConformance {
        @Override
        protected Device open() {
            return Device.of("cpu");
        }
    }
}
