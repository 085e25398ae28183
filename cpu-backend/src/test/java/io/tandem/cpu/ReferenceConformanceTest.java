package io.tandem.cpu;

import io.tandem.backend.Device;
import io.tandem.backend.DeviceOptions;
import io.tandem.backend.Devices;
import io.tandem.conformance.BackendConformance;

/** The reference device, with memory that is NaN before each run. */
class ReferenceConformanceTest extends BackendConformance {
    @Override
    protected Device open() {
        return Devices.open("reference", DeviceOptions.defaults().withDeterministic(true));
    }
}
