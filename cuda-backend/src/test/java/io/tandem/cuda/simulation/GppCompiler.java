package io.tandem.cuda.simulation;

import io.tandem.cuda.driver.Architecture;
import io.tandem.cuda.driver.CudaException;
import io.tandem.cuda.driver.KernelCompiler;
import io.tandem.cuda.driver.KernelSource;
import io.tandem.cuda.driver.ModuleImage;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Compiles CUDA C++ for the simulated device with GCC, many sources per call, and keeps the results in a private folder
 * of the user's cache, so that later runs compile only what changed.
 *
 * <p>GCC instruments each memory access of a kernel with a call ({@code -fsanitize=kernel-address}), which the device's
 * own header answers with the state of the simulated memory.
 */
public final class GppCompiler implements KernelCompiler {

    private static final List<String> FLAGS = List.of(
            "-std=c++17",
            "-O1",
            "-w",
            "-fPIC",
            "-shared",
            "-fvisibility=hidden",
            "-ffp-contract=off",
            "-fno-strict-aliasing",
            "-fno-delete-null-pointer-checks",
            "-fno-exceptions",
            "-fno-rtti",
            "-fsanitize=kernel-address",
            "--param",
            "asan-instrumentation-with-call-threshold=0",
            "--param",
            "asan-stack=0",
            "--param",
            "asan-globals=0");
    private static final List<String> HEADERS = List.of("fibers.h", "device.h");
    private static final int SOURCES_PER_CALL = 24;
    private static final int TIMEOUT_SECONDS = 300;

    private final Path compiler;
    private final String version;
    private final Path folder;
    private final String salt;

    private GppCompiler(Path compiler, String version, Path folder) {
        this.compiler = compiler;
        this.version = version;
        this.folder = folder;
        String headers = String.join("\n", HEADERS.stream().map(GppCompiler::resource).toList());
        salt = version + "\n" + FLAGS + "\n" + headers;
        Path include = include();
        createPrivate(include);
        for (String name : HEADERS) {
            publish(include.resolve(name), resource(name));
        }
    }

    /**
     * Finds GCC and the cache folder.
     *
     * @return nothing where the simulation cannot run: see {@link #whyMissing}
     */
    public static Optional<GppCompiler> find() {
        return find(cacheFolder());
    }

    /**
     * Finds GCC.
     *
     * @param cache folder of compiled kernels, made private if it does not exist
     * @return nothing where the simulation cannot run
     */
    public static Optional<GppCompiler> find(Path cache) {
        if (!isSupportedHost()) {
            return Optional.empty();
        }
        return candidates()
                .map(path -> Map.entry(path, firstLine(path)))
                .filter(found -> found.getValue().contains("Free Software Foundation"))
                .findFirst()
                .map(found -> new GppCompiler(
                        found.getKey(), found.getValue().lines().findFirst().orElseThrow(), cache));
    }

    /** One sentence that says why {@link #find} found nothing, for messages of skipped tests. */
    public static String whyMissing() {
        if (!isSupportedHost()) {
            return "the simulated device runs on Linux with x86-64 only";
        }
        return "no g++ or c++ of GCC on the PATH (or in CXX), which the simulated device needs for kernels";
    }

    private static boolean isSupportedHost() {
        return System.getProperty("os.name").equals("Linux")
                && System.getProperty("os.arch").equals("amd64");
    }

    private static Stream<Path> candidates() {
        Stream<Path> named = Optional.ofNullable(System.getenv("CXX")).map(Path::of).stream();
        String path = Optional.ofNullable(System.getenv("PATH")).orElse("");
        Stream<Path> found = Stream.of(path.split(File.pathSeparator))
                .filter(folder -> !folder.isEmpty())
                .flatMap(folder -> Stream.of(Path.of(folder, "g++"), Path.of(folder, "c++")));
        return Stream.concat(named, found).filter(Files::isExecutable);
    }

