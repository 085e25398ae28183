package io.tandem.cpu.primitive;

import io.tandem.backend.DeviceOptions;
import io.tandem.cpu.onednn.DataType;
import io.tandem.cpu.onednn.Engine;
import io.tandem.cpu.onednn.OneDnn;
import io.tandem.cpu.onednn.PrimitiveAttributes;
import io.tandem.cpu.onednn.Stream;

/** What the oneDNN kernels of one device share. Used on the device's thread alone. */
public final class OneDnnContext implements AutoCloseable {
    private final Engine engine;
    private final Stream stream;
    private final PrimitiveAttributes attributes;
    private final DataType factors;

    /** Kernels with the library, computing products as the options say. */
    public OneDnnContext(OneDnn library, DeviceOptions options) {
        this.engine = library.engine();
        this.stream = engine.stream();
        this.attributes = PrimitiveAttributes.DEFAULT
                .withUserScratchpad()
                .withDeterministic(options.deterministic())
                .withFpMath(switch (options.math()) {
                    case EXACT -> PrimitiveAttributes.FpMath.STRICT;
                    case TF32 -> PrimitiveAttributes.FpMath.TF32;
                    case BF16 -> PrimitiveAttributes.FpMath.BF16;
                });
        this.factors = options.math() == DeviceOptions.MathPolicy.BF16 && multipliesBfloat16(library)
                ? DataType.BF16
                : DataType.F32;
    }

    /** Whether this machine multiplies bfloat16 faster than float32. */
    public static boolean multipliesBfloat16(OneDnn library) {
        String set = library.instructionSet();
        return set.contains("bf16") || set.contains("AMX") || set.contains("AVX-512 f16");
    }

    /** Whether this machine multiplies float16 faster than float32. */
    public static boolean multipliesFloat16(OneDnn library) {
        return library.instructionSet().endsWith(" f16");
    }

    /** The type that float32 factors of products and convolutions are rounded to; sums and results are float32. */
    DataType factor(DataType type) {
        return type == DataType.F32 ? factors : type;
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
