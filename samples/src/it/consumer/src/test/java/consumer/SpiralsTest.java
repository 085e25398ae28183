package consumer;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class SpiralsTest {
    @Test
    void learns() {
        double accuracy = Spirals.train(100);
        assertTrue(accuracy > 0.95, "accuracy " + accuracy);
    }
}
