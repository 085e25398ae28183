package io.tandem.cuda;

import io.tandem.backend.Device;
import io.tandem.conformance.BackendConformance;
import io.tandem.conformance.OpCase;
import io.tandem.cuda.driver.Architecture;
import io.tandem.cuda.lowering.ChannelsLast;
import io.tandem.cuda.simulation.SimulationOptions;
import io.tandem.graph.Op;

/** The catalog's convolutions with channels innermost, whatever their sizes and strides. */
class ChannelsLastConformanceTest extends BackendConformance {
    private boolean prepared;

    @Override
    protected Device open() {
        CudaDevice device = SimulatedDevices.open(
                SimulationOptions.DEFAULT.withDeferredStreams(),
                SimulatedDevices.DETERMINISTIC,
                SimulatedDevices.SETTINGS.withChannelsLast(ChannelsLast.Where.EVERYWHERE));
        if (!prepared) {
            prepared = true;
            SimulatedDevices.compiler().compileAll(
                    CatalogPlans.sources(device, this::covers), new Architecture(8, 0));
        }
        return device;
    }

    @Override
    protected boolean covers(OpCase row) {
        return row.graph().nodes().stream()
                .map(node -> node.op())
                .anyMatch(op -> op instanceof Op.Convolution
                        || op instanceof Op.ConvolutionInputGradient
                        || op instanceof Op.ConvolutionFilterGradient);
    }
}
