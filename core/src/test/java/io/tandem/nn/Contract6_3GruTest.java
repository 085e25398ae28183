package io.tandem.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import io.tandem.graph.Tensor;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** One step of the GRU in both forms, with the numbers of the lectures. */
@Tag("contract")
class Contract6_3GruTest {
    private static final NDArray X = NDArray.ofDoubles(Shape.of(1, 1, 2), 1, -2);
    private static final NDArray H = NDArray.ofDoubles(Shape.of(1, 2), .5, -.25);
    // Rows: reset, update, candidate.
    private static final double[] W = {.1, .2, .3, .4, -.2, .1, .4, -.3, .7, -.1, .2, .5};
    private static final double[] U = {.5, -.5, .25, .75, .3, .6, -.6, .2, 1, .5, -.5, 1};

    /** One step from a given state. */
    private record Step(Gru gru) implements Network {
        @Override
        public List<Tensor> forward(List<Tensor> in) {
            return List.of(gru.apply(in.get(0), List.of(in.get(1).expandDims(0))).last());
        }
    }

    private static double[] step(Gru gru, double[] w, double[] u) {
        Model model = Model.of(new Step(gru), List.of(TensorType.of(DType.F64, 1, 2), TensorType.of(DType.F64, 2)));
        return LayerRun.outputs(
                model,
                Mode.INFERENCE,
                Map.of(
                        "gru.weights.0.inputWeight", NDArray.ofDoubles(Shape.of(6, 2), w),
                        "gru.weights.0.recurrentWeight", NDArray.ofDoubles(Shape.of(6, 2), u)),
                X,
                H)
                .getFirst()
                .toDoubles();
    }

    private static double[] withNegatedUpdateGate(double[] rows) {
        double[] negated = rows.clone();
        for (int i = 4; i < 8; i++) {
            negated[i] = -rows[i];
        }
        return negated;
    }

    @Test
    void resetBeforeTheProduct() {
        double[] h = step(Gru.of(2).withoutBias().withResetBefore(), W, U);
        assertArrayEquals(new double[] {.62258952, -.59167214}, h, 5e-9);
    }

    @Test
    void resetAfterTheProduct() {
        // This form lets z weight the old state. 1 - sigmoid(a) = sigmoid(-a): with the gate's rows negated, z weights the
        // new state, as in the equations of the other form.
        double[] h = step(Gru.of(2).withoutBias(), withNegatedUpdateGate(W), withNegatedUpdateGate(U));
        assertArrayEquals(new double[] {.61980170, -.58094133}, h, 5e-9);
    }

    @Test
    void theTwoFormsDifferOnlyInWhereTheResetGateStands() {
        // Without recurrent weights of the candidate there is nothing for the reset gate to act on.
        double[] u = U.clone();
        java.util.Arrays.fill(u, 8, 12, 0);
        assertArrayEquals(
                step(Gru.of(2).withoutBias().withResetBefore(), W, u),
                step(Gru.of(2).withoutBias(), withNegatedUpdateGate(W), withNegatedUpdateGate(u)),
                1e-15);
    }
}
