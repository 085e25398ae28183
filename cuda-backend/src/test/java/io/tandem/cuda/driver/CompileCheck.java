package io.tandem.cuda.driver;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Compiles kernel sources for real architectures where there is no GPU: by NVRTC if it is found, else by nvcc. For
 * tests that must know whether generated code is CUDA C++, not only C++ for the simulated device.
 */
public final class CompileCheck {

    /** The architectures that sources are compiled for, if the compiler still knows them: 7.0, 8.0 and 9.0. */
    public static final List<Architecture> WANTED =
            Stream.of(70, 80, 90).map(Architecture::ofNumber).toList();

    private final KernelCompiler compiler;

    private CompileCheck(KernelCompiler compiler) {
        this.compiler = compiler;
    }

    /** The check with the best compiler of this machine; nothing where there is none. */
    public static Optional<CompileCheck> find() {
        KernelCache cache = KernelCache.ofUser();
        Optional<KernelCompiler> nvrtc;
        try {
            nvrtc = Optional.of(new NvrtcCompiler(CudaLibraries.find(), cache));
        } catch (CudaException missing) {
            nvrtc = Optional.empty();
        }
        return nvrtc.or(() -> NvccCompiler.find(cache)).map(CompileCheck::new);
    }

    /** Says for a skipped test why there is no check. */
    public static String whyMissing() {
        return "neither NVRTC nor nvcc is found on this machine: kernels are not compiled for real GPUs";
    }

    /** The compiler, for messages. */
    public String compiler() {
        return compiler.version();
    }

    /** The architectures of {@link #WANTED} that the compiler knows. */
    public List<Architecture> targets() {
        return WANTED.stream().filter(compiler.architectures()::contains).toList();
    }

    /**
     * Compiles sources for every target.
     *
     * @param sources the sources
     * @return the images, target by target
     * @throws CudaException with the compiler's messages, if one does not compile
     */
    public List<ModuleImage> compile(List<KernelSource> sources) {
        return targets().stream()
                .flatMap(target -> compiler.compileAll(sources, target).stream())
                .toList();
    }
}
