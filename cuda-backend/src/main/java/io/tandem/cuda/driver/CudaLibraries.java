package io.tandem.cuda.driver;

import io.tandem.cuda.driver.LibraryLocator.Part;
import io.tandem.cuda.driver.LibraryLocator.Toolkit;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import jcuda.JCudaVersion;
import jcuda.jcublas.JCublas2;
import jcuda.jcudnn.JCudnn;
import jcuda.nvrtc.JNvrtc;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The CUDA libraries of this machine: where they are, whether they can be used, and how they are loaded.
 *
 * <p>{@link #find} looks around and loads nothing; it never fails, whatever is missing. A complete installed CUDA 12 or
 * 13 with cuDNN 9 comes first, then the redistributable jar on the class path.
 *
 * <p><b>Loading.</b> The libraries are loaded by path, each after what it opens; JCuda's natives then find them by
 * name, so that no {@code LD_LIBRARY_PATH} is needed. JCuda extracts its natives to {@code java.io.tmpdir} and loads a
 * file of the right name that it finds there. In a world-writable folder anybody could leave such a file. Therefore the
 * natives are put into a private folder of the user's cache first, and the property points there while JCuda's classes
 * initialize. For CUDA 13 these copies are {@linkplain NativeRetargeting retargeted}. The property is changed for some
 * milliseconds, once per process; JCuda's classes must not have been used before.
 */
public final class CudaLibraries {

    private static final Logger LOG = LoggerFactory.getLogger(CudaLibraries.class);
    private static final String REDISTRIBUTABLE = "org.bytedeco:cuda:12.6-9.5-1.5.11:linux-x86_64-redist";
    private static final List<String> COMPILER_NATIVES = List.of("JNvrtc");
    private static final List<String> DEVICE_NATIVES = List.of("JCudaDriver", "JCudaRuntime", "JCublas2", "JCudnn");

    private final Toolkit installed;
    private final Optional<String> jar;
    private final RedistributableLibraries redistributable;
    private final DriverProbe.State driver;
    private final Optional<Path> include;
    private final Path cache;
    private final List<Path> searched;
    private boolean compilerReady;
    private boolean deviceReady;

    private CudaLibraries(
            LibraryLocator locator, RedistributableLibraries redistributable, DriverProbe.State driver, Path cache) {
        this.redistributable = redistributable;
        this.driver = driver;
        this.cache = cache;
        installed = locator.search();
        jar = redistributable.jar();
        include = locator.includeFolder(installed);
        searched = locator.folders();
    }

    /** Looks for the libraries of this machine. Loads and extracts nothing, and never fails. */
    public static CudaLibraries find() {
        Map<String, String> environment = System.getenv();
        Path home = Path.of(System.getProperty("user.home"));
        LibraryLocator locator = new LibraryLocator(environment, Path.of("/"), home);
        DriverProbe.State driver = isSupportedHost()
                ? DriverProbe.probe(locator.driverCandidates())
                : new DriverProbe.State(
                        Optional.empty(), 0, 0, Optional.of(new DriverProbe.Problem(unsupportedHost(), "use the CPU")));
        Path cache = PrivateFolder.cache(environment, home);
        return find(locator, CudaLibraries.class.getClassLoader(), driver, cache);
    }

    static CudaLibraries find(LibraryLocator locator, ClassLoader loader, DriverProbe.State driver, Path cache) {
        return new CudaLibraries(locator, new RedistributableLibraries(loader, cache), driver, cache);
    }

    private static boolean isSupportedHost() {
        return System.getProperty("os.name").equals("Linux")
                && System.getProperty("os.arch").equals("amd64");
    }

    private static String unsupportedHost() {
        return "CUDA is supported on Linux with x86-64 only, this is " + System.getProperty("os.name") + " on "
                + System.getProperty("os.arch");
    }

    /**
     * Why no GPU can be used, in one sentence that ends with what to do; nothing if one can. Answers from what
     * {@link #find} saw, so it costs nothing.
     */
    public Optional<String> whyUnusable() {
        if (driver.problem().isPresent()) {
            return driver.problem().map(DriverProbe.Problem::toString);
        }
        return whyIncomplete().or(this::whyTooNew);
    }

    private Optional<String> whyIncomplete() {
        if (installed.isComplete() || jar.isPresent()) {
            return Optional.empty();
        }
        List<String> missing = Arrays.stream(Part.values())
                .filter(part -> !installed.has(part))
                .map(Part::title)
                .toList();
        return Optional.of(String.join(", ", missing) + " not found in " + searched.size() + " folders ("
                + "CUDA_HOME, LD_LIBRARY_PATH, /usr/local/cuda*, system and Python folders); add " + REDISTRIBUTABLE
                + " to the class path, or install CUDA " + installed.major() + " and cuDNN 9");
    }

    /** Libraries run on drivers of their own major version and newer ones. */
    private boolean isTooNew(int major) {
        return driver.version() > 0 && driver.version() / 1000 < major;
    }

    private Optional<String> whyTooNew() {
        return isTooNew(major())
                ? Optional.of(("the NVIDIA driver supports CUDA %s only, the libraries found are of CUDA %d; update the"
                        + " NVIDIA driver, or add %s to the class path")
                        .formatted(driver.versionText(), major(), REDISTRIBUTABLE))
                : Optional.empty();
    }

    /** Number of devices that the driver reports, 0 without a driver. */
    public int deviceCount() {
        return driver.devices();
    }

    /** The folder of CUDA's headers, for kernels that include them. */
    public Optional<Path> includeFolder() {
        return useInstalled() ? include : Optional.empty();
    }

    private boolean useInstalled() {
        return installed.isComplete() && !isTooNew(installed.major()) || jar.isEmpty();
    }

    void requireDevice() {
        whyUnusable().ifPresent(why -> {
            throw new CudaException("open a CUDA device", why, null);
        });
    }

    /** Loads everything that a device needs. Does nothing when called again. */
    synchronized void load() {
        if (deviceReady) {
            return;
        }
        driver.library().filter(name -> name.startsWith("/")).ifPresent(System::load);
        loadLibraries(Part.CUBLAS, Part.NVRTC, Part.CUDNN);
        prepareJCuda(DEVICE_NATIVES, () -> {
            jcuda.driver.JCudaDriver.setExceptionsEnabled(false);
            JCublas2.setExceptionsEnabled(false);
            JCudnn.setExceptionsEnabled(false);
        });
        deviceReady = true;
    }

    /** Loads the kernel compiler alone, which needs no driver. Does nothing when called again. */
    synchronized void loadCompiler() {
        if (compilerReady) {
            return;
        }
        if (!isSupportedHost()) {
            throw new CudaException("load NVRTC", unsupportedHost(), null);
        }
        loadLibraries(Part.NVRTC);
        prepareJCuda(COMPILER_NATIVES, () -> JNvrtc.setExceptionsEnabled(false));
        compilerReady = true;
    }

    private int major() {
        return useInstalled() ? installed.major() : RedistributableLibraries.major();
    }

    private List<Path> files(Part part) {
        return useInstalled() ? installed.found().get(part) : redistributable.extract(part);
    }

    private void loadLibraries(Part... parts) {
        for (Part part : parts) {
            if (useInstalled() && !installed.has(part)) {
                throw new CudaException(
                        "load " + part.title(), whyIncomplete().orElse(part.title() + " is incomplete"), null);
            }
            for (Path file : files(part)) {
                try {
                    System.load(file.toAbsolutePath().toString());
                } catch (UnsatisfiedLinkError broken) {
                    throw new CudaException(
                            "load " + file,
                            broken.getMessage() + "; install CUDA and cuDNN again, in matching versions",
                            broken);
                }
            }
            LOG.debug("loaded {}", part.title());
        }
    }

    private void prepareJCuda(List<String> natives, Runnable initialize) {
        int major = major();
        String version = JCudaVersion.get();
        PrivateFolder folder = PrivateFolder.open(cache.resolve("jcuda-" + version + "-for-cuda-" + major));
        natives.forEach(name -> place(folder, "lib" + name + "-" + version + "-linux-x86_64.so", major));
        String before = System.getProperty("java.io.tmpdir");
        System.setProperty("java.io.tmpdir", folder.path().toString());
        try {
            initialize.run();
        } catch (LinkageError broken) {
            String reason = broken.getMessage() == null
                    ? broken.toString()
                    : broken.getMessage().lines().findFirst().orElse("");
            throw new CudaException(
                    "load JCuda " + version,
                    reason + "; check that its natives for linux-x86_64 are on the class path",
                    broken);
        } finally {
            System.setProperty("java.io.tmpdir", before);
        }
    }

    /** Puts one of JCuda's natives into the private folder, retargeted if need be. */
    private static void place(PrivateFolder folder, String file, int major) {
        try (InputStream in = JCudaVersion.class.getResourceAsStream("/lib/" + file)) {
            if (in == null) {
                throw new CudaException(
                        "load " + file, "it is not on the class path; add the natives of JCuda for linux-x86_64", null);
            }
            byte[] original = in.readAllBytes();
            byte[] content = major == 12 ? original : NativeRetargeting.retarget(original, renamed(major));
            Path target = folder.resolve(file);
            if (!Files.exists(target) || !Arrays.equals(Files.readAllBytes(target), content)) {
                folder.publish(file, content);
            }
        } catch (IOException failure) {
            throw new UncheckedIOException("cannot prepare " + file, failure);
        }
    }

    static Map<String, String> renamed(int major) {
        return Map.of(
                "libcublas.so.12", "libcublas.so." + major,
                "libcublasLt.so.12", "libcublasLt.so." + major,
                "libnvrtc.so.12", "libnvrtc.so." + major);
    }

    /**
     * The diagnosis: one entry per component. Loads (and extracts, where there is only the jar) the libraries to ask
     * for their versions; what does not load is reported, never thrown.
     */
    public List<ComponentReport> report() {
        List<ComponentReport> reports = new ArrayList<>();
        reports.add(new ComponentReport(
                "NVIDIA driver",
                driver.library(),
                driver.version() > 0 ? Optional.of("CUDA " + driver.versionText()) : Optional.empty(),
                "driver for CUDA 12.0 or newer, and a GPU",
                driver.problem().map(p -> driver.library().isPresent() ? p.toString() : p.remedy())));
        for (Part part : Part.values()) {
            reports.add(report(part));
        }
        return reports;
    }

    private ComponentReport report(Part part) {
        String needed =
                switch (part) {
                    case CUBLAS -> "libcublas.so.12 or .13";
                    case NVRTC -> "libnvrtc.so.12 or .13";
                    case CUDNN -> "libcudnn.so.9";
                };
        boolean fromJar = !useInstalled();
        if (!fromJar && !installed.has(part)) {
            String fix = "add " + REDISTRIBUTABLE + " to the class path, or install "
                    + (part == Part.CUDNN ? "cuDNN 9" : "CUDA " + installed.major());
            List<Path> some = installed.found().get(part);
            Optional<String> incomplete = some.isEmpty() ? Optional.empty() : Optional.of(some + " (incomplete)");
            return new ComponentReport(part.title(), incomplete, Optional.empty(), needed, Optional.of(fix));
        }
        Optional<String> location = fromJar
                ? jar
                : Optional.of(installed.found().get(part).getLast().toString());
        try {
            synchronized (this) {
                loadLibraries(part);
            }
            Path file = files(part).getLast();
            return new ComponentReport(
                    part.title(), location, Optional.of(version(part, file)), needed, Optional.empty());
        } catch (CudaException | IllegalStateException unusable) {
            return new ComponentReport(
                    part.title(), location, Optional.empty(), needed, Optional.of(unusable.getMessage()));
        }
    }

    private static String version(Part part, Path file) {
        Linker linker = Linker.nativeLinker();
        try (Arena arena = Arena.ofConfined()) {
            SymbolLookup symbols = SymbolLookup.libraryLookup(file, arena);
            MemorySegment first = arena.allocate(ValueLayout.JAVA_INT);
            MemorySegment second = arena.allocate(ValueLayout.JAVA_INT);
            switch (part) {
                case CUBLAS -> {
                    MethodHandle property = linker.downcallHandle(
                            symbols.findOrThrow("cublasGetProperty"),
                            FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.ADDRESS));
                    List<String> numbers = new ArrayList<>();
                    for (int i = 0; i < 3; i++) {
                        int ignored = (int) property.invokeExact(i, first);
                        numbers.add(String.valueOf(first.get(ValueLayout.JAVA_INT, 0)));
                    }
                    return String.join(".", numbers);
                }
                case NVRTC -> {
                    MethodHandle version = linker.downcallHandle(
                            symbols.findOrThrow("nvrtcVersion"),
                            FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.ADDRESS));
                    int ignored = (int) version.invokeExact(first, second);
                    return first.get(ValueLayout.JAVA_INT, 0) + "." + second.get(ValueLayout.JAVA_INT, 0);
                }
                case CUDNN -> {
                    MethodHandle version = linker.downcallHandle(
                            symbols.findOrThrow("cudnnGetVersion"), FunctionDescriptor.of(ValueLayout.JAVA_LONG));
                    long number = (long) version.invokeExact();
                    return number / 10_000 + "." + number / 100 % 100 + "." + number % 100;
                }
            }
            throw new IllegalStateException("unknown part " + part);
        } catch (Throwable failure) {
            throw new IllegalStateException(
                    "cannot ask " + file + " for its version: " + failure.getMessage(), failure);
        }
    }
}
