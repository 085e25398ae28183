package io.tandem.cpu.onednn;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.tandem.cpu.foreign.ForeignFunction;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Optional;

/** oneDNN in this process, and its one CPU engine. */
public final class OneDnn {
    private static final long KIND_CPU = 1;
    private static final int NEEDED_MAJOR = 3;
    private static final int NEEDED_MINOR = 5;

    private final String version;
    private final String instructionSet;
    private final Path folder;
    private final Engine engine;

    private OneDnn(String version, String instructionSet, Path folder, Engine engine) {
        this.version = version;
        this.instructionSet = instructionSet;
        this.folder = folder;
        this.engine = engine;
    }

    /** The library, if it is on the class path and fits this machine. The first call loads it. */
    public static Optional<OneDnn> find() {
        return Holder.FOUND.library();
    }

    /** One sentence: what was loaded and from where, or what was looked for, why there is none, and what to do. */
    public static String explanation() {
        return Holder.FOUND.explanation();
    }

    /**
     * The library.
     *
     * @throws IllegalStateException if there is none; the message is {@link #explanation()}
     */
    public static OneDnn require() {
        return find().orElseThrow(() -> new IllegalStateException(explanation()));
    }

    /** Its version, as in {@code 3.11.0}. */
    public String version() {
        return version;
    }

    /** The instruction set that it uses here, as in {@code AVX-512 bf16}. */
    public String instructionSet() {
        return instructionSet;
    }

    /** Where it was loaded from. */
    public Path folder() {
        return folder;
    }

    /** The CPU. It lives as long as the process. */
    public Engine engine() {
        return engine;
    }

    private record Found(Optional<OneDnn> library, String explanation) {}

    private static final class Holder {
        static final Found FOUND = open();
    }

    private static Found open() {
        NativeLibraries.Discovery discovery = NativeLibraries.discover();
        if (discovery.libraries().isEmpty()) {
            return new Found(Optional.empty(), discovery.explanation());
        }
        Path folder = discovery.libraries().get().folder();
        try {
            ForeignFunction versionCall = Calls.function("dnnl_version");
            long address = versionCall.call();
            MemorySegment numbers = MemorySegment.ofAddress(address).reinterpret(12);
            int major = numbers.get(JAVA_INT, 0);
            int minor = numbers.get(JAVA_INT, 4);
            String version = major + "." + minor + "." + numbers.get(JAVA_INT, 8);
            if (major != NEEDED_MAJOR || minor < NEEDED_MINOR) {
                return new Found(Optional.empty(), "no oneDNN: " + folder + " holds version " + version + ", and "
                        + NEEDED_MAJOR + "." + NEEDED_MINOR + " or a later 3.x is needed");
            }
            ForeignFunction isaCall = Calls.function("dnnl_get_effective_cpu_isa");
            int isa = (int) isaCall.call();
            OneDnn library = new OneDnn(version, instructionSet(isa), folder, new Engine(createEngine()));
            return new Found(Optional.of(library),
                    "oneDNN " + version + " (" + library.instructionSet + ") from " + folder);
        } catch (RuntimeException e) {
            return new Found(Optional.empty(), "no oneDNN: the library in " + folder + " does not work: " + e);
        }
    }

    private static long createEngine() {
        ForeignFunction create = Calls.function("dnnl_engine_create");
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(JAVA_LONG);
            Calls.check(create, () -> "CPU", out.address(), KIND_CPU, 0L);
            return out.get(JAVA_LONG, 0);
        }
    }

    private static String instructionSet(int isa) {
        return switch (isa) {
            case 0x1 -> "SSE4.1";
            case 0x3 -> "AVX";
            case 0x7 -> "AVX2";
            case 0xf, 0x1f -> "AVX2 VNNI";
            case 0x27 -> "AVX-512";
            case 0x67 -> "AVX-512 VNNI";
            case 0xe7 -> "AVX-512 bf16";
            case 0x1ef -> "AVX-512 f16";
            case 0xfef -> "AVX-512 AMX";
            case 0x1fef -> "AVX-512 AMX f16";
            default -> "instruction set 0x" + Integer.toHexString(isa);
        };
    }
}
