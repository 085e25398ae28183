package io.tandem.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.graph.GraphException;
import io.tandem.nn.Dense;
import io.tandem.nn.Initializer;
import io.tandem.nn.Initializers;
import io.tandem.nn.Model;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.TensorType;
import java.util.Arrays;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Section 4.2: initial weights of a layer with 300 inputs and 100 outputs. */
@Tag("contract")
class Contract4_2InitializersTest {
    private static final int IN = 300;
    private static final int OUT = 100;
    /** Sampling error of a standard deviation from 30,000 numbers is below 0.5 %. */
    private static final double TOLERANCE = 0.02;

    private static double[] draw(Initializer initializer) {
        return initializer.initialize(TensorType.f32(OUT, IN), 1).toDoubles();
    }

    private static void check(Initializer initializer, double mean, double std, double limit) {
        double[] values = draw(initializer);
        double average = Arrays.stream(values).average().orElseThrow();
        double variance =
                Arrays.stream(values).map(v -> (v - average) * (v - average)).average().orElseThrow();
        assertEquals(mean, average, TOLERANCE * std);
        assertEquals(std, Math.sqrt(variance), TOLERANCE * std);
        double largest = Arrays.stream(values).map(v -> Math.abs(v - mean)).max().orElseThrow();
        assertTrue(largest <= limit * (1 + 1e-6), "largest distance from the mean " + largest);
        if (Double.isFinite(limit)) {
            assertTrue(largest > 0.99 * limit, "largest distance from the mean " + largest);
        }
        assertArrayEquals(values, draw(initializer), "equal seeds give equal values");
    }

    @Test
    void distributions() {
        double any = Double.POSITIVE_INFINITY;
        assertTrue(Arrays.stream(draw(Initializers.constant(0.3))).allMatch(v -> v == (float) 0.3));
        check(Initializers.uniform(-1, 3), 1, 4 / Math.sqrt(12), 2);
        check(Initializers.normal(0.75, 0.01), 0.75, 0.01, any);
        // Cut off at two standard deviations, which leaves 0.8796 of the deviation.
        check(Initializers.truncatedNormal(0, 0.5), 0, 0.5 * 0.87962566, 1);
        double glorot = Math.sqrt(2.0 / (IN + OUT));
        check(Initializers.glorotUniform(), 0, glorot, glorot * Math.sqrt(3));
        check(Initializers.glorotNormal(), 0, glorot, any);
        double he = Math.sqrt(2.0 / IN);
        check(Initializers.heUniform(), 0, he, he * Math.sqrt(3));
        check(Initializers.heNormal(), 0, he, any);
        double lecun = Math.sqrt(1.0 / IN);
        check(Initializers.lecunUniform(), 0, lecun, lecun * Math.sqrt(3));
        check(Initializers.lecunNormal(), 0, lecun, 2 * lecun / 0.87962566);
    }

    @Test
    void orthogonalRows() {
        double[] w = draw(Initializers.orthogonal(2));
        for (int i = 0; i < OUT; i += 17) {
            for (int j = 0; j < OUT; j += 13) {
                double dot = 0;
                for (int k = 0; k < IN; k++) {
                    dot += w[i * IN + k] * w[j * IN + k];
                }
                assertEquals(i == j ? 4 : 0, dot, 1e-5);
            }
        }
    }

    @Test
    void anyFunctionOfAUser() {
        Initializer diagonal =
                (type, seed) -> NDArray.generate(type, i -> i / type.shape().dim(1) == i % type.shape().dim(1) ? 1 : 0);
        Model model = Model.of(Dense.of(2).withWeights(diagonal), 2);
        assertArrayEquals(
                new double[] {1, 0, 0, 1}, model.variables().get("weight").initialize(7).toDoubles());
        Model wrong = Model.of(Dense.of(2).withWeights((type, seed) -> NDArray.zeros(TensorType.f32(3))), 2);
        String message = assertThrows(
                GraphException.class, () -> wrong.variables().get("weight").initialize(1)).getMessage();
        assertEquals("the initializer of 'weight' gave f32[3] instead of f32[2, 2]", message);
    }
}
