package io.tandem.cuda.driver;

import java.util.Locale;
import java.util.Objects;

/**
 * What a device can do.
 *
 * @param ordinal               index of the device, as in {@code cuda:0}
 * @param name                  the device's name
 * @param architecture          compute capability
 * @param totalMemory           device memory in bytes
 * @param multiprocessors       number of streaming multiprocessors
 * @param warpSize              threads of a warp
 * @param maxThreadsPerBlock    largest block
 * @param maxThreadsPerMultiprocessor threads that are resident on one multiprocessor at most
 * @param sharedMemoryPerBlock  shared memory in bytes that any kernel may use
 * @param maxSharedMemoryPerBlock shared memory in bytes that a kernel may use after
 *                              {@link CudaKernel#allowDynamicSharedMemory}
 * @param maxGridX              largest grid in x; y and z reach 65,535
 * @param l2CacheBytes          size of the L2 cache
 * @param driverVersion         CUDA version that the driver supports, {@code 1000 * major + 10 * minor}
 */
public record DeviceProperties(
        int ordinal,
        String name,
        Architecture architecture,
        long totalMemory,
        int multiprocessors,
        int warpSize,
        int maxThreadsPerBlock,
        int maxThreadsPerMultiprocessor,
        int sharedMemoryPerBlock,
        int maxSharedMemoryPerBlock,
        int maxGridX,
        int l2CacheBytes,
        int driverVersion) {

    /** Refuses missing values. */
    public DeviceProperties {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(architecture, "architecture");
    }

    /** The driver's CUDA version as text, for example {@code 12.6}. */
    public String driverVersionText() {
        return driverVersion / 1000 + "." + driverVersion % 1000 / 10;
    }

    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "cuda:%d %s, compute capability %s, %d multiprocessors, %.1f GiB, driver for CUDA %s",
                ordinal,
                name,
                architecture,
                multiprocessors,
                totalMemory / (double) (1L << 30),
                driverVersionText());
    }
}
