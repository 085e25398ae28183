package io.tandem.models;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tandem.backend.Device;
import io.tandem.nn.Conv;
import io.tandem.nn.Initializers;
import io.tandem.nn.Layer;
import io.tandem.nn.Model;
import io.tandem.nn.Padding;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.train.Evaluation;
import io.tandem.train.State;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Convolution is cross-correlation: the kernels of the lectures on their image. */
@Tag("contract")
class Contract5_1ConvolutionTest {
    private static final NDArray IMAGE = NDArray.of(
            Shape.of(1, 1, 7, 5),
            95, 101, 98, 102, 97,
            96, 100, 99, 101, 114,
            99, 98, 99, 99, 87,
            94, 98, 100, 102, 94,
            89, 91, 95, 98, 89,
            100, 99, 87, 89, 91,
            104, 101, 88, 93, 96);

    private static final NDArray SHARPEN = kernel(0, -1, 0, -1, 5, -1, 0, -1, 0);

    private static NDArray kernel(float... values) {
        return NDArray.of(Shape.of(1, 1, 3, 3), values);
    }

    private static Conv conv(NDArray kernel) {
        return Conv.conv2d(kernel.shape().dim(0), kernel.shape().dim(2)).withoutBias()
                .withWeights(Initializers.of(kernel));
    }

    /** What a layer makes of an image. */
    static NDArray apply(String device, Layer layer, NDArray image) {
        int[] sample = image.shape().without(0).toArray();
        Model model = Model.of(layer, sample);
        try (Device opened = Device.of(device);
                State state = State.of(model, opened, 1);
                Evaluation evaluation = new Evaluation(model, state)) {
            return evaluation.predict(image);
        }
    }

    private static List<Integer> values(NDArray array) {
        return Arrays.stream(array.toDoubles()).mapToObj(v -> (int) Math.round(v)).toList();
    }

    @ParameterizedTest
    @ValueSource(strings = {"reference", "cpu"})
    void sharpen(String device) {
        NDArray result = apply(device, conv(SHARPEN), IMAGE);
        assertEquals(Shape.of(1, 1, 5, 3), result.shape());
        assertEquals(List.of(106, 97, 91, 94, 99, 106, 107, 106, 119, 74, 99, 115, 116, 64, 76), values(result));
    }

    @ParameterizedTest
    @ValueSource(strings = {"reference", "cpu"})
    void edgesAndGradients(String device) {
        assertEquals(
                List.of(5, -3, -11),
                values(apply(device, conv(kernel(0, 0, 0, -1, 2, -1, 0, 0, 0)), IMAGE)).subList(0, 3));
        assertEquals(
                List.of(1, 1, 1),
                values(apply(device, conv(kernel(0, -1, 0, 0, 2, 0, 0, -1, 0)), IMAGE)).subList(0, 3));
        assertEquals(
                List.of(1, 4, 15),
                values(apply(device, conv(kernel(1, 2, 1, 0, 0, 0, -1, -2, -1)), IMAGE)).subList(0, 3));
    }

    @Test
    void strideTakesEverySecondPlace() {
        assertEquals(
                List.of(106, 91, 107, 119, 116, 76),
                values(apply("reference", conv(SHARPEN).withStride(2), IMAGE)));
    }

    @Test
    void paddingAddsZerosAndKeepsTheSizeIfAskedTo() {
        for (Padding padding : List.of(Padding.same(), Padding.of(1, 1))) {
            Conv layer = conv(SHARPEN).withPadding(padding);
            NDArray result = apply("reference", layer, IMAGE);
            assertEquals(IMAGE.shape(), result.shape());
            // 5 * 95 - 101 - 96 in the corner, the values from above inside.
            assertEquals(278, result.getDouble(0));
            assertEquals(106, result.getDouble(6));
            assertEquals(76, result.getDouble(5 * 5 + 3));
        }
    }

    @Test
    void dilationSpreadsTheFilter() {
        Conv layer = conv(SHARPEN).withDilation(2);
        NDArray result = apply("reference", layer, IMAGE);
        assertEquals(Shape.of(1, 1, 3, 1), result.shape());
        // 5 * 99 - 98 - 99 - 87 - 95: the neighbours at distance 2.
        assertEquals(5 * 99 - 98 - 99 - 87 - 95, result.getDouble(0));
    }

    @Test
    void groupsKeepChannelsApartAndEachMapHasOneBias() {
        NDArray twice = NDArray.of(Shape.of(1, 2, 1, 2), 1, 2, 10, 20);
        NDArray weights = NDArray.of(Shape.of(2, 1, 1, 1), 3, 5);
        Conv layer = Conv.conv2d(2, 1).withGroups(2).withWeights(Initializers.of(weights));
        assertEquals(List.of(3, 6, 50, 100), values(apply("reference", layer, twice)));
        assertEquals(2 + 2, Model.of(Conv.conv2d(2, 1).withGroups(2), 2, 1, 2).parameterCount());
        assertEquals(4 * (3 * 9 + 1), Model.of(Conv.conv2d(4, 3), 3, 8, 8).parameterCount());
    }
}
