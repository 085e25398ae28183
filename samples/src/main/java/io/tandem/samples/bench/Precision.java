package io.tandem.samples.bench;

import io.tandem.backend.DeviceOptions;
import io.tandem.nn.MixedPrecision;
import io.tandem.nn.Model;
import java.util.Locale;
import java.util.Optional;

/**
 * The arithmetic of models whose parameters are float32. Parameters, sums, statistics and the optimizer stay in float32 in
 * each case.
 */
public enum Precision {
    /** Exact float32. */
    F32(DeviceOptions.MathPolicy.EXACT, Optional.empty()),
    /** Float32 with factors of products rounded to TensorFloat-32, on a GPU. */
    TF32(DeviceOptions.MathPolicy.TF32, Optional.empty()),
    /** Mixed precision with bfloat16; what products remain in float32 have factors rounded to bfloat16. */
    BF16(DeviceOptions.MathPolicy.BF16, Optional.of(MixedPrecision.bf16())),
    /** Mixed precision with float16, the loss scaled; what products remain in float32 may use TensorFloat-32. */
    F16(DeviceOptions.MathPolicy.TF32, Optional.of(MixedPrecision.f16()));

    private final DeviceOptions.MathPolicy math;
    private final Optional<MixedPrecision> mixed;

    Precision(DeviceOptions.MathPolicy math, Optional<MixedPrecision> mixed) {
        this.math = math;
        this.mixed = mixed;
    }

    /** The device's option. */
    public DeviceOptions.MathPolicy math() {
        return math;
    }

    /** The mixed precision, if it is one. */
    public Optional<MixedPrecision> mixed() {
        return mixed;
    }

    /**
     * Options of a device computing so.
     *
     * @param threads of a CPU, 0 for one per core
     * @param graphs whether a GPU may use CUDA graphs
     */
    DeviceOptions device(int threads, boolean graphs) {
        return DeviceOptions.defaults()
                .withThreads(threads)
                .withMath(math)
                .withGraphs(graphs);
    }

    /** A model computing so. */
    public Model of(Model model) {
        return mixed.map(model::withPrecision).orElse(model);
    }

    /** The name in results. */
    String label() {
        return this == F32 ? "fp32" : name().toLowerCase(Locale.ROOT);
    }
}
