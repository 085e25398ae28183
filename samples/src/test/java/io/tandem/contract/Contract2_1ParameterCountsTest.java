package io.tandem.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.models.Mlp;
import io.tandem.nn.Dense;
import io.tandem.nn.Model;
import java.util.Arrays;
import java.util.Locale;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Section 2.1: parameters of dense networks. */
@Tag("contract")
class Contract2_1ParameterCountsTest {
    @ParameterizedTest
    @CsvSource({
        "784-256-128-10, 235146",
        "784-32-10-10, 25560",
        "3-4-4-4-2, 66",
        "2-2-1, 9",
        "2-3-1, 13",
        "2-4-2-1, 25"
    })
    void ofALayeredNetwork(String sizes, long parameters) {
        int[] units = Arrays.stream(sizes.split("-")).mapToInt(Integer::parseInt).toArray();
        Model model = Model.of(Mlp.of(Arrays.copyOfRange(units, 1, units.length)), units[0]);
        assertEquals(parameters, model.parameterCount());
        assertTrue(
                model.summary().contains(String.format(Locale.ROOT, "%,d parameters", parameters)),
                model.summary());
    }

    @Test
    void ofEachLayer() {
        Model model = Model.of(Mlp.of(256, 128, 10), 784);
        long[] counts = {200_960, 32_896, 1_290};
        String[] layers = {"layers.1.", "layers.3.", "layers.5."};
        for (int i = 0; i < 3; i++) {
            String layer = layers[i];
            assertEquals(
                    counts[i],
                    model.variables().entrySet().stream()
                            .filter(e -> e.getKey().startsWith(layer))
                            .mapToLong(e -> e.getValue().type().shape().size())
                            .sum());
        }
    }

    @Test
    void ofAnImageIntoAThousandUnits() {
        Model model = Model.of(Dense.of(1000).withoutBias(), 100 * 100);
        assertEquals(10_000_000, model.parameterCount());
        assertTrue(model.summary().contains("10,000,000 parameters"), model.summary());
    }
}
