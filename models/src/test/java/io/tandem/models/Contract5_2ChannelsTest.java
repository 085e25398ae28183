package io.tandem.models;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tandem.nn.Conv;
import io.tandem.nn.Initializers;
import io.tandem.nn.Param;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A filter over three channels: the sums of the channels and the bias add up. */
@Tag("contract")
class Contract5_2ChannelsTest {
    /** Three channels of 3 x 3, each of which the filter turns into one of the lectures' partial sums. */
    private static final NDArray CHANNELS = NDArray.of(
            Shape.of(1, 3, 3, 3),
            0, 0, 0, 0, 156, 155, 0, 153, 154,
            0, 0, 0, 0, 167, 166, 0, 164, 165,
            0, 0, 0, 0, 163, 162, 0, 160, 161);

    private static final NDArray FILTER = NDArray.of(
            Shape.of(1, 3, 3, 3),
            -1, -1, 1, 0, 1, -1, 0, 1, 1,
            1, 0, 0, 1, -1, -1, 1, 0, -1,
            0, 1, 1, 0, 1, 0, 1, -1, 1);

    private static NDArray channel(NDArray all, int channel) {
        float[] values = new float[9];
        for (int i = 0; i < 9; i++) {
            values[i] = (float) all.getDouble(9 * channel + i);
        }
        return NDArray.of(Shape.of(1, 1, 3, 3), values);
    }

    private static Conv conv(NDArray filter, double bias) {
        Conv plain = Conv.conv2d(1, 3).withWeights(Initializers.of(filter));
        return new Conv(
                plain.filters(), plain.kernel(), plain.stride(), plain.padding(), plain.dilation(), plain.groups(),
                plain.weight(), Optional.of(Param.of(Initializers.constant(bias))));
    }

    @Test
    void partialSums() {
        double[] sums = {308, -498, 164};
        for (int i = 0; i < 3; i++) {
            NDArray result = Contract5_1ConvolutionTest.apply(
                    "reference", conv(channel(FILTER, i), 0), channel(CHANNELS, i));
            assertEquals(sums[i], result.item(), "channel " + i);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"reference", "cpu"})
    void theyAddUpWithTheBias(String device) {
        assertEquals(-25, Contract5_1ConvolutionTest.apply(device, conv(FILTER, 1), CHANNELS).item());
    }
}
