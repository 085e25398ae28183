package io.tandem.cpu.train;

import io.tandem.backend.Device;
import io.tandem.conformance.MetricConformance;
import org.junit.jupiter.api.Nested;

/** {@link MetricConformance} on the devices of this module. */
class MetricTest {
    @Nested
    class OnReference extends MetricConformance {
        @Override
        protected Device open() {
            return Device.of("reference");
        }
    }

    @Nested
    class OnCpu extends MetricConformance {
        @Override
        protected Device open() {
            return Device.of("cpu");
        }
    }
}
