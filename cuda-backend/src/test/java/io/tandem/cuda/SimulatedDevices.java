package io.tandem.cuda;

import io.tandem.backend.DeviceOptions;
import io.tandem.cuda.simulation.GppCompiler;
import io.tandem.cuda.simulation.SimulatedBlas;
import io.tandem.cuda.simulation.SimulatedDnn;
import io.tandem.cuda.simulation.SimulatedDriver;
import io.tandem.cuda.simulation.SimulationOptions;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;

/** CUDA devices on the host, for tests; where there is no C++ compiler, the tests are skipped and say so. */
public final class SimulatedDevices {
    /** In deterministic mode, since the others' library calls differ from run to run, as on a GPU. */
    public static final DeviceOptions DETERMINISTIC = DeviceOptions.defaults().withDeterministic(true);

    /** The simulation writes all of cuBLAS' workspace at each call. */
    public static final CudaSettings SETTINGS = CudaSettings.defaults().withBlasWorkspace(4096);

    private SimulatedDevices() {}

    /** The compiler; the running test is skipped where there is none. */
    public static GppCompiler compiler() {
        Optional<GppCompiler> compiler = GppCompiler.find();
        Assumptions.assumeTrue(compiler.isPresent(), GppCompiler::whyMissing);
        return compiler.orElseThrow();
    }

    /** A device that captures its work into graphs. */
    public static CudaDevice open(SimulationOptions simulation, DeviceOptions options) {
        return open(simulation, options, SETTINGS);
    }

    /** A device. */
    public static CudaDevice open(SimulationOptions simulation, DeviceOptions options, CudaSettings settings) {
        GppCompiler compiler = compiler();
        SimulatedDriver driver = new SimulatedDriver(simulation);
        CudaRuntime runtime =
                new CudaRuntime(driver, compiler, new SimulatedBlas(driver), new SimulatedDnn(driver));
        return new CudaDevice("cuda:0", runtime, options, settings);
    }
}
