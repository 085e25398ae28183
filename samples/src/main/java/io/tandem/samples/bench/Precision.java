package io.tandem.samples.bench;

import io.tandem.backend.DeviceOptions;
import java.util.Locale;

/**
 * How products and convolutions of float32 values are computed. Parameters, sums, statistics and the optimizer stay in
 * float32 in each case.
 */
public enum Precision {
    /** Exact float32. */
    F32(DeviceOptions.MathPolicy.EXACT),
    /** Factors rounded to TensorFloat-32, on a GPU. */
    TF32(DeviceOptions.MathPolicy.TF32),
    /** Factors rounded to bfloat16, where the device has instructions for it. */
    BF16(DeviceOptions.MathPolicy.BF16);

    private final DeviceOptions.MathPolicy math;

    Precision(DeviceOptions.MathPolicy math) {
        this.math = math;
    }

    /** The device's option. */
    public DeviceOptions.MathPolicy math() {
        return math;
    }

    /** The name in results. */
    String label() {
        return this == F32 ? "fp32" : name().toLowerCase(Locale.ROOT);
    }
}
