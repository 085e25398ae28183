package io.tandem.cuda.driver;

import static jcuda.nvrtc.JNvrtc.nvrtcCompileProgram;
import static jcuda.nvrtc.JNvrtc.nvrtcCreateProgram;
import static jcuda.nvrtc.JNvrtc.nvrtcDestroyProgram;
import static jcuda.nvrtc.JNvrtc.nvrtcGetCUBIN;
import static jcuda.nvrtc.JNvrtc.nvrtcGetCUBINSize;
import static jcuda.nvrtc.JNvrtc.nvrtcGetErrorString;
import static jcuda.nvrtc.JNvrtc.nvrtcGetNumSupportedArchs;
import static jcuda.nvrtc.JNvrtc.nvrtcGetPTX;
import static jcuda.nvrtc.JNvrtc.nvrtcGetProgramLog;
import static jcuda.nvrtc.JNvrtc.nvrtcGetSupportedArchs;
import static jcuda.nvrtc.JNvrtc.nvrtcVersion;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import jcuda.nvrtc.JNvrtc;
import jcuda.nvrtc.nvrtcProgram;
import jcuda.nvrtc.nvrtcResult;

/**
 * Compiles with NVRTC, through JCuda, with a cache on disk. For an architecture that this NVRTC knows it makes a cubin,
 * for a newer one PTX of the newest that it knows, which the driver compiles further.
 */
public final class NvrtcCompiler implements KernelCompiler {

    private final KernelCache cache;
    private final List<String> commonOptions;
    private final String version;
    private final List<Architecture> architectures;

    /**
     * Opens the compiler. It needs no GPU and no driver.
     *
     * @param libraries the CUDA libraries, which are loaded if they are not yet
     * @param cache     where compiled kernels are kept
     * @throws CudaException if NVRTC is not found or does not load
     */
    public NvrtcCompiler(CudaLibraries libraries, KernelCache cache) {
        this.cache = cache;
        libraries.loadCompiler();
        JNvrtc.setExceptionsEnabled(false);
        List<String> options = new ArrayList<>(List.of("--std=c++17"));
        Optional<Path> include = libraries.includeFolder();
        include.ifPresent(folder -> options.add("--include-path=" + folder));
        commonOptions = List.copyOf(options);
        int[] major = new int[1];
        int[] minor = new int[1];
        check(nvrtcVersion(major, minor), "nvrtcVersion");
        version = "NVRTC " + major[0] + "." + minor[0];
        int[] count = new int[1];
        check(nvrtcGetNumSupportedArchs(count), "nvrtcGetNumSupportedArchs");
        int[] numbers = new int[count[0]];
        check(nvrtcGetSupportedArchs(numbers), "nvrtcGetSupportedArchs");
        architectures = Arrays.stream(numbers)
                .sorted()
                .mapToObj(Architecture::ofNumber)
                .toList();
    }

    @Override
    public String version() {
        return version;
    }

    @Override
    public List<Architecture> architectures() {
        return architectures;
    }

    @Override
    public ModuleImage compile(KernelSource source, Architecture target) {
        boolean known = architectures.contains(target);
        Architecture used = known ? target : newestBefore(target);
        String name = known ? used.realName() : used.virtualName();
        ModuleImage.Format format = known ? ModuleImage.Format.CUBIN : ModuleImage.Format.PTX;
        KernelSource complete = new KernelSource(source.name(), source.text(), allOptions(source, name));
        String key = KernelCache.key(version, name, complete);
        byte[] code = cache.find(key).orElseGet(() -> {
            byte[] compiled = compile(complete, format);
            cache.put(key, compiled);
            return compiled;
        });
        return new ModuleImage(source.name(), format, code);
    }

    @Override
    public List<ModuleImage> compileAll(List<KernelSource> sources, Architecture target) {
        return sources.parallelStream().map(source -> compile(source, target)).toList();
    }

    private Architecture newestBefore(Architecture target) {
        return architectures.stream()
                .filter(a -> a.compareTo(target) < 0)
                .reduce((a, b) -> b)
                .orElseThrow(() -> new CudaException(
                        "compile for " + target,
                        version + " compiles for " + architectures.getFirst() + " and newer; use an older CUDA toolkit",
                        null));
    }

    private List<String> allOptions(KernelSource source, String architecture) {
        List<String> options = new ArrayList<>(commonOptions);
        options.add("--gpu-architecture=" + architecture);
        options.addAll(source.options());
        return options;
    }

    private static byte[] compile(KernelSource source, ModuleImage.Format format) {
        nvrtcProgram program = new nvrtcProgram();
        check(nvrtcCreateProgram(program, source.text(), source.name(), 0, null, null), "nvrtcCreateProgram");
        try {
            String[] options = source.options().toArray(String[]::new);
            int status = nvrtcCompileProgram(program, options.length, options);
            if (status != nvrtcResult.NVRTC_SUCCESS) {
                String[] log = {""};
                nvrtcGetProgramLog(program, log);
                throw new CudaException(
                        "nvrtcCompileProgram(" + source.name() + ")", status, name(status), "\n" + log[0]);
            }
            return format == ModuleImage.Format.CUBIN ? cubin(program) : ptx(program);
        } finally {
            nvrtcDestroyProgram(program);
        }
    }

    private static byte[] cubin(nvrtcProgram program) {
        long[] size = new long[1];
        check(nvrtcGetCUBINSize(program, size), "nvrtcGetCUBINSize");
        byte[] code = new byte[Math.toIntExact(size[0])];
        check(nvrtcGetCUBIN(program, code), "nvrtcGetCUBIN");
        return code;
    }

    private static byte[] ptx(nvrtcProgram program) {
        String[] text = new String[1];
        check(nvrtcGetPTX(program, text), "nvrtcGetPTX");
        String plain = text[0].endsWith("\0") ? text[0].substring(0, text[0].length() - 1) : text[0];
        return plain.getBytes(StandardCharsets.UTF_8);
    }

    private static String name(int status) {
        return nvrtcGetErrorString(status);
    }

    private static void check(int status, String call) {
        if (status != nvrtcResult.NVRTC_SUCCESS) {
            throw new CudaException(call, status, name(status), "");
        }
    }
}
