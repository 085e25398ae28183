package io.tandem.cuda.driver;

import io.tandem.cuda.simulation.GppCompiler;
import io.tandem.cuda.simulation.SimulatedDriver;
import io.tandem.cuda.simulation.SimulationOptions;
import io.tandem.cuda.simulation.ThreadOrder;
import org.junit.jupiter.api.Assumptions;

class SimulatedDriverSemanticsTest extends DriverSemantics {

    @Override
    Machine open() {
        GppCompiler compiler = GppCompiler.find().orElse(null);
        Assumptions.assumeTrue(compiler != null, GppCompiler::whyMissing);
        SimulationOptions options =
                SimulationOptions.DEFAULT.with(ThreadOrder.SHUFFLED).withDeferredStreams();
        return new Machine(new SimulatedDriver(options), compiler);
    }
}
