package io.tandem.cuda.driver;

import static jcuda.driver.JCudaDriver.cuGetErrorName;
import static jcuda.driver.JCudaDriver.cuGetErrorString;

import jcuda.driver.CUresult;

/** Turns the driver's status codes into exceptions. */
final class DriverCheck {

    private DriverCheck() {}

    /**
     * Checks a call.
     *
     * @param status what it returned
     * @param call   its name
     */
    static void check(int status, String call) {
        if (status != CUresult.CUDA_SUCCESS) {
            throw failure(status, call);
        }
    }

    /**
     * Checks a call on something with a name or size.
     *
     * @param status what it returned
     * @param call   its name
     * @param detail what it was called with
     */
    static void check(int status, String call, Object detail) {
        if (status != CUresult.CUDA_SUCCESS) {
            throw failure(status, call + "(" + detail + ")");
        }
    }

    private static CudaException failure(int status, String call) {
        String[] name = new String[1];
        String[] meaning = new String[1];
        boolean known = cuGetErrorName(status, name) == CUresult.CUDA_SUCCESS && name[0] != null;
        boolean explained = cuGetErrorString(status, meaning) == CUresult.CUDA_SUCCESS && meaning[0] != null;
        return new CudaException(
                call, status, known ? name[0] : CUresult.stringFor(status), explained ? meaning[0] : "");
    }
}
