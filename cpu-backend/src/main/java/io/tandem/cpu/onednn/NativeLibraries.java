package io.tandem.cpu.onednn;

import io.tandem.cpu.foreign.ForeignFunction;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.net.URL;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Properties;

/**
 * oneDNN and its OpenMP runtime, loaded into this process. They are found on the class path, as the artifact
 * {@code org.bytedeco:dnnl} with a platform classifier carries them, copied into a private folder and loaded from
 * there.
 */
public final class NativeLibraries {
    private static final String ARTIFACT = "org.bytedeco:dnnl:3.11-1.5.13";
    private static final String PROPERTIES = "META-INF/maven/org.bytedeco/dnnl/pom.properties";
    /**
     * Rounds that an idle OpenMP worker spins before it sleeps, about 0.2 ms: enough to bridge the gap between two
     * kernels, and between two predictions of single samples, which waking it would make a third slower.
     */
    private static final String SPIN_COUNT = "10000";

    private final Path folder;
    private final SymbolLookup symbols;

    private NativeLibraries(Path folder, SymbolLookup symbols) {
        this.folder = folder;
        this.symbols = symbols;
    }

    /**
     * What a search came to.
     *
     * @param libraries the loaded libraries, if there are any
     * @param explanation one sentence: what was loaded and from where, or what is missing and what to do
     */
    public record Discovery(Optional<NativeLibraries> libraries, String explanation) {}

    /** The libraries of this process. The first call searches, copies and loads; later ones give the same answer. */
    public static Discovery discover() {
        return Holder.FOUND;
    }

    /**
     * The libraries of this process.
     *
     * @throws IllegalStateException if there are none; the message is the explanation
     */
    public static NativeLibraries require() {
        return Holder.FOUND.libraries().orElseThrow(() -> new IllegalStateException(Holder.FOUND.explanation()));
    }

    /** The folder that the libraries were loaded from. */
    public Path folder() {
        return folder;
    }

    /** The address of a function of oneDNN or of the OpenMP runtime that oneDNN uses. */
    public Optional<MemorySegment> find(String function) {
        return symbols.find(function);
    }

    private static final class Holder {
        static final Discovery FOUND = search(NativeCache.ofUser());
    }

    private static Discovery search(NativeCache cache) {
        Optional<Platform> platform = Platform.current();
        if (platform.isEmpty()) {
            return absent("there are no natives for " + System.getProperty("os.name") + " on "
                    + System.getProperty("os.arch"));
        }
        List<NativeResource> resources = new ArrayList<>();
        try {
            for (String library : platform.get().libraries()) {
                String name = platform.get().resource(library);
                Optional<URL> url = resource(name);
                if (url.isEmpty()) {
                    return absent("the class path has no " + name + "; add " + ARTIFACT + ":"
                            + platform.get().name() + " to it");
                }
                resources.add(NativeResource.of(library, url.get()));
            }
            Path folder = cache.provide(folderName(platform.get(), resources), resources);
            return load(folder, resources);
        } catch (IOException | RuntimeException | UnsatisfiedLinkError e) {
            return absent("loading " + resources.stream().map(NativeResource::location).toList() + " failed: " + e);
        }
    }

    private static Discovery load(Path folder, List<NativeResource> resources) {
        setEnvironment("GOMP_SPINCOUNT", SPIN_COUNT);
        List<SymbolLookup> lookups = new ArrayList<>();
        for (NativeResource resource : resources) {
            Path file = folder.resolve(resource.file());
            try {
                lookups.add(SymbolLookup.libraryLookup(file, Arena.global()));
            } catch (IllegalArgumentException e) {
                return absent(file + " cannot be loaded: " + e.getMessage()
                        + " (a library that it needs is missing, or its folder does not allow execution)");
            }
        }
        // oneDNN's own lookup also sees the libraries it was linked with: that is the OpenMP runtime it really uses,
        // even where another copy was in the process before.
        SymbolLookup symbols = lookups.getLast();
        for (SymbolLookup lookup : lookups.reversed()) {
            symbols = symbols.or(lookup);
        }
        if (symbols.find("dnnl_version").isEmpty()) {
            return absent(folder + " holds a library that is not oneDNN: it has no function dnnl_version");
        }
        NativeLibraries libraries = new NativeLibraries(folder, symbols);
        return new Discovery(Optional.of(libraries), "oneDNN loaded from " + folder);
    }

    private static Discovery absent(String reason) {
        return new Discovery(Optional.empty(), "no oneDNN: " + reason);
    }

    private static Optional<URL> resource(String name) {
        URL own = NativeLibraries.class.getClassLoader().getResource(name);
        if (own != null) {
            return Optional.of(own);
        }
        ClassLoader context = Thread.currentThread().getContextClassLoader();
        return context == null ? Optional.empty() : Optional.ofNullable(context.getResource(name));
    }

    private static String folderName(Platform platform, List<NativeResource> resources) throws IOException {
        StringBuilder checksum = new StringBuilder();
        for (NativeResource resource : resources) {
            checksum.append("%08x".formatted(resource.checksum()));
        }
        Properties properties = new Properties();
        Optional<URL> url = resource(PROPERTIES);
        if (url.isPresent()) {
            try (InputStream in = url.get().openStream()) {
                properties.load(in);
            }
        }
        String version = properties.getProperty("version", "unknown").replaceAll("[^A-Za-z0-9.-]", "_");
        return "onednn-" + version + "-" + platform.name() + "-" + checksum;
    }

    /**
     * Sets a variable for C code of this process, unless the user has set it. Does nothing where there is no setenv.
     */
    private static void setEnvironment(String variable, String value) {
        Linker.nativeLinker().defaultLookup().find("setenv").ifPresent(address -> {
            try (Arena arena = Arena.ofConfined()) {
                long name = arena.allocateFrom(variable).address();
                long text = arena.allocateFrom(value).address();
                if ((int) new ForeignFunction("setenv", address).call(name, text, 0) != 0) {
                    throw new IllegalStateException("setenv(" + variable + ") failed");
                }
            }
        });
    }
}
