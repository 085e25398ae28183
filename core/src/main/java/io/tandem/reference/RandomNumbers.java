package io.tandem.reference;

import io.tandem.graph.Distribution;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;

/**
 * What {@link io.tandem.graph.Op.Random} means, on every device. From seed, counter and site, all of 64 bits, and the
 * flat row-major index of an element:
 *
 * <ul>
 *   <li>The key of {@link Philox} is {@code seed ^ mix(site)}: word 0 its low, word 1 its high half.
 *   <li>{@code mix} is the finalizer of SplitMix64 (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number
 *       Generators", 2014, variant 13 of Stafford): {@code z = site; z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9; z = (z ^
 *       z >>> 27) * 0x94D049BB133111EB; z ^ z >>> 31}.
 *   <li>The Philox counter is (low half of the block, high half of the block, low half of the counter, high half of the
 *       counter), where block = index / 4, rounded down. The element takes word index % 4 of the block's four.
 *   <li>{@link Distribution#BITS}: the word as an int32.
 *   <li>{@link Distribution#UNIFORM}: {@code (word >>> 8) * 2^-24}, exact in float32.
 *   <li>{@link Distribution#NORMAL}: elements 2j and 2j + 1 are a pair of Box and Muller (1958) from the words (w0, w1)
 *       at the same two places of the same block: {@code u1 = ((w0 >>> 8) + 1) * 2^-24} in (0, 1], {@code u2 = (w1 >>>
 *       8) * 2^-24}, {@code r = sqrt(-2 ln u1)}; element 2j is {@code r cos(2π u2)}, element 2j + 1 is {@code r sin(2π
 *       u2)}. Both words are drawn even if the pair's second element lies beyond the shape.
 * </ul>
 */
public final class RandomNumbers {
    private static final double UNIT = 0x1p-24;

    private RandomNumbers() {}

    /** Draws an array of numbers, as the class comment says. */
    public static NDArray draw(Distribution distribution, Shape shape, long seed, long counter, long site) {
        return value(distribution, new TensorType(distribution.dtype(), shape), seed, counter, site).toNDArray();
    }

    /**
     * The numbers of {@link Distribution#UNIFORM}, as float32 in an interval: {@code low + (high - low) u}, computed in
     * float64. In one pass, because millions of initial values are drawn while a program starts, before this is compiled.
     */
    public static float[] uniform(int size, double low, double high, long seed, long counter, long site) {
        float[] numbers = new float[size];
        int[] words = new int[4];
        double range = high - low;
        long key = key(seed, site);
        for (int at = 0; at < size; at += 4) {
            Philox.block(at / 4, counter, key, words, 0);
            for (int i = 0; i < Math.min(4, size - at); i++) {
                numbers[at + i] = (float) (low + range * ((words[i] >>> 8) * UNIT));
            }
        }
        return numbers;
    }

    /** The key of {@link Philox} for a seed and a site. */
    public static long key(long seed, long site) {
        return seed ^ mix(site);
    }

    /** The finalizer of SplitMix64, a bijection that spreads each bit over all others. */
    public static long mix(long site) {
        long z = (site ^ site >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return z ^ z >>> 31;
    }

    static Value value(Distribution distribution, TensorType type, long seed, long counter, long site) {
        int size = Math.toIntExact(type.shape().size());
        int[] words = new int[Math.ceilDiv(size, 4) * 4];
        long key = key(seed, site);
        for (int at = 0; at < words.length; at += 4) {
            Philox.block(at / 4, counter, key, words, at);
        }
        return switch (distribution) {
            case BITS -> {
                long[] bits = new long[size];
                for (int i = 0; i < size; i++) {
                    bits[i] = words[i];
                }
                yield new Value.Integral(type, bits);
            }
            case UNIFORM -> {
                double[] numbers = new double[size];
                for (int i = 0; i < size; i++) {
                    numbers[i] = (words[i] >>> 8) * UNIT;
                }
                yield new Value.Floating(type, numbers);
            }
            case NORMAL -> {
                double[] numbers = new double[size];
                for (int i = 0; i < size; i++) {
                    int pair = i & ~1;
                    double radius = StrictMath.sqrt(-2 * StrictMath.log(((words[pair] >>> 8) + 1) * UNIT));
                    double angle = 2 * Math.PI * ((words[pair + 1] >>> 8) * UNIT);
                    numbers[i] = radius * (i == pair ? StrictMath.cos(angle) : StrictMath.sin(angle));
                }
                yield Value.rounded(type, numbers);
            }
        };
    }
}
