package io.tandem.cuda.lib;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.cuda.driver.CudaException;
import io.tandem.cuda.simulation.DeviceArrays;
import io.tandem.cuda.simulation.SimulatedBlas;
import io.tandem.cuda.simulation.SimulatedDriver;
import org.junit.jupiter.api.Test;

class SimulatedBlasTest extends BlasSemantics {

    @Override
    Rig open() {
        return Rig.simulated();
    }

    @Test
    void operandsMustBeWrittenAndLarge() {
        Gemm f = Gemm.of(false, false, 4, 4, 4, DataType.F32, 4, 4, 4, ComputeType.F32);
        try (SimulatedDriver driver = new SimulatedDriver();
                DeviceArrays arrays = new DeviceArrays(driver);
                SimulatedBlas blas = new SimulatedBlas(driver)) {
            blas.setStream(arrays.stream());
            long good = arrays.upload(new float[16]);
            long small = arrays.upload(new float[15]);
            long unwritten = arrays.emptyFloats(16);
            assertFault("CUDA_ERROR_ILLEGAL_ADDRESS", "A reads 64 bytes", () -> blas.gemm(f, 1, small, good, 0, good));
            assertFault("CUDA_ERROR_ILLEGAL_ADDRESS", "C writes", () -> blas.gemm(f, 1, good, good, 0, small));
            assertFault("SIMULATED_UNDEFINED_READ", "B reads", () -> blas.gemm(f, 1, good, unwritten, 0, good));
            assertFault("SIMULATED_UNDEFINED_READ", "C reads", () -> blas.gemm(f, 1, good, good, 1, unwritten));
            // a product overwrites its workspace
            long shared = arrays.upload(new float[1024]);
            blas.setWorkspace(new Workspace(shared, 4096));
            blas.gemm(f, 1, good, good, 0, unwritten);
            assertThrows(CudaException.class, () -> arrays.floats(shared, 1));
        }
    }

    private static void assertFault(String codeName, String detail, Runnable call) {
        CudaException seen = assertThrows(CudaException.class, call::run);
        assertEquals(codeName, seen.codeName());
        assertTrue(seen.getMessage().contains(detail), seen.getMessage());
    }

    @Test
    void captureNeedsAWorkspace() {
        Gemm f = Gemm.of(false, false, 1, 1, 1, DataType.F32, 1, 1, 1, ComputeType.F32);
        try (SimulatedDriver driver = new SimulatedDriver();
                DeviceArrays arrays = new DeviceArrays(driver);
                SimulatedBlas blas = new SimulatedBlas(driver)) {
            blas.setStream(arrays.stream());
            long x = arrays.upload(2);
            CudaException refused = assertThrows(
                    CudaException.class, () -> arrays.stream().capture(() -> blas.gemm(f, 1, x, x, 0, x)));
            assertEquals("CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED", refused.codeName());
            assertThrows(CudaException.class, () -> blas.setWorkspace(new Workspace(x + 8, 4)));
        }
    }
}
