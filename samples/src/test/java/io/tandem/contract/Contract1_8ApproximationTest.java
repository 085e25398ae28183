package io.tandem.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.backend.Device;
import io.tandem.data.ArrayDataset;
import io.tandem.data.DataLoader;
import io.tandem.nn.Activation;
import io.tandem.nn.Dense;
import io.tandem.nn.Initializers;
import io.tandem.nn.Losses;
import io.tandem.nn.Model;
import io.tandem.nn.Sequential;
import io.tandem.optim.Adam;
import io.tandem.optim.Schedules;
import io.tandem.optim.Sgd;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.TensorType;
import io.tandem.train.Evaluation;
import io.tandem.train.State;
import io.tandem.train.TrainStep;
import io.tandem.train.Trainer;
import io.tandem.train.Training;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Sections 1.8 and 1.9: one hidden layer approximates, none is a line, linear layers are one. */
@Tag("contract")
class Contract1_8ApproximationTest {
    /** 1.8: sin x + x/4 on [-π, π], to 0.02 at each of 201 points. */
    @Test
    void oneHiddenLayerFitsASmoothFunction() {
        int points = 201;
        NDArray x = NDArray.generate(TensorType.f32(points, 1), i -> -Math.PI + 2 * Math.PI * i / (points - 1));
        NDArray y = NDArray.generate(
                TensorType.f32(points, 1), i -> Math.sin(x.getDouble(i)) + x.getDouble(i) / 4);
        Model model = Model.of(
                Sequential.of(
                        Dense.of(16).withBias(Initializers.uniform(-2, 2)), Activation.tanh(), Dense.of(1)),
                1);
        try (Device device = Reference.oneThread(); State state = State.of(model, device, 1)) {
            Training training = Training.of(
                    model, Losses.meanSquaredError(), Adam.of(Schedules.cosine(0.02, 1e-4, 3000)));
            try (TrainStep step = new TrainStep(training, state, TensorType.f32(1))) {
                for (int i = 0; i < 3000; i++) {
                    step.run(List.of(x), y);
                }
            }
            try (Evaluation evaluation = new Evaluation(model, state)) {
                NDArray fit = evaluation.predict(x);
                double worst = 0;
                for (int i = 0; i < points; i++) {
                    worst = Math.max(worst, Math.abs(fit.getDouble(i) - y.getDouble(i)));
                }
                assertTrue(worst < 0.02, "largest error " + worst);
            }
        }
    }

    /** 1.9 */
    @Test
    void aStackOfLinearLayersIsOne() {
        NDArray w1 = random(2, 3, 1);
        NDArray w2 = random(3, 4, 2);
        NDArray w3 = random(4, 5, 3);
        NDArray x = random(5, 1, 4);
        List<NDArray> both = Reference.run(
                in -> List.of(
                        in.get(0).matmul(in.get(1).matmul(in.get(2).matmul(in.get(3)))),
                        in.get(0).matmul(in.get(1)).matmul(in.get(2)).matmul(in.get(3))),
                w1,
                w2,
                w3,
                x);
        Reference.assertClose(both.get(0).toDoubles(), both.get(1).toDoubles(), 1e-14);
    }

    /** 1.9: y = 3 a - 2 b + 0.5 with noise; gradient descent ends at the solution of the normal equations. */
    @Test
    void withoutHiddenLayerItIsLeastSquares() {
        Random random = new Random(1);
        int samples = 60;
        NDArray x = NDArray.generate(TensorType.f32(samples, 2), i -> random.nextGaussian());
        NDArray y = NDArray.generate(
                TensorType.f32(samples, 1),
                i -> 3 * x.getDouble(2 * i) - 2 * x.getDouble(2 * i + 1) + 0.5 + 0.3 * random.nextGaussian());
        Model model = Model.of(Dense.of(1), 2);
        try (Device device = Reference.oneThread(); State state = State.of(model, device, 1)) {
            Trainer.of(Training.of(model, Losses.meanSquaredError(), Sgd.of(0.1)))
                    .fit(state, DataLoader.of(ArrayDataset.of(x, y), samples), 300);
            double[] solution = leastSquares(x, y);
            NDArray weight = state.get("weight");
            assertEquals(solution[0], weight.getDouble(0), 1e-5);
            assertEquals(solution[1], weight.getDouble(1), 1e-5);
            assertEquals(solution[2], state.get("bias").getDouble(0), 1e-5);
        }
    }

    /** Weights and intercept from the normal equations, by Gaussian elimination. */
    private static double[] leastSquares(NDArray x, NDArray y) {
        double[][] a = new double[3][4];
        for (int row = 0; row < x.shape().dim(0); row++) {
            double[] v = {x.getDouble(2L * row), x.getDouble(2L * row + 1), 1};
            for (int i = 0; i < 3; i++) {
                for (int j = 0; j < 3; j++) {
                    a[i][j] += v[i] * v[j];
                }
                a[i][3] += v[i] * y.getDouble(row);
            }
        }
        for (int i = 0; i < 3; i++) {
            for (int k = 0; k < 3; k++) {
                double factor = a[k][i] / a[i][i];
                for (int j = i; k != i && j < 4; j++) {
                    a[k][j] -= factor * a[i][j];
                }
            }
        }
        return new double[] {a[0][3] / a[0][0], a[1][3] / a[1][1], a[2][3] / a[2][2]};
    }

    private static NDArray random(int rows, int columns, long seed) {
        Random random = new Random(seed);
        return NDArray.generate(
                TensorType.of(DType.F64, rows, columns), i -> random.nextGaussian());
    }
}
