package io.tandem.cuda;

import io.tandem.backend.Device;
import io.tandem.conformance.LossScalingConformance;
import io.tandem.conformance.PrecisionConformance;
import io.tandem.cuda.simulation.SimulationOptions;
import java.util.OptionalLong;
import org.junit.jupiter.api.Nested;

/** Mixed precision and loss scaling on the simulated device. */
class SimulatedPrecisionTest {
    private static Device device(CudaSettings settings) {
        return SimulatedDevices.open(
                SimulationOptions.DEFAULT.withDeferredStreams(), SimulatedDevices.DETERMINISTIC, settings);
    }

    @Nested
    class Networks extends PrecisionConformance {
        @Override
        protected Device open() {
            return device(SimulatedDevices.SETTINGS);
        }
    }

    @Nested
    class Recomputing extends PrecisionConformance {
        @Override
        protected Device open() {
            return device(SimulatedDevices.SETTINGS.withRecomputedFrom(OptionalLong.of(1)));
        }
    }

    @Nested
    class Scaling extends LossScalingConformance {
        @Override
        protected Device open() {
            return device(SimulatedDevices.SETTINGS);
        }
    }
}
