package io.tandem.backend;

import java.util.List;

/**
 * A family of devices, for example all NVIDIA GPUs. Backends are found by {@link java.util.ServiceLoader}.
 */
public interface Backend {
    /** The name that device names start with: {@code "cpu"}, {@code "cuda"}, {@code "reference"}. */
    String name();

    /** The names of the devices that can be opened now, best first; empty if there are none. */
    List<String> devices();

    /** How much better than others this backend is, when a program does not say what it wants: the highest wins. */
    int preference();

    /**
     * Opens a device.
     *
     * @param name a full device name, for example {@code "cuda:0"}
     * @throws DeviceException if it cannot be used: what was looked for, where, what was found, and what to do
     */
    Device open(String name, DeviceOptions options);

    /** What this backend needs and found, for {@code tandem doctor}. */
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
