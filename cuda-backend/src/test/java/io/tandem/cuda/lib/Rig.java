package io.tandem.cuda.lib;

import io.tandem.cuda.driver.CudaLibraries;
import io.tandem.cuda.driver.Driver;
import io.tandem.cuda.driver.JCudaDriver;
import io.tandem.cuda.simulation.SimulatedBlas;
import io.tandem.cuda.simulation.SimulatedDnn;
import io.tandem.cuda.simulation.SimulatedDriver;
import io.tandem.cuda.simulation.SimulationOptions;
import org.junit.jupiter.api.Assumptions;

/**
 * A device with its libraries, simulated or real: the same tests run on both.
 *
 * @param driver the device
 * @param blas   matrix products
 * @param dnn    deep learning primitives
 */
public record Rig(Driver driver, Blas blas, Dnn dnn) implements AutoCloseable {

    /** A simulated device that runs its streams as late as it may. */
    public static Rig simulated() {
        SimulatedDriver driver = new SimulatedDriver(SimulationOptions.DEFAULT.withDeferredStreams());
        return new Rig(driver, new SimulatedBlas(driver), new SimulatedDnn(driver));
    }

    /** The first GPU; skips the test, with the reason, where there is none. */
    public static Rig real() {
        CudaLibraries libraries = CudaLibraries.find();
        libraries.whyUnusable().ifPresent(why -> Assumptions.abort("no GPU: " + why));
        JCudaDriver driver = JCudaDriver.open(libraries, 0);
        return new Rig(driver, new JCudaBlas(driver), new JCudaDnn(driver));
    }

    @Override
    public void close() {
        try (driver;
                blas;
                dnn) {
            driver.synchronize();
        }
    }
}
