package io.tandem.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.graph.Diagram;
import io.tandem.graph.Tensor;
import io.tandem.optim.Adam;
import io.tandem.optim.Sgd;
import io.tandem.tensor.TensorType;
import io.tandem.train.Training;
import io.tandem.train.TrainingMemory;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class ModelProfileTest {
    private static final Model MODEL = Model.of(
            Sequential.of(
                    Conv.conv2d(4, 3).withPadding(1).withStride(2).withGroups(2),
                    BatchNorm.of(),
                    Residual.of(Sequential.of(Activation.relu(), Conv.conv2d(4, 1).withoutBias())),
                    Dropout.of(0.5),
                    Flatten.of(),
                    Dense.of(5)),
            2, 8, 8);

    private static Map<String, ModelProfile.Entry> byPath(Model model) {
        return model.profile().layers().stream()
                .collect(Collectors.toMap(ModelProfile.Entry::path, Function.identity()));
    }

    @Test
    void lambdasAreCalledSo() {
        Model model = Model.of(Sequential.of(Dense.of(3), x -> x.mul(2)), 4);
        assertEquals("lambda", byPath(model).get("1").kind());
    }

    @Test
    void layersAreCountedByHand() {
        Map<String, ModelProfile.Entry> layers = byPath(MODEL);
        ModelProfile.Entry conv = layers.get("0");
        assertEquals("Conv", conv.kind());
        assertEquals(TensorType.f32(4, 4, 4), conv.result());
        // Each filter sees one of two channels, at 16 places.
        assertEquals(4 * 1 * 9 + 4, conv.parameters());
        assertEquals(16 * 4 * 1 * 9, conv.multiplyAdds());
        ModelProfile.Entry norm = layers.get("1");
        assertEquals(8, norm.parameters());
        assertEquals(8, norm.statistics());
        assertEquals(TensorType.f32(4, 4, 4), norm.result());
        assertEquals("Residual", layers.get("2").kind());
        assertEquals(16 * 4 * 4, layers.get("2.body.1").multiplyAdds());
        assertEquals(64 * 5, layers.get("5").multiplyAdds());
        assertEquals(16 * 36 + 16 * 16 + 64 * 5, MODEL.profile().multiplyAdds());
        assertEquals(4 * (MODEL.parameterCount() + 8), MODEL.profile().parameterBytes());
        assertFalse(layers.get("3").trainingOnly());
    }

    @Test
    void recurrentLayersCountEachStep() {
        Model model = Model.of(Rnn.of(3), 7, 2);
        assertEquals(7 * 3 * (2 + 3), model.profile().multiplyAdds());
    }

    @Test
    void theSummaryHasAllOfIt() {
        String summary = MODEL.summary();
        for (String part : List.of(
                "2.body.1",
                "BatchNorm",
                "weight[4, 1, 3, 3] bias[4]",
                "389 parameters (389 trained, 0 frozen), 8 statistics",
                "1,152 multiply-adds",
                "1.6 kB of parameters and statistics")) {
            assertTrue(summary.contains(part), () -> part + " is missing in\n" + summary);
        }
    }

    /** A head that is used in training alone. */
    private record Helped(Dense body, Dense head, Dense helper) implements Network {
        @Override
        public List<Tensor> forward(List<Tensor> inputs) {
            Tensor h = body.apply(inputs.getFirst());
            return Trace.of(h).mode() == Mode.TRAINING
                    ? List.of(head.apply(h), helper.apply(h))
                    : List.of(head.apply(h));
        }
    }

    @Test
    void whatTrainingAloneNeedsIsTold() {
        Model model = Model.of(new Helped(Dense.of(4), Dense.of(2), Dense.of(2)), List.of(TensorType.f32(3)));
        assertTrue(byPath(model).get("helper").trainingOnly());
        assertFalse(byPath(model).get("head").trainingOnly());
        assertEquals(12 + 8, model.profile().multiplyAdds());
        assertTrue(model.summary().contains("Dense (training)"));
        Diagram diagram = model.diagram();
        assertEquals(1 + 3 + 2, diagram.boxes().size());
    }

    @Test
    void sizesAreForPeople() {
        assertEquals("999 B", ModelProfile.size(999));
        assertEquals("1.0 kB", ModelProfile.size(1000));
        assertEquals("574.7 MB", ModelProfile.size(574_668_960));
        assertEquals("1.0 GB", ModelProfile.size(999_960_000));
    }

    @Test
    void trainingMemoryIsPlannedWithoutADevice() {
        Training sgd = Training.of(MODEL, Losses.meanSquaredError(), Sgd.of(0.1));
        TrainingMemory one = TrainingMemory.of(sgd, 16, TensorType.f32(5));
        TrainingMemory adam = TrainingMemory.of(
                Training.of(MODEL, Losses.meanSquaredError(), Adam.of(1e-3)), 16, TensorType.f32(5));
        long slots = 4 * 2 * MODEL.parameterCount();
        assertTrue(Math.abs(adam.values() - one.values() - slots) < 1000, () -> one + " and " + adam);
        assertTrue(one.arena() >= 16 * 4 * 64, one::toString);
        TrainingMemory large = TrainingMemory.of(sgd, 160, TensorType.f32(5));
        assertEquals(10.0, (double) large.arena() / one.arena(), 2.0);
        assertEquals(one.values() + one.arena(), one.bytes());
    }
}
