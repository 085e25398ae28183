package io.tandem.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.tandem.cuda.driver.KernelSource;
import io.tandem.cuda.simulation.SimulationOptions;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * All kernels of the catalog go through NVIDIA's compiler, many in one call, for old and new architectures. Where
 * there is no nvcc, this is skipped and says so.
 */
class NvccCompilationTest {
    private static final Pattern ENTRY = Pattern.compile("\\.entry (\\w+)");

    @TempDir
    private Path folder;

    private static Optional<Path> nvcc() {
        String path = Optional.ofNullable(System.getenv("PATH")).orElse("");
        Stream<String> homes = Stream.of("CUDA_HOME", "CUDA_PATH")
                .map(System::getenv)
                .filter(home -> home != null && !home.isBlank())
                .map(home -> home + "/bin");
        return Stream.of(homes, Stream.of("/usr/local/cuda/bin"), Stream.of(path.split(File.pathSeparator)))
                .flatMap(s -> s)
                .filter(f -> !f.isEmpty())
                .map(f -> Path.of(f, "nvcc"))
                .filter(Files::isExecutable)
                .findFirst();
    }

    private static Path requireNvcc() {
        Assumptions.assumeTrue(nvcc().isPresent(), "no nvcc in CUDA_HOME, /usr/local/cuda or on the PATH");
        return nvcc().orElseThrow();
    }

    private String run(List<String> command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), () -> String.join(" ", command) + "\n" + output.lines().limit(40).toList());
        return output;
    }

    private void compile(List<KernelSource> sources, String architecture) throws IOException, InterruptedException {
        StringBuilder unit = new StringBuilder();
        for (int i = 0; i < sources.size(); i++) {
            assertEquals(List.of("--fmad=false"), sources.get(i).options());
            unit.append("namespace n%d {\n%s}\n".formatted(i, sources.get(i).text()));
        }
        Path input = folder.resolve("catalog.cu");
        Path output = folder.resolve("catalog.ptx");
        Files.writeString(input, unit);
        run(List.of(
                requireNvcc().toString(), "--ptx", "-std=c++17", "--fmad=false", "-w", "-arch=" + architecture, "-o",
                output.toString(), input.toString()));
        Matcher matcher = ENTRY.matcher(Files.readString(output));
        int kernels = 0;
        while (matcher.find()) {
            kernels++;
        }
        assertTrue(kernels >= sources.size(), kernels + " kernels of " + sources.size() + " sources");
    }

    @TestFactory
    Stream<DynamicTest> catalogCompiles() throws IOException, InterruptedException {
        String known = run(List.of(requireNvcc().toString(), "--list-gpu-arch"));
        List<KernelSource> sources;
        try (CudaDevice device = SimulatedDevices.open(SimulationOptions.DEFAULT, SimulatedDevices.DETERMINISTIC)) {
            sources = CatalogPlans.forwardSources(device);
        }
        assertTrue(sources.size() > 500, () -> "only " + sources.size() + " sources");
        return Stream.of("compute_70", "compute_80", "compute_90")
                .filter(known::contains)
                .map(architecture -> dynamicTest(architecture, () -> compile(sources, architecture)));
    }

    /** Also the kernels of gradients and of single operations. */
    @Test
    @Tag("slow")
    void allKernelsCompile() throws IOException, InterruptedException {
        requireNvcc();
        try (CudaDevice device = SimulatedDevices.open(SimulationOptions.DEFAULT, SimulatedDevices.DETERMINISTIC)) {
            compile(CatalogPlans.sources(device), "compute_80");
        }
    }
}
