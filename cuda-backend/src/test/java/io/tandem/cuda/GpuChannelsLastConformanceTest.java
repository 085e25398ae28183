package io.tandem.cuda;

import io.tandem.backend.Device;
import io.tandem.cuda.lowering.ChannelsLast;
import org.junit.jupiter.api.Tag;

/** On the first GPU of the machine: what cuDNN really does with channels innermost. */
@Tag("gpu")
class GpuChannelsLastConformanceTest extends ChannelsLastConformanceTest {
    @Override
    protected Device open() {
        return new CudaBackend()
                .open(
                        "cuda:0",
                        SimulatedDevices.DETERMINISTIC,
                        CudaSettings.defaults().withChannelsLast(ChannelsLast.Where.EVERYWHERE));
    }
}
