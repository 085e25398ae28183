package io.tandem.backend;

/**
 * How a device works.
 *
 * @param threads number of threads of a CPU device; 0 for one per core
 * @param deterministic whether runs on any number of threads give equal bits, at some cost in speed
 * @param math how float32 products are computed
 * @param fuse whether operations are fused into kernels; off only for finding faults
 * @param graphs whether a GPU captures the work of a run once and replays it as one unit; off only for finding faults
 */
public record DeviceOptions(int threads, boolean deterministic, MathPolicy math, boolean fuse, boolean graphs) {

    /** How float32 products and convolutions are computed. */
    public enum MathPolicy {
        /**
         * In float32. Convolutions may be computed by algorithms with fewer multiplications, such as Winograd's, whose
         * rounding errors are of the size that sums in float32 have. There an infinity, a NaN or a huge value spreads to
         * results of neighbouring windows too.
         */
        EXACT,
        /** With inputs rounded to TensorFloat-32 (10 fraction bits) where the device has it. */
        TF32,
        /** With inputs rounded to bfloat16 (7 fraction bits) where the device has it. */
        BF16
    }

    /** The defaults: all cores, fastest order, exact float32, fused, captured. */
    public static DeviceOptions defaults() {
        return new DeviceOptions(0, false, MathPolicy.EXACT, true, true);
    }

    /** These options with another number of threads. */
    public DeviceOptions withThreads(int count) {
        return new DeviceOptions(count, deterministic, math, fuse, graphs);
    }

    /** These options with or without determinism. */
    public DeviceOptions withDeterministic(boolean on) {
        return new DeviceOptions(threads, on, math, fuse, graphs);
    }

    /** These options with another way of computing products. */
    public DeviceOptions withMath(MathPolicy policy) {
        return new DeviceOptions(threads, deterministic, policy, fuse, graphs);
    }

    /** These options with or without fusion. */
    public DeviceOptions withFuse(boolean on) {
        return new DeviceOptions(threads, deterministic, math, on, graphs);
    }

    /** These options with or without captured runs. */
    public DeviceOptions withGraphs(boolean on) {
        return new DeviceOptions(threads, deterministic, math, fuse, on);
    }
}
