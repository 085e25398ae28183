package io.tandem.cpu.primitive;

import io.tandem.backend.DeviceOptions;
import io.tandem.cpu.onednn.Engine;
import io.tandem.cpu.onednn.OneDnn;
import io.tandem.cpu.onednn.PrimitiveAttributes;
import io.tandem.cpu.onednn.Stream;

/** What the oneDNN kernels of one device share. Used on the device's thread alone. */
public final class OneDnnContext implements AutoCloseable {
    private final Engine engine;
    private final Stream stream;
    private final PrimitiveAttributes attributes;

    /** Kernels with the library, computing products as the options say. */
    public OneDnnContext(OneDnn library, DeviceOptions options) {
        this.engine = library.engine();
        this.stream = engine.stream();
        this.attributes = attributes(options);
    }

    /** How primitives compute on a device with the given options. */
    static PrimitiveAttributes attributes(DeviceOptions options) {
        return PrimitiveAttributes.DEFAULT
                .withUserScratchpad()
                .withDeterministic(options.deterministic())
                .withFpMath(switch (options.math()) {
                    case EXACT -> PrimitiveAttributes.FpMath.STRICT;
                    case TF32 -> PrimitiveAttributes.FpMath.TF32;
                    case BF16 -> PrimitiveAttributes.FpMath.BF16;
                });
    }

    Engine engine() {
        return engine;
    }

    Stream stream() {
        return stream;
    }

    PrimitiveAttributes attributes() {
        return attributes;
    }

    @Override
    public void close() {
        stream.close();
    }
}
