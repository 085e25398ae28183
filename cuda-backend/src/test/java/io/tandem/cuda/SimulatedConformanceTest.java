package io.tandem.cuda;

import io.tandem.backend.Device;
import io.tandem.conformance.BackendConformance;
import io.tandem.cuda.driver.Architecture;
import io.tandem.cuda.simulation.GppCompiler;
import io.tandem.cuda.simulation.SimulationOptions;

/**
 * The whole catalog on the simulated device: the real lowering, code generator, memory plan and call sequences. Work
 * runs as late as it may; second runs are captured and replayed.
 */
class SimulatedConformanceTest extends BackendConformance {
    private boolean prepared;

    @Override
    protected Device open() {
        GppCompiler compiler = SimulatedDevices.compiler();
        CudaDevice device = SimulatedDevices.open(
                SimulationOptions.DEFAULT.withDeferredStreams(), SimulatedDevices.DETERMINISTIC);
        if (!prepared) {
            prepared = true;
            compiler.compileAll(CatalogPlans.sources(device), new Architecture(8, 0));
        }
        return device;
    }
}
