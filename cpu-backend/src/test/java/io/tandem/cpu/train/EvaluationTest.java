package io.tandem.cpu.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.tandem.backend.Device;
import io.tandem.graph.Tensor;
import io.tandem.nn.Dense;
import io.tandem.nn.Model;
import io.tandem.nn.Network;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import io.tandem.train.Evaluation;
import io.tandem.train.State;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What predictions refuse. */
class EvaluationTest {
    private record Sum(Dense dense) implements Network {
        @Override
        public List<Tensor> forward(List<Tensor> inputs) {
            return List.of(dense.apply(inputs.get(0).add(inputs.get(1))));
        }
    }

    private static final Model MODEL =
            Model.of(new Sum(Dense.of(2)), List.of(TensorType.f32(3), TensorType.f32(3)));

    private static NDArray zeros(int... dims) {
        return NDArray.zeros(new TensorType(DType.F32, Shape.of(dims)));
    }

    private static String refusal(NDArray... inputs) {
        try (Device device = Device.of("reference");
                State state = State.of(MODEL, device, 1);
                Evaluation evaluation = new Evaluation(MODEL, state)) {
            return assertThrows(IllegalArgumentException.class, () -> evaluation.predict(inputs)).getMessage();
        }
    }

    @Test
    void inputsThatDoNotFitAreRefused() {
        NDArray x = zeros(4, 3);
        assertEquals("the model has 2 inputs, 0 were given", refusal());
        assertEquals("the model has 2 inputs, 1 were given", refusal(x));
        assertEquals("the model has 2 inputs, 3 were given", refusal(x, x, x));
        assertEquals(
                "input 0: f32[3] is one sample without a batch axis; a batch of one is [1, 3]",
                refusal(zeros(3), zeros(3)));
        assertEquals("input 0: a batch needs at least one sample of f32[3], got f32[]", refusal(zeros(), x));
        assertEquals(
                "input 1: expected f32[3] per sample, so [4, 3] for a batch of 4, got f32[5, 3]",
                refusal(x, zeros(5, 3)));
    }

    @Test
    void aClosedEvaluationIsNoMore() {
        try (Device device = Device.of("reference"); State state = State.of(MODEL, device, 1)) {
            Evaluation evaluation = new Evaluation(MODEL, state);
            evaluation.predict(zeros(4, 3), zeros(4, 3));
            evaluation.close();
            IllegalStateException e = assertThrows(
                    IllegalStateException.class, () -> evaluation.predict(zeros(4, 3), zeros(4, 3)));
            assertEquals("the evaluation is closed", e.getMessage());
        }
    }
}
