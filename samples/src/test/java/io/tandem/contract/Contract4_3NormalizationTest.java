package io.tandem.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tandem.backend.Device;
import io.tandem.data.StandardScaler;
import io.tandem.nn.BatchNorm;
import io.tandem.nn.Dense;
import io.tandem.nn.Initializers;
import io.tandem.nn.LayerNorm;
import io.tandem.nn.Losses;
import io.tandem.nn.Mode;
import io.tandem.nn.Model;
import io.tandem.optim.Clipping;
import io.tandem.optim.Sgd;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import io.tandem.train.Evaluation;
import io.tandem.train.State;
import io.tandem.train.TrainStep;
import io.tandem.train.Training;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Section 4.3: normalization of inputs and inside of networks, and clipping. */
@Tag("contract")
class Contract4_3NormalizationTest {
    /** Mean 3 and deviation 2 of the training data, whatever the test data is. */
    @Test
    void inputsAreNormalizedByTheTrainingData() {
        NDArray train = Reference.matrix(new double[] {1}, new double[] {5}, new double[] {1}, new double[] {5});
        StandardScaler scaler = StandardScaler.fit(train);
        assertArrayEquals(new double[] {-1, 1, -1, 1}, scaler.transform(train).toDoubles());
        NDArray test = Reference.matrix(new double[] {100}, new double[] {3});
        assertArrayEquals(new double[] {48.5, 0}, scaler.transform(test).toDoubles());
        assertArrayEquals(test.toDoubles(), scaler.inverse(scaler.transform(test)).toDoubles());
    }

    /**
     * A batch of 1 and 5 is normalized by its own mean 3 and variance 4 in training. The running statistics take a tenth of
     * it (the unbiased variance 8), and inference uses them.
     */
    @Test
    void batchNormTrainsByTheBatchAndInfersByRunningStatistics() {
        Model model = Model.of(BatchNorm.of(), 1);
        NDArray x = NDArray.of(Shape.of(2, 1), 1, 5);
        double root = Math.sqrt(4 + 1e-5);
        assertArrayEquals(
                new double[] {-2 / root, 2 / root}, Reference.predict(model, Mode.TRAINING, x).toDoubles(), 1e-6);
        assertArrayEquals(
                new double[] {1 / Math.sqrt(1 + 1e-5), 5 / Math.sqrt(1 + 1e-5)},
                Reference.predict(model, Mode.INFERENCE, x).toDoubles(),
                1e-6);
        try (Device device = Device.of("cpu");
                State state = State.of(model, device, 1);
                TrainStep step = new TrainStep(
                        Training.of(model, Losses.meanSquaredError(), Sgd.of(1e-9)), state, TensorType.f32(1));
                Evaluation evaluation = new Evaluation(model, state)) {
            step.run(List.of(x), x);
            List<String> statistics = model.variables().values().stream()
                    .filter(v -> !v.trainable())
                    .map(Model.Variable::path)
                    .toList();
            assertEquals(2, statistics.size(), statistics::toString);
            double mean = state.get(statistics.get(0)).item();
            double variance = state.get(statistics.get(1)).item();
            assertEquals(0.3, mean, 1e-6);
            assertEquals(0.9 + 0.8, variance, 1e-6);
            assertArrayEquals(
                    new double[] {(1 - 0.3) / Math.sqrt(1.7 + 1e-5), (5 - 0.3) / Math.sqrt(1.7 + 1e-5)},
                    evaluation.predict(x).toDoubles(),
                    1e-5);
        }
    }

    @Test
    void layerNormNormalizesEachSample() {
        Model model = Model.of(LayerNorm.of(), 2);
        double root = Math.sqrt(4 + 1e-5);
        for (Mode mode : new Mode[] {Mode.TRAINING, Mode.INFERENCE}) {
            double[] y = Reference.predict(model, mode, NDArray.of(Shape.of(2, 2), 1, 5, 7, 3)).toDoubles();
            assertArrayEquals(new double[] {-2 / root, 2 / root, 2 / root, -2 / root}, y, 1e-6);
        }
    }

    /** A gradient of (-30, -40) for weights and -3 for the bias, seen as the change by a rate of 1. */
    @Test
    void clipping() {
        assertArrayEquals(new double[] {30, 40, 3}, change(Clipping.none()), 1e-4);
        assertArrayEquals(new double[] {5, 5, 3}, change(Clipping.byValue(5)), 1e-5);
        // By norm: weights have norm 50, the bias 3.
        assertArrayEquals(new double[] {3, 4, 3}, change(Clipping.byNorm(5)), 1e-5);
        double all = Math.sqrt(30 * 30 + 40 * 40 + 9);
        assertArrayEquals(
                new double[] {150 / all, 200 / all, 15 / all}, change(Clipping.byGlobalNorm(5)), 1e-5);
    }

    private static double[] change(Clipping clipping) {
        Model model = Model.of(Dense.of(1).withWeights(Initializers.zeros()), 2);
        NDArray x = NDArray.of(Shape.of(1, 2), 10, 40f / 3);
        Training training =
                Training.of(model, (y, f) -> y.mul(-3).sum(), Sgd.of(1)).withClipping(clipping);
        try (Device device = Device.of("cpu");
                State state = State.of(model, device, 1);
                TrainStep step = new TrainStep(training, state, TensorType.f32(1))) {
            step.run(List.of(x), NDArray.zeros(TensorType.f32(1, 1)));
            double[] w = state.get("weight").toDoubles();
            return new double[] {w[0], w[1], state.get("bias").getDouble(0)};
        }
    }
}
