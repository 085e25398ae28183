package io.tandem.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.backend.Device;
import io.tandem.data.ArrayDataset;
import io.tandem.data.Column;
import io.tandem.data.DataLoader;
import io.tandem.nn.Dense;
import io.tandem.nn.Loss;
import io.tandem.nn.LossReduction;
import io.tandem.nn.Losses;
import io.tandem.nn.Model;
import io.tandem.optim.Sgd;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import io.tandem.train.State;
import io.tandem.train.Trainer;
import io.tandem.train.Training;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Sections 2.4 and 2.5: losses, and one-hot encoding. */
@Tag("contract")
class Contract2_4LossesTest {
    private static double loss(Loss loss, NDArray prediction, NDArray target) {
        return Reference.run(in -> List.of(loss.of(in.get(0), in.get(1))), prediction, target).getFirst().item();
    }

    /** Of y = (1, 2; 3, 5) and f = (0, 2; 1, 4): differences 1, 0, 2, 1. */
    @Test
    void squaredAndAbsoluteErrors() {
        NDArray y = Reference.matrix(new double[] {1, 2}, new double[] {3, 5});
        NDArray f = Reference.matrix(new double[] {0, 2}, new double[] {1, 4});
        assertEquals(6, loss(Losses.sumOfSquares(), y, f), 1e-15);
        assertEquals(3, loss(Losses.halfSumOfSquares(), y, f), 1e-15);
        assertEquals(1.5, loss(Losses.meanSquaredError(), y, f), 1e-15);
        // 1/(2n) with n = 2 samples.
        assertEquals(1.5, loss(Losses.halfMeanOfSquares(), y, f), 1e-15);
        assertEquals(1, loss(Losses.meanAbsoluteError(), y, f), 1e-15);
        // delta 1.5: ½, 0, 1.5 (2 - 0.75), ½.
        assertEquals((0.5 + 0 + 1.875 + 0.5) / 4, loss(Losses.huber(1.5), y, f), 1e-15);
    }

    @Test
    void binaryCrossEntropy() {
        NDArray p = Reference.vector(0.8, 0.3);
        NDArray f = Reference.vector(1, 0);
        double expected = -(Math.log(0.8) + Math.log(0.7)) / 2;
        assertEquals(expected, loss(Losses.binaryCrossEntropy(), p, f), 1e-15);
        NDArray logits = Reference.vector(Math.log(0.8 / 0.2), Math.log(0.3 / 0.7));
        assertEquals(expected, loss(Losses.binaryCrossEntropyFromLogits(), logits, f), 1e-15);
    }

    /** A wrong probability of 0 costs 100, one of 1e-8 costs 18.42: no infinity, and not the same. */
    @Test
    void aWrongProbabilityOfZeroIsToldFromASmallOne() {
        NDArray one = Reference.vector(1);
        assertEquals(100, loss(Losses.binaryCrossEntropy(), Reference.vector(0.0), one));
        assertEquals(18.42068074, loss(Losses.binaryCrossEntropy(), Reference.vector(1e-8), one), 1e-8);
        NDArray single = NDArray.of(Shape.of(2), 0f, 1e-8f);
        double[] losses = Reference.run(
                in -> List.of(Losses.binaryCrossEntropy(LossReduction.NONE).of(in.get(0), in.get(1))),
                single,
                NDArray.of(Shape.of(2), 1, 1))
                .getFirst()
                .toDoubles();
        assertArrayEquals(new double[] {100, 18.420681}, losses, 1e-5);
        // From logits nothing overflows either.
        assertEquals(800, loss(Losses.binaryCrossEntropyFromLogits(), Reference.vector(-800), one));
        assertEquals(
                2000,
                loss(Losses.crossEntropy(), Reference.matrix(new double[] {1000, -1000}),
                        NDArray.ofInts(Shape.of(1), 1)));
    }

    @Test
    void crossEntropyOfOneHotRowsAndOfIndices() {
        NDArray logits = Reference.matrix(new double[] {1, 2, 3}, new double[] {0.5, -1, 0});
        double first = Math.log(Math.exp(1) + Math.exp(2) + Math.exp(3)) - 3;
        double second = Math.log(Math.exp(0.5) + Math.exp(-1) + 1) - 0.5;
        double expected = (first + second) / 2;
        assertEquals(expected, loss(Losses.crossEntropy(), logits, NDArray.ofInts(Shape.of(2), 2, 0)), 1e-14);
        NDArray oneHot = Reference.matrix(new double[] {0, 0, 1}, new double[] {1, 0, 0});
        assertEquals(expected, loss(Losses.crossEntropy(), logits, oneHot), 1e-14);
    }

    @Test
    void klDivergence() {
        double[] f = {0.5, 0.25, 0.25};
        double[] y = {0.2, 0.3, 0.5};
        double expected = 0;
        double[] logs = new double[3];
        for (int i = 0; i < 3; i++) {
            expected += f[i] * Math.log(f[i] / y[i]);
            logs[i] = Math.log(y[i]);
        }
        assertEquals(
                expected, loss(Losses.klDivergence(), Reference.matrix(logs), Reference.matrix(f)), 1e-15);
        assertEquals(
                0,
                loss(Losses.klDivergence(), Reference.matrix(new double[] {Math.log(1), -50}),
                        Reference.matrix(new double[] {1, 0})),
                1e-15);
    }

    /** 2.5 */
    @Test
    void oneHot() {
        NDArray labels = NDArray.ofInts(Shape.of(3), 2, 0, 1);
        double[] rows = Reference.run(in -> List.of(in.getFirst().oneHot(3, DType.F32)), labels).getFirst().toDoubles();
        double[] expected = {0, 0, 1, 1, 0, 0, 0, 1, 0};
        assertArrayEquals(expected, rows);
        ArrayDataset data = new ArrayDataset(List.of(new Column.OneHot(labels, 3)));
        assertArrayEquals(expected, data.all().column(0).toDoubles());
    }

    @Test
    void labelsOutOfRangeAreRefused() {
        assertEquals(
                "label 3 of sample 1 is outside of 3 classes (0 to 2)",
                assertThrows(
                        IllegalArgumentException.class,
                        () -> new Column.OneHot(NDArray.ofInts(Shape.of(2), 0, 3), 3))
                        .getMessage());
        Model model = Model.of(Dense.of(3), 2);
        ArrayDataset data = ArrayDataset.of(
                NDArray.zeros(TensorType.f32(4, 2)), NDArray.ofInts(Shape.of(4), 0, 2, 7, 1));
        try (Device device = Device.of("cpu"); State state = State.of(model, device, 1)) {
            String message = assertThrows(
                    IllegalArgumentException.class,
                    () -> Trainer.of(Training.of(model, Losses.crossEntropy(), Sgd.of(0.1)))
                            .fit(state, DataLoader.of(data, 4), 1))
                    .getMessage();
            assertTrue(message.contains("label 7 at position 2") && message.contains("classes 0 to 2"), message);
        }
    }
}
