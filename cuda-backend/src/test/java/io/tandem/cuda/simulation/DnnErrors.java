package io.tandem.cuda.simulation;

import io.tandem.cuda.driver.CudaException;

/** What cuDNN says to arguments that it does not take. */
final class DnnErrors {
    private DnnErrors() {}

    static CudaException badParameter(String call, String why) {
        return new CudaException(call, 2000, "CUDNN_STATUS_BAD_PARAM", why);
    }

    static CudaException unsupported(String call, String why) {
        return new CudaException(call, 3000, "CUDNN_STATUS_NOT_SUPPORTED", why);
    }

    static void require(boolean good, String call, String why) {
        if (!good) {
            throw badParameter(call, why);
        }
    }

    static void notNull(String call, long... addresses) {
        for (long address : addresses) {
            require(address != 0, call, "a device pointer is null");
        }
    }
}
