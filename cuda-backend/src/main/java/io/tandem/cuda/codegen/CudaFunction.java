package io.tandem.cuda.codegen;

import io.tandem.cuda.driver.KernelSource;

/**
 * A kernel in a source.
 *
 * @param source the source
 * @param name the kernel's name in it
 */
public record CudaFunction(KernelSource source, String name) {
    /** The kernel whose name starts with a prefix, followed by the source's hash. */
    static CudaFunction of(KernelSource source, String prefix) {
        return new CudaFunction(source, Snippets.name(source, prefix));
    }
}
