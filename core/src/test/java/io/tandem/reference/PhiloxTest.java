package io.tandem.reference;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.graph.Distribution;
import io.tandem.graph.Op;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class PhiloxTest {
    /** The known answers that Random123, the authors' own library, publishes for philox4x32 with 10 rounds. */
    @Test
    void knownAnswers() {
        assertArrayEquals(
                new int[] {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}, block(0, 0, 0));
        assertArrayEquals(
                new int[] {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}, block(-1, -1, -1));
        assertArrayEquals(
                new int[] {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1},
                block(0x85a308d3_243f6a88L, 0x03707344_13198a2eL, 0x299f31d0_a4093822L));
    }

    @Test
    void wordsAreWrittenWhereAsked() {
        int[] words = new int[6];
        Philox.block(0, 0, 0, words, 1);
        assertArrayEquals(new int[] {0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8, 0}, words);
    }

    @Test
    void mixIsTheFinalizerOfSplittableRandom() {
        for (long seed : new long[] {0, 1, -1, 42, Long.MIN_VALUE, 0x123456789abcdefL}) {
            assertEquals(new SplittableRandom(seed).nextLong(), RandomNumbers.mix(seed + 0x9E3779B97F4A7C15L));
        }
    }

    @Test
    void elementsAreTheWordsOfTheirBlocks() {
        long seed = 0x1234_5678_9abc_def0L;
        long counter = 0x0fed_cba9_8765_4321L;
        long site = 77;
        NDArray bits = RandomNumbers.draw(Distribution.BITS, Shape.of(2, 5), seed, counter, site);
        assertEquals(DType.I32, bits.dtype());
        int[] expected = new int[12];
        for (int i = 0; i < 3; i++) {
            Philox.block(i, counter, seed ^ RandomNumbers.mix(site), expected, 4 * i);
        }
        for (int i = 0; i < 10; i++) {
            assertEquals(expected[i], bits.getLong(i));
        }
    }

    @Test
    void uniformsAreTheUpperBits() {
        NDArray bits = RandomNumbers.draw(Distribution.BITS, Shape.of(1000), 1, 2, 3);
        NDArray uniform = RandomNumbers.draw(Distribution.UNIFORM, Shape.of(1000), 1, 2, 3);
        for (int i = 0; i < 1000; i++) {
            double expected = ((int) bits.getLong(i) >>> 8) / (double) (1 << 24);
            assertEquals(expected, uniform.getDouble(i));
            assertTrue(expected >= 0 && expected < 1);
        }
    }

    @Test
    void normalsAreThePairsOfBoxAndMuller() {
        NDArray bits = RandomNumbers.draw(Distribution.BITS, Shape.of(8), 1, 2, 3);
        NDArray normal = RandomNumbers.draw(Distribution.NORMAL, Shape.of(7), 1, 2, 3);
        for (int i = 0; i < 7; i += 2) {
            double u1 = (((int) bits.getLong(i) >>> 8) + 1) * 0x1p-24;
            double u2 = ((int) bits.getLong(i + 1) >>> 8) * 0x1p-24;
            double r = Math.sqrt(-2 * Math.log(u1));
            assertEquals(r * Math.cos(2 * Math.PI * u2), normal.getDouble(i), 1e-6);
            if (i < 6) {
                assertEquals(r * Math.sin(2 * Math.PI * u2), normal.getDouble(i + 1), 1e-6);
            }
        }
    }

    @Test
    void momentsAreThoseOfTheDistributions() {
        int n = 100_000;
        double[] uniform = RandomNumbers.draw(Distribution.UNIFORM, Shape.of(n), 7, 0, 0).toDoubles();
        double[] normal = RandomNumbers.draw(Distribution.NORMAL, Shape.of(n), 7, 0, 0).toDoubles();
        // Five standard errors of each estimate; the numbers are the same in each run.
        assertEquals(0.5, mean(uniform, 1), 5 * Math.sqrt(1 / 12.0 / n));
        assertEquals(1 / 3.0, mean(uniform, 2), 5 * Math.sqrt(4 / 45.0 / n));
        assertEquals(0, mean(normal, 1), 5 / Math.sqrt(n));
        assertEquals(1, mean(normal, 2), 5 * Math.sqrt(2.0 / n));
        assertEquals(0, mean(normal, 3), 5 * Math.sqrt(15.0 / n));
        assertEquals(3, mean(normal, 4), 5 * Math.sqrt(96.0 / n));
    }

    @Test
    void seedCounterAndSiteAllMatter() {
        NDArray base = draw(1, 2, 3);
        assertEquals(base, draw(1, 2, 3));
        assertNotEquals(base, draw(2, 2, 3));
        assertNotEquals(base, draw(1, 3, 3));
        assertNotEquals(base, draw(1, 2, 4));
    }

    private static NDArray draw(long seed, long counter, long site) {
        NDArray drawn = Evaluation.of(
                new Op.Random(Distribution.BITS, Shape.of(3, 5), site), NDArray.scalar(seed), NDArray.scalar(counter));
        assertEquals(RandomNumbers.draw(Distribution.BITS, Shape.of(3, 5), seed, counter, site), drawn);
        return drawn;
    }

    private static double mean(double[] values, int power) {
        double sum = 0;
        for (double value : values) {
            sum += Math.pow(value, power);
        }
        return sum / values.length;
    }

    private static int[] block(long counterLow, long counterHigh, long key) {
        int[] words = new int[4];
        Philox.block(counterLow, counterHigh, key, words, 0);
        return words;
    }
}
