package io.tandem.models;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.graph.GraphException;
import io.tandem.nn.Activation;
import io.tandem.nn.Conv;
import io.tandem.nn.Layer;
import io.tandem.nn.Model;
import io.tandem.tensor.TensorType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class ModelsTest {
    private static TensorType output(Layer layer, int... sample) {
        return Model.of(layer, sample).outputs().getFirst();
    }

    @ParameterizedTest
    @CsvSource({
        "784-256-128-10, 235146",
        "784-32-10-10, 25560",
        "3-4-4-4-2, 66",
        "2-2-1, 9",
        "2-3-1, 13",
        "2-4-2-1, 25"
    })
    void perceptronsHaveTheCountsOfTheLectures(String sizes, long parameters) {
        int[] all = java.util.Arrays.stream(sizes.split("-")).mapToInt(Integer::parseInt).toArray();
        int[] units = java.util.Arrays.copyOfRange(all, 1, all.length);
        Model model = Model.of(Mlp.of(units), all[0]);
        assertEquals(parameters, model.parameterCount());
        assertEquals(TensorType.f32(units[units.length - 1]), model.outputs().getFirst());
        assertTrue(model.summary().contains("%,d parameters".formatted(parameters)), model.summary());
    }

    @Test
    void perceptronsTakeImagesAndOtherActivations() {
        assertEquals(TensorType.f32(10), output(Mlp.of(Activation::tanh, 32, 10), 1, 28, 28));
        assertThrows(IllegalArgumentException.class, () -> Mlp.of());
    }

    @Test
    void aLargeImageIntoManyUnitsHasTenMillionWeights() {
        Model model = Model.of(Mlp.of(1000), 100, 100);
        assertEquals(10_000_000 + 1000, model.parameterCount());
    }

    @Test
    void simpleCnn() {
        Model model = Model.of(SimpleCnn.of(10), 1, 28, 28);
        assertEquals(1_199_882, model.parameterCount());
        assertEquals(TensorType.f32(10), model.outputs().getFirst());
    }

    @Test
    void leNet5() {
        assertEquals(61_706, Model.of(LeNet5.of(), 1, 28, 28).parameterCount());
        assertEquals(61_706, Model.of(LeNet5.classic(), 1, 28, 28).parameterCount());
        assertEquals(TensorType.f32(10), output(LeNet5.of(), 1, 28, 28));
    }

    @ParameterizedTest
    @EnumSource
    void forecasters(RecurrentKind cell) {
        Model model = Model.of(LstmForecaster.of(cell, 2, 128, 24), 96, 7);
        int gates = switch (cell) {
            case LSTM -> 4;
            case GRU -> 3;
            case RNN -> 1;
        };
        long first = gates * 128L * (7 + 128 + 2);
        long second = gates * 128L * (128 + 128 + 2);
        assertEquals(first + second + 128 * 24 + 24, model.parameterCount());
        assertEquals(TensorType.f32(24), model.outputs().getFirst());
    }

    @Test
    void imagesInPlaceOfSequencesAreRefusedWithThePath() {
        String message =
                assertThrows(GraphException.class, () -> Model.of(LstmForecaster.of(1), 1, 28, 28)).getMessage();
        assertEquals("LSTM: the input f32[2, 1, 28, 28] must have 3 axes (in recurrent)", message);
        String images = assertThrows(GraphException.class, () -> Model.of(Conv.conv2d(2, 3), 784)).getMessage();
        assertEquals("convolution: the input f32[2, 784] must have 4 axes", images);
    }

    @Test
    void imagesThatAreTooSmallAreRefused() {
        assertEquals(TensorType.f32(10), output(LeNet5.of(), 1, 12, 12));
        assertEquals(TensorType.f32(10), output(SimpleCnn.of(10), 1, 6, 6));
        String lenet = assertThrows(GraphException.class, () -> Model.of(LeNet5.of(), 1, 28, 11)).getMessage();
        assertTrue(lenet.contains("of at least 12 x 12"), lenet);
        String cnn = assertThrows(GraphException.class, () -> Model.of(SimpleCnn.of(10), 1, 5, 28)).getMessage();
        assertTrue(cnn.contains("of at least 6 x 6"), cnn);
        String flat = assertThrows(GraphException.class, () -> Model.of(SimpleCnn.of(10), 784)).getMessage();
        assertTrue(flat.contains("f32[2, 784] must be images"), flat);
    }
}
