package io.tandem.cuda;

import io.tandem.backend.Device;
import io.tandem.conformance.TrainingConformance;
import io.tandem.cuda.simulation.SimulationOptions;
import java.util.OptionalLong;
import org.junit.jupiter.api.Nested;

/**
 * Ten training steps of each family of networks on the simulated device, compared with the reference: with all values
 * kept for the gradients, and with all computed again that can be.
 */
class SimulatedTrainingTest {
    private static Device device(OptionalLong recomputedFrom) {
        return SimulatedDevices.open(
                SimulationOptions.DEFAULT.withDeferredStreams(),
                SimulatedDevices.DETERMINISTIC,
                SimulatedDevices.SETTINGS.withRecomputedFrom(recomputedFrom));
    }

    @Nested
    class Keeping extends TrainingConformance {
        @Override
        protected Device open() {
            return device(OptionalLong.empty());
        }
    }

    @Nested
    class Recomputing extends TrainingConformance {
        @Override
        protected Device open() {
            return device(OptionalLong.of(1));
        }
    }
}