    private static String firstLine(Path compiler) {
        try {
            Process process = new ProcessBuilder(compiler.toString(), "--version")
                    .redirectErrorStream(true)
                    .start();
            String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return process.waitFor() == 0 ? text : "";
        } catch (IOException unusable) {
            return "";
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return "";
        }
    }

    private static Path cacheFolder() {
        String base = System.getenv("XDG_CACHE_HOME");
        Path root = base != null && !base.isBlank()
                ? Path.of(base)
                : Path.of(System.getProperty("user.home"), ".cache");
        return root.resolve("tandem").resolve("simulated-kernels");
    }

    @Override
    public String version() {
        return version;
    }

    @Override
    public List<Architecture> architectures() {
        return List.of(new Architecture(8, 0));
    }

    @Override
    public ModuleImage compile(KernelSource source, Architecture target) {
        return compileAll(List.of(source), target).getFirst();
    }

    @Override
    public List<ModuleImage> compileAll(List<KernelSource> sources, Architecture target) {
        Map<String, KernelSource> missing = new LinkedHashMap<>();
        for (KernelSource source : sources) {
            String key = key(source);
            if (cached(key).isEmpty()) {
                missing.putIfAbsent(key, source);
            }
        }
        compileMissing(missing);
        List<ModuleImage> images = new ArrayList<>();
        for (KernelSource source : sources) {
            String key = key(source);
            Path library = cached(key)
                    .orElseThrow(() -> new IllegalStateException(
                            "a compiled kernel vanished from " + folder + " while it was in use"));
            byte[] place = (library + "\n" + moduleName(key)).getBytes(StandardCharsets.UTF_8);
            images.add(new ModuleImage(source.name(), ModuleImage.Format.HOST, place));
        }
        return images;
    }

    private String key(KernelSource source) {
        return sha256(salt + "\n" + source.options() + "\n" + source.text());
    }

    private static String moduleName(String key) {
        return "m" + key.substring(0, 20);
    }

    private Optional<Path> cached(String key) {
        Path entry = folder.resolve(key + ".module");
        try {
            Path library = folder.resolve(Files.readString(entry));
            return Files.exists(library) ? Optional.of(library) : Optional.empty();
        } catch (IOException absent) {
            return Optional.empty();
        }
    }

    private void compileMissing(Map<String, KernelSource> missing) {
        List<Map<String, KernelSource>> batches = new ArrayList<>();
        for (Map.Entry<String, KernelSource> entry : missing.entrySet()) {
            if (batches.isEmpty() || batches.getLast().size() == SOURCES_PER_CALL) {
                batches.add(new LinkedHashMap<>());
            }
            batches.getLast().put(entry.getKey(), entry.getValue());
        }
        int workers = Math.max(1, Math.min(batches.size(), Runtime.getRuntime().availableProcessors()));
        try (ExecutorService pool = Executors.newFixedThreadPool(workers)) {
            List<Future<?>> running = new ArrayList<>();
            for (Map<String, KernelSource> batch : batches) {
                running.add(pool.submit(() -> compileBatch(batch)));
            }
            for (Future<?> future : running) {
                await(future);
            }
        }
    }

