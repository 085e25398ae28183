package io.tandem.cuda.simulation;

import io.tandem.cuda.driver.CudaException;

/** The driver's failures, with its codes and names. */
final class DriverErrors {

    /** Code of what only the simulation notices. */
    static final int SIMULATED = 10_001;

    private DriverErrors() {}

    static CudaException invalidValue(String call, String why) {
        return new CudaException(call, 1, "CUDA_ERROR_INVALID_VALUE", why);
    }

    static CudaException outOfMemory(String call) {
        return new CudaException(call, CudaException.OUT_OF_MEMORY, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory");
    }

    static CudaException invalidContext(String call, String why) {
        return new CudaException(call, 201, "CUDA_ERROR_INVALID_CONTEXT", why);
    }

    static CudaException invalidHandle(String call, String why) {
        return new CudaException(call, 400, "CUDA_ERROR_INVALID_HANDLE", why);
    }

    static CudaException notFound(String call, String why) {
        return new CudaException(call, 500, "CUDA_ERROR_NOT_FOUND", why);
    }

    static CudaException illegalAddress(String call, String why) {
        return new CudaException(call, 700, "CUDA_ERROR_ILLEGAL_ADDRESS", why);
    }

    static CudaException outOfResources(String call, String why) {
        return new CudaException(call, 701, "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES", why);
    }

    static CudaException captureUnsupported(String call) {
        return new CudaException(
                call,
                900,
                "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED",
                "not permitted while a stream captures; the capture is broken now");
    }

    static CudaException captureInvalidated(String call) {
        return new CudaException(
                call, 901, "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED", "the capture was broken by an earlier call");
    }

    static CudaException captureUnmatched(String call, String why) {
        return new CudaException(call, 903, "CUDA_ERROR_STREAM_CAPTURE_UNMATCHED", why);
    }

    static CudaException captureUnjoined(String call, String why) {
        return new CudaException(call, 904, "CUDA_ERROR_STREAM_CAPTURE_UNJOINED", why);
    }

    static CudaException fault(String codeName, String call, String why) {
        return new CudaException(call, SIMULATED, codeName, why);
    }
}
