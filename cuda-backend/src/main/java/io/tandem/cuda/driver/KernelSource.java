package io.tandem.cuda.driver;

import java.util.List;
import java.util.Objects;

/**
 * CUDA C++ source of one module.
 *
 * @param name    what to call the module in messages; not part of the code's identity
 * @param text    the source; kernels are {@code extern "C" __global__ void} functions
 * @param options compiler options, for example {@code --fmad=false}; an architecture option is added by the compiler
 */
public record KernelSource(String name, String text, List<String> options) {

    /** Copies the options. */
    public KernelSource {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(text, "text");
        options = List.copyOf(options);
    }

    /**
     * Source without options.
     *
     * @param name what to call the module in messages
     * @param text the source
     */
    public static KernelSource of(String name, String text) {
        return new KernelSource(name, text, List.of());
    }
}
