package io.tandem.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class NDArrayTest {
    private static final NDArray X = NDArray.of(Shape.of(3, 2), 1, 2, 3, 4, 5, 6);

    @Test
    void reshapeFindsOneSize() {
        assertEquals(NDArray.of(Shape.of(2, 3), 1, 2, 3, 4, 5, 6), X.reshape(2, -1));
        assertEquals(NDArray.of(Shape.of(6), 1, 2, 3, 4, 5, 6), X.reshape(-1));
        assertEquals(Shape.of(1, 6, 1), X.reshape(1, -1, 1).shape());
        assertEquals(Shape.of(), NDArray.scalar(DType.F32, 1).reshape().shape());
        assertEquals(Shape.of(0, 5), NDArray.zeros(TensorType.f32(0, 2)).reshape(-1, 5).shape());
    }

    @Test
    void shapesOfAnotherSizeAreRefused() {
        assertEquals("f32[3, 2] with 6 values cannot be reshaped to [3, 3]", reshaped(3, 3));
        assertEquals("f32[3, 2] with 6 values cannot be reshaped to [4, -1]", reshaped(4, -1));
        assertEquals("f32[3, 2] with 6 values cannot be reshaped to [0, -1]", reshaped(0, -1));
        assertEquals("f32[3, 2] with 6 values cannot be reshaped to [-1, -1]: only one size may be -1",
                reshaped(-1, -1));
        assertEquals("shape [-2, -3]: sizes must not be negative", reshaped(-2, -3));
    }

    private static String reshaped(int... dims) {
        return assertThrows(IllegalArgumentException.class, () -> X.reshape(dims)).getMessage();
    }

    @Test
    void rowsAreARangeOfTheFirstAxis() {
        assertEquals(NDArray.of(Shape.of(2, 2), 3, 4, 5, 6), X.rows(1, 3));
        assertEquals(Shape.of(0, 2), X.rows(3, 3).shape());
        assertEquals("rows 1 to 4 of f32[3, 2]", rows(X, 1, 4));
        assertEquals("rows 2 to 1 of f32[3, 2]", rows(X, 2, 1));
        assertEquals("rows -1 to 1 of f32[3, 2]", rows(X, -1, 1));
        assertEquals("rows 0 to 1 of f32[]", rows(NDArray.scalar(DType.F32, 1), 0, 1));
    }

    private static String rows(NDArray array, int from, int to) {
        return assertThrows(IndexOutOfBoundsException.class, () -> array.rows(from, to)).getMessage();
    }

    @Test
    void argMaxIsTheFirstLargestElement() {
        NDArray x = NDArray.of(Shape.of(2, 2, 3), 1, 5, 5, 0, -1, -2, Float.NaN, 9, Float.NaN, -4, -3, -3);
        assertEquals(NDArray.ofInts(Shape.of(2, 2), 1, 0, 0, 1), x.argMax(-1));
        assertEquals(NDArray.ofInts(Shape.of(2, 3), 0, 0, 0, 0, 0, 0), x.argMax(1));
        assertEquals(NDArray.ofInts(Shape.of(2, 3), 1, 1, 1, 0, 0, 0), x.argMax(0));
        assertEquals(NDArray.ofInts(Shape.of(), 1), NDArray.ofLongs(Shape.of(3), -7, 4, 4).argMax(0));
        for (int axis : new int[] {3, -4}) {
            assertThrows(IllegalArgumentException.class, () -> x.argMax(axis));
        }
        assertEquals(
                "argMax: f32[2, 0] has no elements along axis 1",
                assertThrows(IllegalArgumentException.class, () -> NDArray.zeros(TensorType.f32(2, 0)).argMax(1))
                        .getMessage());
    }
}
