package io.tandem.reference;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tandem.graph.Op;
import io.tandem.graph.PoolGeometry;
import io.tandem.graph.Pooling;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import java.util.List;
import org.junit.jupiter.api.Test;

class PoolsTest {
    private static final float NAN = Float.NaN;
    private static final float INF = Float.POSITIVE_INFINITY;
    private static final NDArray ROW = NDArray.of(Shape.of(1, 1, 5), 1, 4, 2, 8, 5);

    @Test
    void maxima() {
        assertArrayEquals(new float[] {4, 8}, pool(Pooling.MAX, row(2, 2, 0, 0, 1, false), ROW));
        assertArrayEquals(new float[] {4, 8, 5}, pool(Pooling.MAX, row(2, 2, 0, 0, 1, true), ROW));
        assertArrayEquals(new float[] {4, 8, 8}, pool(Pooling.MAX, row(3, 2, 1, 1, 1, false), ROW));
        assertArrayEquals(new float[] {2, 8, 5}, pool(Pooling.MAX, row(2, 1, 0, 0, 2, false), ROW));
        NDArray negative = NDArray.of(Shape.of(1, 1, 2), -3, -2);
        assertArrayEquals(new float[] {-3, -2, -2}, pool(Pooling.MAX, row(2, 1, 1, 1, 1, false), negative));
        NDArray special = NDArray.of(Shape.of(1, 1, 6), NAN, INF, -INF, -INF, 1, NAN);
        assertArrayEquals(new float[] {NAN, -INF, NAN}, pool(Pooling.MAX, row(2, 2, 0, 0, 1, false), special));
    }

    @Test
    void averages() {
        assertArrayEquals(new float[] {2.5f, 5}, pool(Pooling.AVERAGE, row(2, 2, 0, 0, 1, false), ROW));
        assertArrayEquals(
                new float[] {2.5f, 14 / 3f, 6.5f}, pool(Pooling.AVERAGE, row(3, 2, 1, 1, 1, false), ROW));
        assertArrayEquals(
                new float[] {5 / 3f, 14 / 3f, 13 / 3f},
                pool(Pooling.AVERAGE_INCLUDING_PADDING, row(3, 2, 1, 1, 1, false), ROW));
    }

    /** What hangs over the padded input is counted by neither average. */
    @Test
    void averagesInCeilMode() {
        // Padded: 0 1 4 2 8 5 0; a third window would start in the padding after the input.
        PoolGeometry padded = row(3, 3, 1, 1, 1, true);
        assertEquals(2, padded.outputSize(0, 5));
        PoolGeometry wider = row(4, 3, 1, 1, 1, true);
        // Windows of 4 at 0 and 3: 0 1 4 2 and 2 8 5 0. All inside.
        assertArrayEquals(new float[] {7 / 4f, 15 / 4f}, pool(Pooling.AVERAGE_INCLUDING_PADDING, wider, ROW));
        PoolGeometry over = row(3, 2, 0, 0, 1, true);
        NDArray six = NDArray.of(Shape.of(1, 1, 6), 1, 4, 2, 8, 5, 3);
        // Windows at 0, 2 and 4: the last holds 5 3 and a place beyond.
        assertArrayEquals(new float[] {7 / 3f, 5, 4}, pool(Pooling.AVERAGE_INCLUDING_PADDING, over, six));
        // Padded: 0 1 4 2 8 5 3 0; windows 0 1 4, 2 8 5, and 3 0 with a place beyond.
        assertArrayEquals(new float[] {5 / 3f, 5, 1.5f}, pool(Pooling.AVERAGE_INCLUDING_PADDING, padded, six));
        assertArrayEquals(new float[] {2.5f, 5, 3}, pool(Pooling.AVERAGE, padded, six));
    }

    @Test
    void gradients() {
        NDArray g = NDArray.of(Shape.of(1, 1, 3), 1, 10, 100);
        PoolGeometry geometry = row(3, 2, 1, 1, 1, false);
        NDArray ties = NDArray.of(Shape.of(1, 1, 5), 4, 4, 4, 1, 4);
        assertArrayEquals(
                new float[] {1, 10, 0, 0, 100},
                Evaluation.of(new Op.PoolGradient(Pooling.MAX, geometry, ties.shape()), ties, g).toFloats());
        assertArrayEquals(
                new float[] {0.5f, 0.5f + 10 / 3f, 10 / 3f, 10 / 3f + 50, 50},
                Evaluation.of(new Op.PoolGradient(Pooling.AVERAGE, geometry, ROW.shape()), g).toFloats());
        assertArrayEquals(
                new float[] {1 / 3f, 11 / 3f, 10 / 3f, 110 / 3f, 100 / 3f},
                Evaluation.of(new Op.PoolGradient(Pooling.AVERAGE_INCLUDING_PADDING, geometry, ROW.shape()), g)
                        .toFloats());
    }

    @Test
    void pickTakesWhatLiesAtTheMaximum() {
        NDArray other = NDArray.of(Shape.of(1, 1, 5), 10, 20, 30, 40, 50);
        assertArrayEquals(
                new float[] {20, 40, 40},
                Evaluation.of(new Op.PoolPick(row(3, 2, 1, 1, 1, false)), ROW, other).toFloats());
    }

    @Test
    void planes() {
        NDArray x = NDArray.of(Shape.of(1, 2, 2, 3), 1, 2, 3, 4, 5, 6, 60, 50, 40, 30, 20, 10);
        PoolGeometry geometry = new PoolGeometry(
                List.of(2, 2), List.of(1, 1), List.of(0, 0), List.of(0, 0), List.of(1, 1), false);
        assertArrayEquals(new float[] {5, 6, 60, 50}, pool(Pooling.MAX, geometry, x));
        assertArrayEquals(new float[] {3, 4, 40, 30}, pool(Pooling.AVERAGE, geometry, x));
    }

    private static float[] pool(Pooling pooling, PoolGeometry geometry, NDArray x) {
        return Evaluation.of(new Op.Pool(pooling, geometry), x).toFloats();
    }

    private static PoolGeometry row(int window, int stride, int low, int high, int dilation, boolean ceil) {
        return new PoolGeometry(
                List.of(window), List.of(stride), List.of(low), List.of(high), List.of(dilation), ceil);
    }
}
