package io.tandem.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Samples drawn anew in each epoch. */
class ResampledDatasetTest {
    private static final Dataset HUNDRED =
            ArrayDataset.of(NDArray.ofInts(Shape.of(100), IntStream.range(0, 100).toArray()));

    private static List<Integer> drawn(long seed, long epoch) {
        List<Integer> drawn = new ArrayList<>();
        try (Batches batches =
                DataLoader.of(HUNDRED.resampled(1000), 64).withSeed(seed).epoch(epoch)) {
            for (Batch batch : batches) {
                for (int i = 0; i < batch.size(); i++) {
                    drawn.add((int) batch.column(0).getLong(i));
                }
            }
        }
        return drawn;
    }

    @Test
    void eachEpochHasItsOwnSamples() {
        List<Integer> first = drawn(1, 0);
        assertEquals(1000, first.size());
        assertEquals(first, drawn(1, 0));
        assertNotEquals(first, drawn(1, 1));
        assertNotEquals(first, drawn(2, 0));
        // 1000 draws miss one of 100 with a probability below 0.005; each is expected 10 times.
        assertEquals(100, first.stream().distinct().count());
        assertTrue(IntStream.range(0, 100).allMatch(k -> first.stream().filter(d -> d == k).count() < 30));
    }

    @Test
    void nothingToDrawOrFrom() {
        assertThrows(IllegalArgumentException.class, () -> HUNDRED.resampled(0));
        assertThrows(IllegalArgumentException.class, () -> HUNDRED.take(0).resampled(5));
    }
}
