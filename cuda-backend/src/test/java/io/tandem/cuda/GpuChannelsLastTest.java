package io.tandem.cuda;

import io.tandem.backend.DeviceOptions;
import io.tandem.cuda.lowering.ChannelsLast;
import io.tandem.cuda.simulation.ThreadOrder;
import java.util.List;
import org.junit.jupiter.api.Tag;

/** On the first GPU of the machine. */
@Tag("gpu")
class GpuChannelsLastTest extends ChannelsLastChecks {
    @Override
    CudaDevice open(ChannelsLast.Where where, ThreadOrder order, DeviceOptions options) {
        return new CudaBackend().open("cuda:0", options, CudaSettings.defaults().withChannelsLast(where));
    }

    @Override
    List<ThreadOrder> orders() {
        return List.of(ThreadOrder.FORWARD);
    }
}
