package io.tandem.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.graph.Distribution;
import io.tandem.reference.RandomNumbers;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class InitializersTest {
    /** Numbers of seed, counter 0 and site 0 on every device, moved into the interval in float64. */
    @ParameterizedTest
    @ValueSource(ints = {1, 4, 7, 30, 1001})
    void uniformNumbersAreThoseOfTheDefinition(int size) {
        NDArray u = RandomNumbers.draw(Distribution.UNIFORM, Shape.of(size), 42, 0, 0);
        for (DType dtype : new DType[] {DType.F32, DType.F64, DType.BF16}) {
            TensorType type = new TensorType(dtype, Shape.of(size));
            NDArray drawn = Initializers.uniform(-0.3, 1.1).initialize(type, 42);
            NDArray expected = NDArray.generate(type, i -> -0.3 + (1.1 - -0.3) * u.getDouble(i));
            assertEquals(type, drawn.type());
            for (int i = 0; i < size; i++) {
                assertEquals(expected.getDouble(i), drawn.getDouble(i));
            }
        }
    }

    @Test
    void variancesFollowTheFans() {
        TensorType type = TensorType.f32(200, 20, 3, 3);
        assertVariance(2.0 / (20 * 9), Initializers.heNormal(), type);
        assertVariance(2.0 / (20 * 9), Initializers.heUniform(), type);
        assertVariance(2.0 / (20 * 9 + 200 * 9), Initializers.glorotNormal(), type);
        assertVariance(2.0 / (20 * 9 + 200 * 9), Initializers.glorotUniform(), type);
        assertVariance(1.0 / (20 * 9), Initializers.lecunNormal(), type);
        assertVariance(1.0 / (20 * 9), Initializers.lecunUniform(), type);
    }

    private static void assertVariance(double variance, Initializer initializer, TensorType type) {
        double[] values = IntStream.range(0, Math.toIntExact(type.shape().size()))
                .mapToDouble(initializer.initialize(type, 3)::getDouble)
                .toArray();
        double mean = IntStream.range(0, values.length).mapToDouble(i -> values[i]).sum() / values.length;
        double squares = IntStream.range(0, values.length)
                .mapToDouble(i -> (values[i] - mean) * (values[i] - mean))
                .sum()
                / values.length;
        assertTrue(Math.abs(mean) < 4 * Math.sqrt(variance / values.length), "mean " + mean);
        assertEquals(variance, squares, 0.03 * variance);
    }
}
