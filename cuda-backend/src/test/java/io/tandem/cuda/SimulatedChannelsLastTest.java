package io.tandem.cuda;

import io.tandem.backend.DeviceOptions;
import io.tandem.cuda.lowering.ChannelsLast;
import io.tandem.cuda.simulation.SimulationOptions;
import io.tandem.cuda.simulation.ThreadOrder;
import java.util.List;

/** On the simulated device, in several orders of threads. */
class SimulatedChannelsLastTest extends ChannelsLastChecks {
    @Override
    CudaDevice open(ChannelsLast.Where where, ThreadOrder order, DeviceOptions options) {
        return SimulatedDevices.open(
                SimulationOptions.DEFAULT.withDeferredStreams().with(order),
                options,
                SimulatedDevices.SETTINGS.withChannelsLast(where));
    }

    @Override
    List<ThreadOrder> orders() {
        return List.of(ThreadOrder.values());
    }
}
