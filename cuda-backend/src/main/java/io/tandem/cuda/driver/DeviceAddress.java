package io.tandem.cuda.driver;

import jcuda.driver.CUdeviceptr;

/** A JCuda device pointer to an address. */
final class DeviceAddress extends CUdeviceptr {

    private static final CUdeviceptr NULL = new CUdeviceptr();

    /** A null pointer that a call can fill. */
    DeviceAddress() {}

    /** Points to an address. */
    DeviceAddress(long address) {
        super(NULL, address);
    }

    /** The address. */
    long value() {
        return getNativePointer() + getByteOffset();
    }
}
