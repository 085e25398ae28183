package io.tandem.cpu;

import io.tandem.backend.DeviceException;
import io.tandem.backend.DeviceOptions;
import io.tandem.cpu.codegen.KernelCompiler;
import io.tandem.cpu.onednn.OneDnn;
import io.tandem.cpu.threads.Workers;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What tests vary beside {@link DeviceOptions}.
 *
 * @param useOneDnn whether oneDNN is used if it is there
 * @param useMachineCode whether fused kernels become machine code if the processor has the instructions
 * @param useVectors whether they use the Vector API if it is there, where they are no machine code
 * @param poison whether memory is filled with NaN before each run
 */
record CpuSettings(boolean useOneDnn, boolean useMachineCode, boolean useVectors, boolean poison) {
    /** Set it to false to do without machine code. */
    private static final String MACHINE_CODE = "tandem.cpu.machineCode";

    /** What users get. */
    static final CpuSettings DEFAULT =
            new CpuSettings(true, !"false".equals(System.getProperty(MACHINE_CODE)), true, false);

    /** @param vectors whether fused kernels are machine code or vector code, if possible */
    CpuSettings(boolean useOneDnn, boolean vectors, boolean poison) {
        this(useOneDnn, vectors, vectors, poison);
    }

    /** The number of threads that the options ask for. */
    static int threads(DeviceOptions options) {
        if (options.threads() < 0) {
            throw new DeviceException("the number of threads must not be negative, it is " + options.threads()
                    + "; 0 means one per core");
        }
        if (options.deterministic()) {
            return 1;
        }
        return options.threads() == 0 ? Runtime.getRuntime().availableProcessors() : options.threads();
    }

    /** Workers of the calling thread; those of oneDNN's runtime if it is used, since others would compete with them. */
    Workers workers(int count, Optional<OneDnn> library) {
        return library.isPresent() ? Workers.open(count) : Workers.openPool(count);
    }

    KernelCompiler compiler() {
        return (useMachineCode ? KernelCompiler.machine() : Optional.<KernelCompiler>empty())
                .orElseGet(() -> useVectors ? KernelCompiler.withoutMachineCode() : KernelCompiler.scalar());
    }

    static String describe(Optional<OneDnn> library, int threads, KernelCompiler compiler) {
        return "%d thread%s, %s code, %s".formatted(
                threads,
                threads == 1 ? "" : "s",
                compiler.form().name().toLowerCase(Locale.ROOT),
                library.map(l -> "oneDNN " + l.version() + " (" + l.instructionSet() + ")").orElse("without oneDNN"));
    }

    /** The machine's memory; where it cannot be told cheaply, the Java heap's limit. */
    static long memoryBytes() {
        Path file = Path.of("/proc/meminfo");
        if (Files.isReadable(file)) {
            try (Stream<String> lines = Files.lines(file)) {
                Optional<Long> kilobytes = lines.filter(line -> line.startsWith("MemTotal:"))
                        .findFirst()
                        .map(line -> Long.parseLong(line.replaceAll("[^0-9]", "")));
                if (kilobytes.isPresent()) {
                    return kilobytes.get() * 1024;
                }
            } catch (IOException | UncheckedIOException | NumberFormatException e) {
                return Runtime.getRuntime().maxMemory();
            }
        }
        return Runtime.getRuntime().maxMemory();
    }
}
