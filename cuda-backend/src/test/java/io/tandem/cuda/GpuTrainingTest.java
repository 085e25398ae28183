package io.tandem.cuda;

import io.tandem.backend.Device;
import io.tandem.conformance.TrainingConformance;
import java.util.OptionalLong;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;

/**
 * Ten training steps of each family of networks on the first GPU of the machine, compared with the reference: with all
 * values kept for the gradients, and with all computed again that can be.
 */
@Tag("gpu")
class GpuTrainingTest {
    private static Device device(OptionalLong recomputedFrom) {
        return new CudaBackend()
                .open(
                        "cuda:0",
                        SimulatedDevices.DETERMINISTIC,
                        CudaSettings.defaults().withRecomputedFrom(recomputedFrom));
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
