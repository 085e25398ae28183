package io.tandem.data;

/**
 * Random numbers for one sample. They depend on seed, epoch, sample and stream alone, so that augmentation gives the
 * same result with any number of threads, in any order, and after a resume.
 *
 * <p>The generator is SplitMix64 (Steele, Lea and Flood 2014), started at a hash of the key.
 */
public final class SampleRandom {
    private static final long GAMMA = 0x9e3779b97f4a7c15L;

    private long state;
    private double spare;
    private boolean hasSpare;

    private SampleRandom(long state) {
        this.state = state;
    }

    /**
     * A generator.
     *
     * @param pass seed and epoch
     * @param sample index of the sample
     * @param stream separates users of random numbers that look at the same sample
     */
    public static SampleRandom of(Pass pass, long sample, long stream) {
        SampleRandom random = new SampleRandom(0);
        random.restart(pass, sample, stream);
        return random;
    }

    /** Starts the numbers of another sample, without a new object. */
    void restart(Pass pass, long sample, long stream) {
        long hash = mix(pass.seed() + GAMMA);
        hash = mix(hash ^ mix(pass.epoch() + 2 * GAMMA));
        hash = mix(hash ^ mix(stream + 3 * GAMMA));
        state = mix(hash ^ mix(sample + 4 * GAMMA));
        hasSpare = false;
    }

    /** 64 random bits. */
    public long nextLong() {
        state += GAMMA;
        return mix(state);
    }

    /** An integer from 0 to {@code bound - 1}. */
    public int nextInt(int bound) {
        if (bound <= 0) {
            throw new IllegalArgumentException("bound must be positive, is " + bound);
        }
        // The bias of a 64-bit product is below 2^-32 for any int bound.
        return (int) Math.unsignedMultiplyHigh(nextLong(), bound);
    }

    /** A number from 0 (inclusive) to 1 (exclusive). */
    public double nextDouble() {
        return (nextLong() >>> 11) * 0x1p-53;
    }

    /** A number from {@code low} to {@code high}. */
    public double uniform(double low, double high) {
        return low + (high - low) * nextDouble();
    }

    /** True with the given probability. */
    public boolean chance(double probability) {
        return nextDouble() < probability;
    }

    /** A normally distributed number with mean 0 and standard deviation 1 (Box and Muller 1958). */
    public double nextGaussian() {
        if (hasSpare) {
            hasSpare = false;
            return spare;
        }
        double radius = StrictMath.sqrt(-2 * StrictMath.log(1 - nextDouble()));
        double angle = 2 * Math.PI * nextDouble();
        spare = radius * StrictMath.sin(angle);
        hasSpare = true;
        return radius * StrictMath.cos(angle);
    }

    private static long mix(long z) {
        z = (z ^ z >>> 30) * 0xbf58476d1ce4e5b9L;
        z = (z ^ z >>> 27) * 0x94d049bb133111ebL;
        return z ^ z >>> 31;
    }
}
