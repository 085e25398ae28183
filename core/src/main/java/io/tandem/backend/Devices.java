package io.tandem.backend;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.ServiceLoader;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Finds backends and opens devices: precisely what was asked for, or an error that says why not. */
public final class Devices {
    private static final Logger log = LoggerFactory.getLogger(Devices.class);

    private Devices() {}

    /** All backends on the class path or module path, the preferred one first. */
    public static List<Backend> backends() {
        List<Backend> backends = new ArrayList<>();
        ServiceLoader.load(Backend.class).forEach(backends::add);
        backends.sort(Comparator.comparingInt(Backend::preference).reversed());
        return backends;
    }

    /**
     * Opens a device.
     *
     * @param name {@code "auto"} for the best one, a backend's name for its best one, or a device's full name
     * @throws DeviceException if there is no such backend or device, or it cannot be used
     */
    public static Device open(String name, DeviceOptions options) {
        List<Backend> backends = backends();
        if (backends.isEmpty()) {
            throw new DeviceException(
                    "no backend found: add the artifact io.tandem:tandem-cpu or io.tandem:tandem-cuda to the class path");
        }
        return name.equals("auto") ? best(backends, options) : named(backends, name, options);
    }

    private static Device named(List<Backend> backends, String name, DeviceOptions options) {
        String family = name.contains(":") ? name.substring(0, name.indexOf(':')) : name;
        Backend backend = backends.stream()
                .filter(b -> b.name().equals(family))
                .findFirst()
                .orElseThrow(() -> new DeviceException("no device '" + name + "': the backends found are "
                        + backends.stream().map(Backend::name).collect(Collectors.joining(", "))
                        + (family.equals("cuda") ? "; add the artifact io.tandem:tandem-cuda" : "")));
        Device device = backend.open(name, options);
        report(device, List.of());
        return device;
    }

    private static Device best(List<Backend> backends, DeviceOptions options) {
        List<String> passed = new ArrayList<>();
        for (Backend backend : backends) {
            if (backend.devices().isEmpty()) {
                passed.add(backend.name() + " (" + backend.whyNoDevice().orElse("no device") + ")");
                continue;
            }
            try {
                Device device = backend.open(backend.devices().getFirst(), options);
                report(device, passed);
                return device;
            } catch (DeviceException e) {
                passed.add(backend.name() + " (" + e.getMessage() + ")");
            }
        }
        throw new DeviceException("no device can be used: " + String.join("; ", passed));
    }

    private static void report(Device device, List<String> passed) {
        // Not asked for what nobody wants to know: a device may still be at work on its opening.
        if (log.isInfoEnabled()) {
            log.info(
                    "using {}: {}{}",
                    device.info().name(),
                    device.info().description(),
                    passed.isEmpty() ? "" : "; not " + String.join(", not ", passed));
        }
    }
}
