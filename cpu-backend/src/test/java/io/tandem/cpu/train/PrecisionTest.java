package io.tandem.cpu.train;

import io.tandem.backend.Device;
import io.tandem.conformance.LossScalingConformance;
import io.tandem.conformance.PrecisionConformance;
import org.junit.jupiter.api.Nested;

/** {@link PrecisionConformance} and {@link LossScalingConformance} on the devices of this module. */
class PrecisionTest {
    @Nested
    class OnReference extends PrecisionConformance {
        @Override
        protected Device open() {
            return Device.of("reference");
        }
    }

    @Nested
    class OnCpu extends PrecisionConformance {
        @Override
        protected Device open() {
            return Device.of("cpu");
        }
    }

    @Nested
    class ScalingOnReference extends LossScalingConformance {
        @Override
        protected Device open() {
            return Device.of("reference");
        }
    }

    @Nested
    class ScalingOnCpu extends LossScalingConformance {
        @Override
        protected Device open() {
            return Device.of("cpu");
        }
    }
}