    private static void await(Future<?> future) {
        try {
            future.get();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while compiling kernels", interrupted);
        } catch (ExecutionException failure) {
            if (failure.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw new IllegalStateException("compiling kernels failed", failure.getCause());
        }
    }

    private void compileBatch(Map<String, KernelSource> batch) {
        StringBuilder unit = new StringBuilder("#include \"device.h\"\n");
        batch.values().stream()
                .flatMap(source -> new KernelScanner(source.text()).headers().stream())
                .distinct()
                .forEach(header -> unit.append("#include <").append(header).append(">\n"));
        List<String> definitions = batch.values().stream()
                .flatMap(source -> source.options().stream())
                .filter(option -> option.startsWith("-D"))
                .distinct()
                .toList();
        if (!definitions.isEmpty() && batch.size() > 1) { // definitions hold for a whole compiler call
            batch.forEach((key, source) -> compileBatch(Map.of(key, source)));
            return;
        }
        batch.forEach((key, source) -> append(unit, moduleName(key), source));
        String library = sha256(String.join(",", batch.keySet())) + ".so";
        Path work = null;
        try {
            work = Files.createTempDirectory(folder, "work");
            Path input = work.resolve("kernels.cpp");
            Path output = work.resolve("kernels.so");
            Files.writeString(input, unit);
            String log = run(command(definitions, input, output), work);
            if (!Files.exists(output)) {
                if (batch.size() > 1) {
                    batch.forEach((key, source) -> compileBatch(Map.of(key, source)));
                    return;
                }
                throw new CudaException(
                        "compile of " + batch.values().iterator().next().name() + " for the simulated device",
                        log,
                        null);
            }
            Files.move(output, folder.resolve(library), StandardCopyOption.ATOMIC_MOVE);
            batch.keySet().forEach(key -> publish(folder.resolve(key + ".module"), library));
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        } finally {
            delete(work);
        }
    }

    private List<String> command(List<String> definitions, Path input, Path output) {
        List<String> command = new ArrayList<>(List.of(compiler.toString()));
        command.addAll(FLAGS);
        command.addAll(definitions);
        command.addAll(List.of("-I", include().toString(), "-o", output.toString(), input.toString()));
        return command;
    }

    private Path include() {
        return folder.resolve("include-" + sha256(salt).substring(0, 20));
    }

    private static void append(StringBuilder unit, String module, KernelSource source) {
        KernelScanner scanner = new KernelScanner(source.text());
        String section = "simshared_" + module;
        unit.append("#define __shared__ static __attribute__((section(\"").append(section).append("\")))\n");
        unit.append("namespace { namespace ").append(module).append(" {\n");
        unit.append("#line 1 \"").append(source.name().replaceAll("[^\\w.-]", "_")).append("\"\n");
        unit.append(scanner.hostSource()).append("\n}}\n#undef __shared__\n");
        scanner.macroNames().forEach(name -> unit.append("#undef ").append(name).append('\n'));
        String begin = "(char*) nullptr";
        String end = begin;
        if (scanner.hasStaticShared()) {
            unit.append("SIM_SHARED(").append(section).append(")\n");
            begin = "&__start_" + section;
            end = "&__stop_" + section;
        }
        for (String kernel : scanner.kernels()) {
            unit.append("SIM_KERNEL(")
                    .append(String.join(
                            ", ", module, kernel, String.valueOf(scanner.needsFibers(kernel)), begin, end))
                    .append(")\n");
        }
    }

    private static String run(List<String> command, Path work) throws IOException {
        Path log = work.resolve("log");
        Process process = new ProcessBuilder(command)
                .directory(work.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        try {
            if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
                return "the compiler did not end within " + TIMEOUT_SECONDS + " seconds";
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return "interrupted";
        } finally {
            process.destroyForcibly();
        }
        return Files.readString(log);
    }

    private static String resource(String name) {
        try (InputStream in = GppCompiler.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException("resource " + name + " is missing beside " + GppCompiler.class);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private static void createPrivate(Path path) {
        try {
            Files.createDirectories(
                    path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        } catch (IOException failure) {
            throw new UncheckedIOException("cannot create " + path, failure);
        }
    }

    /** Writes a file so that other processes see all of it or nothing. */
    private static void publish(Path path, String content) {
        try {
            if (Files.exists(path) && Files.readString(path).equals(content)) {
                return;
            }
            Path part = Files.createTempFile(path.getParent(), "part", null);
            Files.writeString(part, content);
            Files.move(part, path, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException failure) {
            throw new UncheckedIOException("cannot write " + path, failure);
        }
    }

    private static void delete(Path folder) {
        if (folder == null) {
            return;
        }
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        } catch (IOException failure) {
            throw new UncheckedIOException("cannot delete " + folder, failure);
        }
    }

    private static String sha256(String text) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(hash);
        } catch (NoSuchAlgorithmException missing) {
            throw new IllegalStateException(missing);
        }
    }
}
