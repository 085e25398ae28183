package io.tandem.cuda.driver;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** Asks the NVIDIA driver whether there is a device, without JCuda and without failing where there is no driver. */
final class DriverProbe {

    private static final int OLDEST_DRIVER = 12_000;

    private DriverProbe() {}

    /**
     * Why no device can be used.
     *
     * @param reason what is wrong
     * @param remedy the one thing to do
     */
    record Problem(String reason, String remedy) {
        @Override
        public String toString() {
            return reason + "; " + remedy;
        }
    }

    /**
     * What is known of the driver.
     *
     * @param library the library that was opened, nothing if none was found
     * @param version CUDA version that it supports, 0 if unknown
     * @param devices number of devices
     * @param problem why no device can be used; nothing if one can
     */
    record State(Optional<String> library, int version, int devices, Optional<Problem> problem) {

        String versionText() {
            return version / 1000 + "." + version % 1000 / 10;
        }
    }

    /**
     * Opens the driver's library and counts devices.
     *
     * @param candidates names (searched by the system) and paths to try, in order
     */
    static State probe(List<String> candidates) {
        for (String candidate : candidates) {
            try (Arena arena = Arena.ofConfined()) {
                return ask(candidate, SymbolLookup.libraryLookup(candidate, arena), arena);
            } catch (IllegalArgumentException absent) {
                // the next candidate may be there
            }
        }
        return new State(
                Optional.empty(),
                0,
                0,
                Optional.of(new Problem(
                        "no NVIDIA driver: libcuda.so.1 is neither in the system's library path nor in "
                                + folders(candidates),
                        "install the NVIDIA driver, so that nvidia-smi runs")));
    }

    private static String folders(List<String> candidates) {
        return candidates.stream()
                .filter(name -> name.contains("/"))
                .map(name -> name.substring(0, name.lastIndexOf('/')))
                .collect(Collectors.joining(", "));
    }

    private static State ask(String library, SymbolLookup symbols, Arena arena) {
        Linker linker = Linker.nativeLinker();
        FunctionDescriptor number = FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS);
        Optional<String> found = Optional.of(library);
        try {
            MemorySegment value = arena.allocate(ValueLayout.JAVA_INT);
            MethodHandle getVersion = linker.downcallHandle(symbols.findOrThrow("cuDriverGetVersion"), number);
            int version = (int) getVersion.invokeExact(value) == 0 ? value.get(ValueLayout.JAVA_INT, 0) : 0;
            MethodHandle initialize = linker.downcallHandle(
                    symbols.findOrThrow("cuInit"),
                    FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
            int status = (int) initialize.invokeExact(0);
            if (status != 0) {
                return new State(found, version, 0, Optional.of(explain(status)));
            }
            MethodHandle count = linker.downcallHandle(symbols.findOrThrow("cuDeviceGetCount"), number);
            status = (int) count.invokeExact(value);
            int devices = status == 0 ? value.get(ValueLayout.JAVA_INT, 0) : 0;
            if (devices == 0) {
                return new State(found, version, 0, Optional.of(explain(100)));
            }
            if (version < OLDEST_DRIVER) {
                State state = new State(found, version, devices, Optional.empty());
                return new State(
                        found,
                        version,
                        devices,
                        Optional.of(new Problem(
                                "the NVIDIA driver supports CUDA " + state.versionText() + " only, needed is 12.0",
                                "update the NVIDIA driver")));
            }
            return new State(found, version, devices, Optional.empty());
        } catch (Throwable failure) {
            return new State(
                    found,
                    0,
                    0,
                    Optional.of(new Problem(
                            library + " is no usable NVIDIA driver (" + failure.getMessage() + ")",
                            "install the NVIDIA driver again")));
        }
    }

    private static Problem explain(int status) {
        return switch (status) {
            case 100 -> new Problem(
                    "the NVIDIA driver finds no GPU (CUDA_ERROR_NO_DEVICE, 100)",
                    "check nvidia-smi, and CUDA_VISIBLE_DEVICES if it is set");
            case 34 -> new Problem(
                    "libcuda.so.1 is the toolkit's stub (CUDA_ERROR_STUB_LIBRARY, 34)",
                    "install the NVIDIA driver, and take the stubs folder out of LD_LIBRARY_PATH");
            case 803 -> new Problem(
                    "the NVIDIA driver's library and kernel module differ in version"
                            + " (CUDA_ERROR_SYSTEM_DRIVER_MISMATCH, 803)",
                    "restart the machine");
            case 804 -> new Problem(
                    "the CUDA compatibility library does not support this GPU"
                            + " (CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE, 804)",
                    "update the NVIDIA driver");
            case 999 -> new Problem(
                    "the NVIDIA driver does not start (CUDA_ERROR_UNKNOWN, 999)",
                    "load its kernel modules (run nvidia-smi as root once) or restart the machine");
            default -> new Problem(
                    "the NVIDIA driver does not start (cuInit returned " + status + ")", "check nvidia-smi");
        };
    }
}
