package io.tandem.cuda;

import io.tandem.backend.Device;
import io.tandem.conformance.BackendConformance;
import io.tandem.conformance.OpCase;
import io.tandem.cuda.lowering.ChannelsLast;
import io.tandem.cuda.simulation.SimulationOptions;
import io.tandem.graph.CompositeKind;
import io.tandem.graph.Op;

/** The catalog's convolutions, pools and batch norms with channels innermost wherever that is possible. */
class ChannelsLastConformanceTest extends BackendConformance {
    @Override
    protected Device open() {
        return SimulatedDevices.open(
                SimulationOptions.DEFAULT.withDeferredStreams(),
                SimulatedDevices.DETERMINISTIC,
                SimulatedDevices.SETTINGS.withChannelsLast(ChannelsLast.Where.EVERYWHERE));
    }

    @Override
    protected boolean covers(OpCase row) {
        return row.graph().nodes().stream().anyMatch(node -> switch (node.op()) {
            case Op.Convolution _,Op.ConvolutionInputGradient _,Op.ConvolutionFilterGradient _,Op.Pool _,Op.PoolGradient _,Op.PoolPick _ ->
                true;
            case Op.Composite(CompositeKind kind, var body) -> kind instanceof CompositeKind.BatchNormTraining;
            default -> false;
        });
    }
}
