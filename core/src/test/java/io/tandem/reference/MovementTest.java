package io.tandem.reference;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tandem.graph.Op;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.util.List;
import org.junit.jupiter.api.Test;

class MovementTest {
    private static final NDArray GRID = NDArray.ofInts(Shape.of(2, 3), 1, 2, 3, 4, 5, 6);

    @Test
    void iota() {
        assertEquals(ints(Shape.of(2, 3), 0, 0, 0, 1, 1, 1), iota(DType.I32, 0));
        assertEquals(ints(Shape.of(2, 3), 0, 1, 2, 0, 1, 2), iota(DType.I32, 1));
        assertEquals(NDArray.of(Shape.of(2, 3), 0, 1, 2, 0, 1, 2), iota(DType.F32, 1));
    }

    private static NDArray iota(DType dtype, int axis) {
        return Evaluation.of(in -> in.get(0).graph().iota(TensorType.of(dtype, 2, 3), axis), GRID);
    }

    @Test
    void reshapeKeepsTheOrder() {
        assertEquals(ints(Shape.of(3, 2), 1, 2, 3, 4, 5, 6), Evaluation.of(new Op.Reshape(Shape.of(3, 2)), GRID));
    }

    @Test
    void permuteMovesAxes() {
        assertEquals(ints(Shape.of(3, 2), 1, 4, 2, 5, 3, 6), Evaluation.of(new Op.Permute(List.of(1, 0)), GRID));
        // Element [a, b, c] of the result is element [b, c, a] of the operand: axes (2, 0, 1).
        NDArray cube = NDArray.generate(TensorType.of(DType.I32, 2, 3, 4), i -> i);
        NDArray permuted = Evaluation.of(new Op.Permute(List.of(2, 0, 1)), cube);
        assertEquals(Shape.of(4, 2, 3), permuted.shape());
        for (int a = 0; a < 4; a++) {
            for (int b = 0; b < 2; b++) {
                for (int c = 0; c < 3; c++) {
                    assertEquals(b * 12 + c * 4 + a, permuted.getLong(a * 6 + b * 3 + c));
                }
            }
        }
    }

    @Test
    void broadcastRepeats() {
        NDArray column = ints(Shape.of(2, 1), 1, 2);
        assertEquals(ints(Shape.of(2, 3), 1, 1, 1, 2, 2, 2), Evaluation.of(new Op.Broadcast(Shape.of(2, 3)), column));
        NDArray row = ints(Shape.of(3), 1, 2, 3);
        assertEquals(
                ints(Shape.of(2, 1, 3), 1, 2, 3, 1, 2, 3), Evaluation.of(new Op.Broadcast(Shape.of(2, 1, 3)), row));
    }

    @Test
    void sliceTakesEveryStep() {
        NDArray x = NDArray.generate(TensorType.of(DType.I32, 3, 5), i -> i);
        Op slice = new Op.Slice(List.of(1, 0), List.of(3, 5), List.of(1, 2));
        assertEquals(ints(Shape.of(2, 3), 5, 7, 9, 10, 12, 14), Evaluation.of(slice, x));
    }

    @Test
    void padPutsElementsAroundAndBetween() {
        Op pad = new Op.Pad(List.of(1, 0), List.of(0, 2), List.of(0, 1), 9);
        assertEquals(
                ints(Shape.of(3, 7), 9, 9, 9, 9, 9, 9, 9, 1, 9, 2, 9, 3, 9, 9, 4, 9, 5, 9, 6, 9, 9),
                Evaluation.of(pad, GRID));
        NDArray floats = Evaluation.of(new Op.Pad(List.of(1), List.of(0), List.of(0), 0.1), NDArray.of(Shape.of(1), 2));
        assertEquals(NDArray.of(Shape.of(2), 0.1f, 2), floats);
    }

    @Test
    void concatJoins() {
        NDArray more = ints(Shape.of(2, 1), 7, 8);
        assertEquals(ints(Shape.of(2, 4), 1, 2, 3, 7, 4, 5, 6, 8), Evaluation.of(new Op.Concat(1), GRID, more));
        NDArray below = ints(Shape.of(1, 3), 7, 8, 9);
        assertEquals(ints(Shape.of(3, 3), 1, 2, 3, 4, 5, 6, 7, 8, 9), Evaluation.of(new Op.Concat(0), GRID, below));
    }

    @Test
    void flipReverses() {
        assertEquals(ints(Shape.of(2, 3), 3, 2, 1, 6, 5, 4), Evaluation.of(new Op.Flip(List.of(1)), GRID));
        assertEquals(ints(Shape.of(2, 3), 6, 5, 4, 3, 2, 1), Evaluation.of(new Op.Flip(List.of(0, 1)), GRID));
    }

    private static NDArray ints(Shape shape, int... values) {
        return NDArray.ofInts(shape, values);
    }
}
