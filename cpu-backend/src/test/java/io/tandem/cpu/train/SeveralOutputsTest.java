package io.tandem.cpu.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.backend.Device;
import io.tandem.data.ArrayDataset;
import io.tandem.data.DataLoader;
import io.tandem.data.Dataset;
import io.tandem.graph.Tensor;
import io.tandem.nn.Dense;
import io.tandem.nn.Initializers;
import io.tandem.nn.Losses;
import io.tandem.nn.Mode;
import io.tandem.nn.Model;
import io.tandem.nn.Network;
import io.tandem.nn.Trace;
import io.tandem.optim.Sgd;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import io.tandem.train.Epoch;
import io.tandem.train.Evaluation;
import io.tandem.train.Metrics;
import io.tandem.train.State;
import io.tandem.train.Trainer;
import io.tandem.train.Training;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Models with several outputs: their losses, targets, metrics and predictions. */
class SeveralOutputsTest {
    /** Doubles and negates, by weights that are to be trained. */
    private record Two(Dense first, Dense second) implements Network {
        private static Two of() {
            return new Two(
                    Dense.of(1).withoutBias().withWeights(Initializers.constant(2)),
                    Dense.of(1).withoutBias().withWeights(Initializers.constant(-1)));
        }

        @Override
        public List<Tensor> forward(List<Tensor> inputs) {
            return List.of(first.apply(inputs.getFirst()), second.apply(inputs.getFirst()));
        }
    }

    /** As {@link Two}, with the second output in training alone. */
    private record Auxiliary(Two two) implements Network {
        @Override
        public List<Tensor> forward(List<Tensor> inputs) {
            List<Tensor> both = two.forward(inputs);
            return Trace.of(inputs.getFirst()).mode() == Mode.TRAINING ? both : both.subList(0, 1);
        }
    }

    private static final NDArray X = NDArray.of(Shape.of(2, 1), 1, 3);
    private static final NDArray ONES = NDArray.of(Shape.of(2, 1), 1, 1);
    private static final NDArray ZEROS = NDArray.of(Shape.of(2, 1), 0, 0);

    private static Model model(Network network) {
        return Model.of(network, List.of(TensorType.f32(1)));
    }

    @Test
    void eachOutputHasItsLossItsTargetAndItsMetric() {
        Model model = model(Two.of());
        Training training = Training.of(
                model,
                Losses.weighted(List.of(Losses.meanSquaredError(), Losses.meanAbsoluteError()), 1, 0.5),
                Sgd.of(0.1))
                .withMetrics(
                        Metrics.meanAbsoluteError(), Metrics.ofOutput(1, "second", Metrics.meanAbsoluteError()));
        Dataset data = ArrayDataset.of(X, ONES, ZEROS);
        try (Device device = Device.of("reference"); State state = State.of(model, device, 1)) {
            Epoch epoch = Trainer.of(training).fit(state, DataLoader.of(data, 2), data, 1).last();
            // Outputs 2, 6 against 1, 1 and -1, -3 against 0, 0.
            assertEquals(13 + 0.5 * 2, epoch.training().get("loss"), 1e-6);
            assertEquals(3, epoch.training().get("mae"), 1e-6);
            assertEquals(2, epoch.training().get("second"), 1e-6);
            // Gradients: mean of 2 (y - t) x = 16, and half the mean of sign(y) x = -1.
            assertEquals(2 - 0.1 * 16, state.get("first.weight").getDouble(0), 1e-6);
            assertEquals(-1 + 0.1, state.get("second.weight").getDouble(0), 1e-6);
            assertEquals(1.8, epoch.validation().get("second"), 1e-6);
            try (Evaluation evaluation = new Evaluation(model, state)) {
                List<NDArray> outputs = evaluation.predictOutputs(X);
                assertEquals(2, outputs.size());
                assertEquals(outputs.getFirst(), evaluation.predict(X));
                assertEquals(-2.7, outputs.get(1).getDouble(1), 1e-6);
            }
        }
    }

    @Test
    void oneTargetServesAllOutputsAndInferenceMayHaveFewer() {
        Model model = model(new Auxiliary(Two.of()));
        assertEquals(1, model.outputs().size());
        Training training = Training.of(model, Losses.weighted(Losses.meanSquaredError(), 1, 0.3), Sgd.of(1e-9));
        Dataset data = ArrayDataset.of(X, ONES);
        try (Device device = Device.of("reference"); State state = State.of(model, device, 1)) {
            Epoch epoch = Trainer.of(training).fit(state, DataLoader.of(data, 2), data, 1).last();
            assertEquals(13 + 0.3 * 10, epoch.training().get("loss"), 1e-6);
            assertEquals(13, epoch.validation().get("loss"), 1e-6);
            try (Evaluation evaluation = new Evaluation(model, state)) {
                Map<String, Double> plain = evaluation.evaluate(data, 2, Losses.meanSquaredError(), List.of());
                assertEquals(13, plain.get("loss"), 1e-6);
            }
        }
    }

    @Test
    void whatDoesNotFitIsRefused() {
        String plain = assertThrows(
                IllegalArgumentException.class,
                () -> Training.of(model(Two.of()), Losses.meanSquaredError(), Sgd.of(0.1)))
                .getMessage();
        assertEquals("the model has 2 outputs, the loss is for 1; Losses.weighted gives each output its loss", plain);
        Model auxiliary = model(new Auxiliary(Two.of()));
        Dataset data = ArrayDataset.of(X, ONES);
        try (Device device = Device.of("reference"); State state = State.of(auxiliary, device, 1)) {
            String training = assertThrows(
                    IllegalArgumentException.class,
                    () -> Trainer.of(Training.of(auxiliary, Losses.meanSquaredError(), Sgd.of(0.1)))
                            .fit(state, DataLoader.of(data, 2), 1))
                    .getMessage();
            assertTrue(training.startsWith("the model has 2 outputs in training, the loss is for 1"), training);
            Training weighted = Training.of(auxiliary, Losses.weighted(Losses.meanSquaredError(), 1, 1), Sgd.of(0.1));
            String columns = assertThrows(
                    IllegalArgumentException.class,
                    () -> Trainer.of(weighted).fit(state, DataLoader.of(data.columns(0), 2), 1))
                    .getMessage();
            assertEquals("the model has 1 inputs, so the data set needs 2 or 3 columns, it has 1", columns);
        }
        assertThrows(IllegalArgumentException.class, () -> Losses.weighted(List.of(Losses.huber(1)), 1, 2));
        assertThrows(IllegalArgumentException.class, () -> Losses.weighted(Losses.huber(1), -1));
    }
}
