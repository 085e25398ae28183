package io.tandem.cpu.reference;

import io.tandem.backend.Backend;
import io.tandem.backend.Device;
import io.tandem.backend.DeviceException;
import io.tandem.backend.DeviceOptions;
import java.util.List;

/** The backend {@code reference}, with one device: plain Java, slow, and what other devices are compared with. */
public final class ReferenceBackend implements Backend {
    private static final String NAME = "reference";

    /** The one backend of its kind; made by {@link java.util.ServiceLoader}. */
    public ReferenceBackend() {}

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public List<String> devices() {
        return List.of(NAME);
    }

    @Override
    public int preference() {
        return -100;
    }

    @Override
    public Device open(String name, DeviceOptions options) {
        if (!name.equals(NAME)) {
            throw new DeviceException("no device '" + name + "': the reference backend has one device, '" + NAME + "'");
        }
        return new ReferenceDevice(options);
    }

    @Override
    public List<Diagnosis> diagnose() {
        return List.of(new Diagnosis("reference", true, "plain Java " + Runtime.version().feature(), ""));
    }
}
