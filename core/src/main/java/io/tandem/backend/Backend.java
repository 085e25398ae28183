package io.tandem.backend;

import java.util.List;
import java.util.Optional;

/**
 * A family of devices, for example all NVIDIA GPUs. Backends are found by {@link java.util.ServiceLoader}.
 */
public interface Backend {
    /** The name that device names start with: {@code "cpu"}, {@code "cuda"}, {@code "reference"}. */
    String name();

    /** The names of the devices that can be opened now, best first; empty if there are none. */
    List<String> devices();

    /**
     * Why {@link #devices} is empty, in one sentence that ends with what to do; nothing if it is not. Unlike
     * {@link #diagnose} it loads and unpacks nothing.
     */
    default Optional<String> whyNoDevice() {
        return Optional.empty();
    }

    /** How much better than others this backend is, when a program does not say what it wants: the highest wins. */
    int preference();

    /**
     * Opens a device.
     *
     * @param name a full device name, for example {@code "cuda:0"}
     * @throws DeviceException if it cannot be used: what was looked for, where, what was found, and what to do
     */
    Device open(String name, DeviceOptions options);

    /** What this backend needs and found, for {@code tandem doctor}; it may load libraries to ask for their versions. */
    List<Diagnosis> diagnose();

    /**
     * One line of a diagnosis.
     *
     * @param component for example {@code "oneDNN"}
     * @param ok whether it can be used
     * @param found what was found where, with its version, or where it was looked for
     * @param remedy the one thing to do; empty if nothing needs to be done
     */
    record Diagnosis(String component, boolean ok, String found, String remedy) {}
}
