package io.tandem.cuda;

import io.tandem.backend.Buffer;

/** A piece of device memory. */
final class CudaBuffer implements Buffer {
    private final CudaDevice device;
    private final long address;
    private final long bytes;
    private boolean closed;

    CudaBuffer(CudaDevice device, long address, long bytes) {
        this.device = device;
        this.address = address;
        this.bytes = bytes;
    }

    CudaDevice device() {
        return device;
    }

    long address() {
        return address;
    }

    boolean isClosed() {
        return closed;
    }

    /** Notes that the memory is gone. */
    void markClosed() {
        closed = true;
    }

    @Override
    public long bytes() {
        return bytes;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            device.release(this);
        }
    }

    @Override
    public String toString() {
        return "buffer of " + bytes + " bytes" + (closed ? ", closed" : "");
    }
}
