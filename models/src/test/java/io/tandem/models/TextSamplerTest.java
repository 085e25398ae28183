package io.tandem.models;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** How the next character is chosen. */
class TextSamplerTest {
    private static final double[] LOGITS = {Math.log(1), Math.log(4), Math.log(3), Math.log(2)};

    private static double[] shares(double temperature, int topK) {
        double[] shares = new double[4];
        SplittableRandom random = new SplittableRandom(1);
        int draws = 100_000;
        for (int i = 0; i < draws; i++) {
            shares[TextSampler.choose(LOGITS, temperature, topK, random.nextDouble())] += 1.0 / draws;
        }
        return shares;
    }

    private static void assertShares(double[] expected, double[] found) {
        for (int i = 0; i < 4; i++) {
            // Three standard deviations of 100,000 draws are below 0.005.
            assertEquals(expected[i], found[i], 0.005);
        }
    }

    @Test
    void probabilities() {
        assertShares(new double[] {.1, .4, .3, .2}, shares(1, 0));
        assertShares(new double[] {1 / 30., 16 / 30., 9 / 30., 4 / 30.}, shares(0.5, 0));
        assertShares(new double[] {0, 4 / 7., 3 / 7., 0}, shares(1, 2));
        assertShares(new double[] {0, 1, 0, 0}, shares(0, 0));
        assertShares(new double[] {0, 1, 0, 0}, shares(1, 1));
        assertShares(new double[] {.1, .4, .3, .2}, shares(1, 100));
    }

    @Test
    void theEndsOfChance() {
        assertEquals(0, TextSampler.choose(LOGITS, 1, 0, 0));
        assertEquals(3, TextSampler.choose(LOGITS, 1, 0, Math.nextDown(1.0)));
    }
}
