package io.tandem.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tandem.backend.Device;
import io.tandem.nn.Activation;
import io.tandem.nn.Dense;
import io.tandem.nn.EnsembleDense;
import io.tandem.nn.Initializers;
import io.tandem.nn.Losses;
import io.tandem.nn.Model;
import io.tandem.nn.Sequential;
import io.tandem.optim.Adam;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import io.tandem.train.Evaluation;
import io.tandem.train.State;
import io.tandem.train.TrainStep;
import io.tandem.train.Training;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Section 4.6: XOR with few units, 200 networks at once; the final error is that of the trained weights. */
@Tag("contract")
class Contract4_6XorTest {
    private static final int SEEDS = 200;
    private static final NDArray X = Reference.truthTable(2);
    private static final NDArray Y =
            NDArray.generate(TensorType.f32(4, SEEDS, 1), i -> i / SEEDS == 1 || i / SEEDS == 2 ? 1 : 0);

    static Stream<Arguments> networks() {
        return Stream.of(
                Arguments.of(2, Activation.sigmoid(), 18, 0.238),
                Arguments.of(2, Activation.relu(), 132, 0.178),
                Arguments.of(3, Activation.relu(), 171, 0.147));
    }

    @ParameterizedTest
    @MethodSource("networks")
    void someNetworksLearnIt(int units, Activation activation, int expected, double error) {
        Model model = Model.of(
                Sequential.of(
                        EnsembleDense.of(SEEDS, units).withWeights(Initializers.normal(0.75, 0.01)),
                        activation,
                        EnsembleDense.of(SEEDS, 1),
                        Activation.sigmoid()),
                2);
        Training training = Training.of(
                model, (y, f) -> Losses.meanSquaredError().of(y, f).mul(SEEDS), Adam.of(0.001));
        try (Device device = Reference.oneThread();
                State state = State.of(model, device, 1);
                TrainStep step = new TrainStep(training, state, TensorType.f32(SEEDS, 1));
                Evaluation evaluation = new Evaluation(model, state)) {
            for (int epoch = 0; epoch < 1000; epoch++) {
                step.run(List.of(X), Y);
            }
            NDArray p = evaluation.predict(X);
            int learned = 0;
            double[] errors = new double[SEEDS];
            for (int seed = 0; seed < SEEDS; seed++) {
                boolean all = true;
                for (int row = 0; row < 4; row++) {
                    double y = p.getDouble((long) row * SEEDS + seed);
                    double f = Y.getDouble((long) row * SEEDS + seed);
                    errors[seed] += (y - f) * (y - f) / 4;
                    all &= y > 0.5 == f > 0.5;
                }
                learned += all ? 1 : 0;
            }
            Arrays.sort(errors);
            assertEquals(expected, learned, 15, "networks with accuracy 1.0");
            assertEquals(error, (errors[SEEDS / 2 - 1] + errors[SEEDS / 2]) / 2, 0.01, "median final error");
        }
    }

    /** A network of the ensemble and a plain network that starts with its weights stay together, step by step. */
    @Test
    void aMemberIsTrainedAsIfAlone() {
        int member = 2;
        int members = 5;
        Model together = Model.of(
                Sequential.of(EnsembleDense.of(members, 3), Activation.tanh(), EnsembleDense.of(members, 1)), 2);
        NDArray target = NDArray.of(Shape.of(4, 1), 0, 1, 1, 0);
        NDArray targets = NDArray.generate(TensorType.f32(4, members, 1), i -> target.getDouble(i / members));
        try (Device device = Reference.oneThread(); State all = State.of(together, device, 3)) {
            Model alone = Model.of(
                    Sequential.of(
                            Dense.of(3)
                                    .withWeights(Initializers.of(part(all, "0.weight", member)))
                                    .withBias(Initializers.of(part(all, "0.bias", member))),
                            Activation.tanh(),
                            Dense.of(1)
                                    .withWeights(Initializers.of(part(all, "2.weight", member)))
                                    .withBias(Initializers.of(part(all, "2.bias", member)))),
                    2);
            Training ensemble = Training.of(
                    together, (y, f) -> Losses.meanSquaredError().of(y, f).mul(members), Adam.of(0.05));
            try (State one = State.of(alone, device, 3);
                    TrainStep many = new TrainStep(ensemble, all, TensorType.f32(members, 1));
                    TrainStep single = new TrainStep(
                            Training.of(alone, Losses.meanSquaredError(), Adam.of(0.05)), one, TensorType.f32(1))) {
                for (int i = 0; i < 40; i++) {
                    many.run(List.of(X), targets);
                    single.run(List.of(X), target);
                }
                for (String path : alone.variables().keySet()) {
                    assertArrayEquals(
                            one.get(path).toDoubles(), part(all, path, member).toDoubles(), 1e-4, path);
                }
            }
        }
    }

    /** One member's slice of an ensemble's parameter. */
    private static NDArray part(State state, String path, int member) {
        NDArray all = state.get(path);
        return all.rows(member, member + 1).reshape(all.shape().without(0).toArray());
    }
}
