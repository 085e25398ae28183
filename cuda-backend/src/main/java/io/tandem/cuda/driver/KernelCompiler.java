package io.tandem.cuda.driver;

import java.util.List;

/** Compiles CUDA C++ to device code. Compilers keep a cache on disk, so that a source is compiled once per machine. */
public interface KernelCompiler {

    /** Name and version, for example {@code NVRTC 12.6}; part of the cache's key. */
    String version();

    /** The architectures that this compiler can compile for, in rising order. */
    List<Architecture> architectures();

    /**
     * Compiles one module.
     *
     * @param source the source
     * @param target the device's architecture. A compiler that does not know it compiles PTX for the newest older one
     * @throws CudaException with the compiler's messages, if the source does not compile
     */
    ModuleImage compile(KernelSource source, Architecture target);

    /**
     * Compiles several modules; cheaper than one by one where the compiler has a high cost per call.
     *
     * @param sources the sources
     * @param target  the device's architecture
     * @return one image per source, in order
     */
    default List<ModuleImage> compileAll(List<KernelSource> sources, Architecture target) {
        return sources.stream().map(source -> compile(source, target)).toList();
    }
}
