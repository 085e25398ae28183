package io.tandem.cuda.driver;

import jcuda.Pointer;

/** A JCuda pointer to an address of the host, or to a device address where JCuda wants the general type. */
public class NativeAddress extends Pointer {

    /** A null pointer that a call can fill. */
    public NativeAddress() {
        super(0L);
    }

    /**
     * Points to an address.
     *
     * @param address 0 for null
     */
    public NativeAddress(long address) {
        super(address);
    }

    /** The address. */
    public final long value() {
        return getNativePointer() + getByteOffset();
    }
}
