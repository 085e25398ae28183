package io.tandem.cuda;

import io.tandem.backend.Device;
import io.tandem.conformance.LossScalingConformance;
import io.tandem.conformance.PrecisionConformance;
import io.tandem.cuda.simulation.SimulationOptions;
import org.junit.jupiter.api.Nested;

/** Mixed precision and loss scaling on the simulated device. */
class SimulatedPrecisionTest {
    private static Device device() {
        return SimulatedDevices.open(
                SimulationOptions.DEFAULT.withDeferredStreams(), SimulatedDevices.DETERMINISTIC);
    }

    @Nested
    class Networks extends PrecisionConformance {
        @Override
        protected Device open() {
            return device();
        }
    }

    @Nested
    class Scaling extends LossScalingConformance {
        @Override
        protected Device open() {
            return device();
        }
    }
}
