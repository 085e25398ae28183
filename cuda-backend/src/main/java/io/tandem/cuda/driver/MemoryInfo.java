package io.tandem.cuda.driver;

/**
 * The state of a device's memory.
 *
 * @param free  bytes that can still be allocated (fragmentation aside), shared with other processes
 * @param total bytes that the device has
 */
public record MemoryInfo(long free, long total) {}
