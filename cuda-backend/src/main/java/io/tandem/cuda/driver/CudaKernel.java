package io.tandem.cuda.driver;

/** A function of a loaded module that runs on the device. */
public interface CudaKernel {

    /** The function's name. */
    String name();

    /** Registers that one thread uses; 0 where the device does not tell. */
    int registers();

    /** Bytes of statically declared shared memory. */
    int staticSharedMemory();

    /** The largest block that this kernel can be launched with. */
    int maxThreadsPerBlock();

    /**
     * Allows launches with more than 48 KiB of dynamic shared memory.
     *
     * @param bytes the most that launches will ask for; static and dynamic together at most
     *              {@link DeviceProperties#maxSharedMemoryPerBlock}
     */
    void allowDynamicSharedMemory(int bytes);
}
