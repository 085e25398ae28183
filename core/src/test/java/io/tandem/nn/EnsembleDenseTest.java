package io.tandem.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.graph.GraphException;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class EnsembleDenseTest {
    private static final NDArray WEIGHT = NDArray.of(Shape.of(2, 1, 2), 1, 2, 3, 4);
    private static final NDArray BIAS = NDArray.of(Shape.of(2, 1), 0.5f, -0.5f);

    @Test
    void eachMemberHasItsOwnWeights() {
        NDArray shared = NDArray.of(Shape.of(3, 2), 1, 0, 0, 1, 1, 1);
        Model model = LayerRun.model(EnsembleDense.of(2, 1), shared);
        assertEquals(List.of(Shape.of(2, 1, 2), Shape.of(2, 1)),
                model.variables().values().stream().map(v -> v.type().shape()).toList());
        NDArray y = LayerRun.outputs(model, Mode.INFERENCE, Map.of("weight", WEIGHT, "bias", BIAS), shared).getFirst();
        assertEquals(Shape.of(3, 2, 1), y.shape());
        assertArrayEquals(new float[] {1.5f, 2.5f, 2.5f, 3.5f, 3.5f, 6.5f}, y.toFloats());
        NDArray own = NDArray.of(Shape.of(1, 2, 2), 1, 0, 0, 1);
        Model apart = LayerRun.model(EnsembleDense.of(2, 1), own);
        assertArrayEquals(
                new float[] {1.5f, 3.5f},
                LayerRun.outputs(apart, Mode.INFERENCE, Map.of("weight", WEIGHT, "bias", BIAS), own)
                        .getFirst()
                        .toFloats());
    }

    /** Variances are those of one member's fans, and members differ. */
    @Test
    void initialWeightsAreDrawnPerMember() {
        Model model = Model.of(EnsembleDense.of(3, 40).withWeights(Initializers.orthogonal(1)), 50);
        double[] w = model.variables().get("weight").initialize(1).toDoubles();
        for (int m = 0; m < 3; m++) {
            double dot = 0;
            double square = 0;
            for (int k = 0; k < 50; k++) {
                dot += w[m * 2000 + k] * w[m * 2000 + 50 + k];
                square += w[m * 2000 + k] * w[m * 2000 + k];
            }
            assertEquals(0, dot, 1e-6);
            assertEquals(1, square, 1e-6);
        }
        assertTrue(w[0] != w[2000] && w[2000] != w[4000]);
    }

    @Test
    void gradients() {
        LayerRun.checkGradients(
                "shared inputs", EnsembleDense.of(3, 2), Mode.TRAINING, LayerRun.random(DType.F64, 1, 4, 5));
        LayerRun.checkGradients(
                "own inputs", EnsembleDense.of(3, 2), Mode.TRAINING, LayerRun.random(DType.F64, 1, 4, 3, 5));
    }

    @Test
    void badInputIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> EnsembleDense.of(0, 3));
        String message = assertThrows(GraphException.class, () -> Model.of(EnsembleDense.of(4, 2), 3, 5)).getMessage();
        assertTrue(message.contains("must be [N, inputs] or [N, 4, inputs]"), message);
    }
}
