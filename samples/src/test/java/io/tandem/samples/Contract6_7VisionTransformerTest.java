package io.tandem.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A small vision transformer on digits; the full run stands in docs/contract.md. */
@Tag("contract")
class Contract6_7VisionTransformerTest {
    @Test
    void parameters() {
        int patches = 64 * 49 + 64 + 16 * 64;
        int block = 4 * (64 * 64 + 64) + 2 * 2 * 64 + 64 * 256 + 256 + 256 * 64 + 64;
        assertEquals(patches + 4 * block + 2 * 64 + 64 * 10 + 10, NamedModel.VIT.model().parameterCount());
    }

    @Tag("slow")
    @Test
    void itLearnsFromAFifthOfTheImages() {
        double accuracy = Contract5_4DigitsTest.train(NamedModel.VIT, 12_000, 3, 2e-3);
        assertTrue(accuracy >= 0.90, () -> "accuracy " + accuracy);
    }
}
