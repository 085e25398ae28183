package io.tandem.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.backend.Device;
import io.tandem.models.playground.PointSet;
import io.tandem.models.playground.Points;
import io.tandem.nn.Activation;
import io.tandem.nn.EnsembleDense;
import io.tandem.nn.Losses;
import io.tandem.nn.Model;
import io.tandem.nn.Sequential;
import io.tandem.optim.Adam;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.TensorType;
import io.tandem.train.Evaluation;
import io.tandem.train.State;
import io.tandem.train.TrainStep;
import io.tandem.train.Training;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Section 2.6: tanh, tanh, sigmoid on two moons; the units of the first layer decide. */
@Tag("contract")
class Contract2_6MoonsTest {
    private static final int NETWORKS = 12;
    private static final Points MOONS = PointSet.MOONS.draw(200, 0.1, 1);

    /** The errors on the training points of networks that differ in their initial weights, in order. */
    private static int[] errors(int units) {
        Model model = Model.of(
                Sequential.of(
                        EnsembleDense.of(NETWORKS, units),
                        Activation.tanh(),
                        EnsembleDense.of(NETWORKS, 2),
                        Activation.tanh(),
                        EnsembleDense.of(NETWORKS, 1),
                        Activation.sigmoid()),
                2);
        NDArray targets = NDArray.generate(
                TensorType.f32(MOONS.size(), NETWORKS, 1), i -> (MOONS.labels().getDouble(i / NETWORKS) + 1) / 2);
        Training training = Training.of(
                model, (y, f) -> Losses.binaryCrossEntropy().of(y, f).mul(NETWORKS), Adam.of(0.02));
        try (Device device = Reference.oneThread();
                State state = State.of(model, device, 1);
                TrainStep step = new TrainStep(training, state, TensorType.f32(NETWORKS, 1));
                Evaluation evaluation = new Evaluation(model, state)) {
            for (int i = 0; i < 1000; i++) {
                step.run(List.of(MOONS.x()), targets);
            }
            NDArray p = evaluation.predict(MOONS.x());
            return IntStream.range(0, NETWORKS)
                    .map(m -> (int) IntStream.range(0, MOONS.size())
                            .filter(i -> (p.getDouble((long) i * NETWORKS + m) > 0.5)
                                    != (MOONS.labels().getDouble(i) > 0))
                            .count())
                    .sorted()
                    .toArray();
        }
    }

    /** The median network is told; some with two units find the one way that is there. */
    @Test
    void twoUnitsLeaveErrorsAndFourNone() {
        int[] two = errors(2);
        int[] four = errors(4);
        assertTrue(two[NETWORKS / 2] >= 5, () -> "errors with two units: " + Arrays.toString(two));
        assertEquals(0, four[NETWORKS / 2], () -> "errors with four units: " + Arrays.toString(four));
    }
}
