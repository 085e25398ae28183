package io.tandem.models;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tandem.nn.Activation;
import io.tandem.nn.AveragePool;
import io.tandem.nn.Conv;
import io.tandem.nn.GlobalAveragePool;
import io.tandem.nn.GlobalMaxPool;
import io.tandem.nn.Initializers;
import io.tandem.nn.Layer;
import io.tandem.nn.MaxPool;
import io.tandem.nn.Sequential;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Pooling over windows and over whole maps, and what a shift of the input does. */
@Tag("contract")
class Contract5_3PoolingTest {
    private static final NDArray MAP = NDArray.of(
            Shape.of(1, 1, 4, 4),
            1, 3, 2, 1,
            4, 6, 5, 8,
            9, 7, 0, 2,
            3, 5, 4, -6);

    private static double[] pooled(String device, Layer layer) {
        return Contract5_1ConvolutionTest.apply(device, layer, MAP).toDoubles();
    }

    @ParameterizedTest
    @ValueSource(strings = {"reference", "cpu"})
    void windows(String device) {
        assertArrayEquals(new double[] {6, 8, 9, 4}, pooled(device, MaxPool.pool2d(2)));
        assertArrayEquals(new double[] {3.5, 4, 6, 0}, pooled(device, AveragePool.pool2d(2)));
        assertArrayEquals(
                new double[] {6, 6, 8, 9, 7, 8, 9, 7, 4}, pooled(device, MaxPool.pool2d(2).withStride(1)));
        assertArrayEquals(new double[] {6, 8, 9, 8}, pooled(device, MaxPool.pool2d(3).withStride(2).withPadding(1)));
        assertArrayEquals(
                new double[] {14 / 4.0, 25 / 6.0, 34 / 6.0, 31 / 9.0},
                pooled(device, AveragePool.pool2d(3).withStride(2).withPadding(1)),
                1e-6);
        assertArrayEquals(
                new double[] {14 / 9.0, 25 / 9.0, 34 / 9.0, 31 / 9.0},
                pooled(device, AveragePool.pool2d(3).withStride(2).withPadding(1).includingPadding()),
                1e-6);
    }

    @ParameterizedTest
    @ValueSource(strings = {"reference", "cpu"})
    void wholeMaps(String device) {
        assertArrayEquals(new double[] {9}, pooled(device, GlobalMaxPool.of()));
        assertArrayEquals(new double[] {54 / 16.0}, pooled(device, GlobalAveragePool.of()), 1e-6);
    }

    @ParameterizedTest
    @ValueSource(strings = {"reference", "cpu"})
    void aShiftOfTheInputShiftsTheMap(String device) {
        NDArray kernel = NDArray.of(Shape.of(1, 1, 3, 3), 1, -2, 0, 3, 1, -1, 0, 2, 1);
        Layer layer = Sequential.of(
                Conv.conv2d(1, 3).withPadding(1).withoutBias().withWeights(Initializers.of(kernel)), Activation.relu());
        NDArray here = Contract5_1ConvolutionTest.apply(device, layer, at(3, 4));
        NDArray there = Contract5_1ConvolutionTest.apply(device, layer, at(5, 7));
        for (int y = 2; y < 12; y++) {
            for (int x = 3; x < 12; x++) {
                assertEquals(here.getDouble((y - 2) * 12 + x - 3), there.getDouble(y * 12 + x), 1e-6);
            }
        }
    }

    /** A small pattern at a place of an image of 12 x 12. */
    private static NDArray at(int row, int column) {
        return NDArray.generate(TensorType.f32(1, 1, 12, 12), i -> {
            int y = i / 12 - row;
            int x = i % 12 - column;
            return x >= 0 && y >= 0 && x < 3 && y < 3 ? 1 + x + 2 * y * y : 0;
        });
    }
}
