package io.tandem.cpu.train;

import io.tandem.backend.Device;
import io.tandem.conformance.NonFiniteConformance;
import org.junit.jupiter.api.Nested;

/** {@link NonFiniteConformance} on the devices of this module. */
class NonFiniteTest {
    @Nested
    class OnReference extends NonFiniteConformance {
        @Override
        protected Device open() {
            return Device.of("reference");
        }
    }

    @Nested
    class OnCpu extends NonFiniteConformance {
        @Override
        protected Device open() {
            return Device.of("cpu");
        }

        /** oneDNN's pooling takes the largest of the other elements. */
        @Override
        protected boolean keepsInOverlappingWindows() {
            return false;
        }
    }
}
