package io.tandem.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.tensor.NDArray;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What callbacks remember. */
class CallbackTest {
    @Test
    void namesThatACheckpointCouldNotTellApart() {
        for (Map<String, String> values : List.of(Map.of("a:b", "1"), Map.of(":", "1"))) {
            String message = assertThrows(
                    IllegalArgumentException.class, () -> new Callback.Memory(values, Map.of()))
                    .getMessage();
            assertTrue(message.contains("colon"), message);
        }
        assertThrows(
                IllegalArgumentException.class,
                () -> new Callback.Memory(Map.of(), Map.of("x:y", NDArray.scalar(1))));
        assertEquals("1", new Callback.Memory(Map.of("a.b", "1"), Map.of()).values().get("a.b"));
    }
}
