package io.tandem.backend;

/**
 * What a device is.
 *
 * @param name the name that opens it, for example {@code "cuda:0"}
 * @param description the hardware and the libraries, for people
 * @param threads threads that kernels run on; 1 for a GPU
 * @param memoryBytes memory that it has
 */
public record DeviceInfo(String name, String description, int threads, long memoryBytes) {}
