package io.tandem.cuda.driver;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Compiles with a toolkit's {@code nvcc}, with a cache on disk. Slower per call than NVRTC; for machines that have a
 * toolkit without NVRTC, and to check sources where there is no GPU.
 */
public final class NvccCompiler implements KernelCompiler {

    private static final Pattern RELEASE = Pattern.compile("release (\\d+\\.\\d+)");
    private static final Pattern REAL = Pattern.compile("sm_(\\d+)\\s");
    private static final int TIMEOUT_SECONDS = 300;

    private final Path nvcc;
    private final KernelCache cache;
    private final String version;
    private final List<Architecture> architectures;

    private NvccCompiler(Path nvcc, KernelCache cache) {
        this.nvcc = nvcc;
        this.cache = cache;
        Matcher release = RELEASE.matcher(run(List.of(nvcc.toString(), "--version")).output());
        version = "nvcc " + (release.find() ? release.group(1) : "of unknown version");
        String codes = run(List.of(nvcc.toString(), "--list-gpu-code")).output() + "\n";
        List<Architecture> found = new ArrayList<>();
        Matcher matcher = REAL.matcher(codes);
        while (matcher.find()) {
            found.add(Architecture.ofNumber(Integer.parseInt(matcher.group(1))));
        }
        architectures = found.stream().distinct().sorted().toList();
    }

    /**
     * Finds nvcc: in {@code CUDA_HOME}, {@code CUDA_PATH}, {@code /usr/local/cuda} and on the PATH.
     *
     * @param cache where compiled kernels are kept
     */
    public static Optional<NvccCompiler> find(KernelCache cache) {
        return find(System.getenv(), cache);
    }

    static Optional<NvccCompiler> find(Map<String, String> environment, KernelCache cache) {
        Stream<Path> homes = Stream.of("CUDA_HOME", "CUDA_PATH")
                .map(environment::get)
                .filter(home -> home != null && !home.isBlank())
                .map(Path::of);
        Stream<Path> toolkits = Stream.concat(homes, Stream.of(Path.of("/usr/local/cuda")))
                .map(home -> home.resolve("bin"));
        Stream<Path> path = Stream.of(environment.getOrDefault("PATH", "").split(":"))
                .filter(folder -> !folder.isEmpty())
                .map(Path::of);
        return Stream.concat(toolkits, path)
                .map(folder -> folder.resolve("nvcc"))
                .filter(Files::isExecutable)
                .findFirst()
                .map(found -> new NvccCompiler(found, cache));
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
        if (!architectures.contains(target)) {
            throw new CudaException(
                    "compile of " + source.name() + " for " + target,
                    version + " compiles for " + architectures,
                    null);
        }
        String key = KernelCache.key(version, target.realName(), source);
        byte[] code = cache.find(key).orElseGet(() -> {
            byte[] compiled = compileNow(source, target);
            cache.put(key, compiled);
            return compiled;
        });
        return new ModuleImage(source.name(), ModuleImage.Format.CUBIN, code);
    }

    private byte[] compileNow(KernelSource source, Architecture target) {
        try {
            Path folder = Files.createTempDirectory("tandem-nvcc");
            try {
                Path input = folder.resolve("source.cu");
                Path output = folder.resolve("source.cubin");
                Files.writeString(input, source.text());
                List<String> command = new ArrayList<>(List.of(
                        nvcc.toString(),
                        "--cubin",
                        "--std=c++17",
                        "--gpu-architecture=" + target.realName(),
                        "-o",
                        output.toString(),
                        input.toString()));
                command.addAll(source.options());
                Outcome outcome = run(command);
                if (outcome.status() != 0) {
                    throw new CudaException(
                            "nvcc(" + source.name() + ", " + target.realName() + ")", outcome.output(), null);
                }
                return Files.readAllBytes(output);
            } finally {
                delete(folder);
            }
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private record Outcome(int status, String output) {}

    private static Outcome run(List<String> command) {
        try {
            Path log = Files.createTempFile("tandem-nvcc", ".log");
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
            try {
                if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
                    return new Outcome(-1, command.getFirst() + " did not end within " + TIMEOUT_SECONDS + " seconds");
                }
                return new Outcome(process.exitValue(), Files.readString(log, StandardCharsets.UTF_8));
            } finally {
                process.destroyForcibly();
                Files.deleteIfExists(log);
            }
        } catch (IOException failure) {
            throw new UncheckedIOException("cannot run " + command.getFirst(), failure);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new CudaException(command.getFirst(), "interrupted", interrupted);
        }
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        }
    }
}
