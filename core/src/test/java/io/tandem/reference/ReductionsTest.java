package io.tandem.reference;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tandem.graph.Op;
import io.tandem.graph.Reduction;
import io.tandem.graph.Tensor;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

class ReductionsTest {
    private static final float NAN = Float.NaN;
    private static final float INF = Float.POSITIVE_INFINITY;
    private static final NDArray X = NDArray.of(Shape.of(2, 2, 2), 1, 2, 3, 4, 5, 6, 7, 8);

    @Test
    void sums() {
        assertArrayEquals(new float[] {6, 8, 10, 12}, reduce(Reduction.SUM, X, 0));
        assertArrayEquals(new float[] {4, 6, 12, 14}, reduce(Reduction.SUM, X, 1));
        assertArrayEquals(new float[] {14, 22}, reduce(Reduction.SUM, X, 0, 2));
        assertArrayEquals(new float[] {36}, reduce(Reduction.SUM, X, 0, 1, 2));
        assertArrayEquals(X.toFloats(), reduce(Reduction.SUM, X));
        assertArrayEquals(new float[] {0, 0}, reduce(Reduction.SUM, NDArray.zeros(TensorType.f32(0, 2)), 0));
    }

    @Test
    void sumsAreRoundedOnce() {
        // In float32 each 1 would be lost after 2^24.
        NDArray x = NDArray.of(Shape.of(4), 1 << 24, 1, 1, 1);
        assertArrayEquals(new float[] {(1 << 24) + 4}, reduce(Reduction.SUM, x, 0));
    }

    @Test
    void extremes() {
        NDArray x = NDArray.of(Shape.of(3, 3), 1, -INF, 3, NAN, INF, 2, -INF, -INF, -INF);
        assertArrayEquals(new float[] {3, NAN, -INF}, reduce(Reduction.MAX, x, 1));
        assertArrayEquals(new float[] {-INF, NAN, -INF}, reduce(Reduction.MIN, x, 1));
        assertArrayEquals(new float[] {NAN, INF, 3}, reduce(Reduction.MAX, x, 0));
    }

    @Test
    void integers() {
        NDArray x = NDArray.ofInts(Shape.of(3), Integer.MAX_VALUE, 1, -5);
        assertEquals(Integer.MIN_VALUE - 5L + (1L << 32), reduceInts(Reduction.SUM, x));
        assertEquals(Integer.MAX_VALUE, reduceInts(Reduction.MAX, x));
        assertEquals(-5, reduceInts(Reduction.MIN, x));
        NDArray bytes = NDArray.ofBytes(Shape.of(2), (byte) 200, (byte) 100);
        assertEquals(44, reduceInts(Reduction.SUM, bytes));
        assertEquals(200, reduceInts(Reduction.MAX, bytes));
    }

    @Test
    void varianceOfTooFewElements() {
        NDArray none = NDArray.zeros(TensorType.f32(0, 2));
        assertArrayEquals(new float[] {NAN, NAN}, evaluate(none, x -> x.variance(1, 0)));
        NDArray one = NDArray.of(Shape.of(1), 5);
        assertArrayEquals(new float[] {NAN}, evaluate(one, x -> x.variance(1)));
        assertArrayEquals(new float[] {NAN}, evaluate(one, x -> x.variance(3)));
        assertArrayEquals(new float[] {INF}, evaluate(NDArray.of(Shape.of(2), 0, 2), x -> x.variance(3)));
    }

    @Test
    void productsAndRunningOnes() {
        assertArrayEquals(new float[] {2 * 4 * 6 * 8}, evaluate(X, x -> x.prod(0, 1).slice(0, 1, 2)));
        assertArrayEquals(new float[] {5 * 4 * 3 * 2}, evaluate(NDArray.of(Shape.of(5), 5, 4, 3, 2, 1), x -> x.prod()));
        assertArrayEquals(new float[] {1, 1}, evaluate(NDArray.zeros(TensorType.f32(0, 2)), x -> x.prod(0)));
        NDArray row = NDArray.of(Shape.of(7), 1, 2, 3, -4, 0, 5, 6);
        assertArrayEquals(new float[] {1, 3, 6, 2, 2, 7, 13}, evaluate(row, x -> x.cumSum(0)));
        assertArrayEquals(new float[] {1, 2, 6, -24, -0f, -0f, -0f}, evaluate(row, x -> x.cumProd(-1)));
        assertArrayEquals(
                new float[] {1, 2, 4, 6, 5, 6, 12, 14}, evaluate(X, x -> x.cumSum(1)));
        assertArrayEquals(new float[] {}, evaluate(NDArray.zeros(TensorType.f32(0)), x -> x.cumSum(0)));
    }

    @Test
    void logSumExpOfExtremes() {
        NDArray x = NDArray.of(Shape.of(4, 2), 1000, 1000, -INF, -INF, -INF, 3, INF, 1);
        assertArrayEquals(
                new float[] {1000.6931f, -INF, 3, INF}, evaluate(x, t -> t.logSumExp(1)), 1e-4f);
        assertArrayEquals(new float[] {NAN}, evaluate(NDArray.of(Shape.of(2), NAN, 1), t -> t.logSumExp()));
    }

    private static float[] evaluate(NDArray x, UnaryOperator<Tensor> f) {
        return Evaluation.of(in -> f.apply(in.getFirst()), x).toFloats();
    }

    private static long reduceInts(Reduction reduction, NDArray x) {
        return Evaluation.of(new Op.Reduce(reduction, List.of(0), x.dtype()), x).getLong(0);
    }

    @Test
    void indicesOfExtremes() {
        NDArray x = NDArray.of(
                Shape.of(5, 4), 1, 3, 3, 0, 5, NAN, 7, NAN, NAN, NAN, NAN, NAN, -0.0f, 0, -0.0f, 0, -INF, -INF, INF,
                INF);
        assertArrayEquals(new long[] {1, 1, 0, 0, 2}, arg(true, 1, x));
        assertArrayEquals(new long[] {3, 0, 0, 0, 0}, arg(false, 1, x));
        assertArrayEquals(new long[] {1, 0, 0, 1}, arg(true, 0, NDArray.of(Shape.of(2, 4), 1, 3, 3, 0, 5, 2, 3, 7)));
        NDArray large = NDArray.ofLongs(Shape.of(2), 1L << 60, (1L << 60) + 1);
        assertArrayEquals(new long[] {1}, arg(true, 0, large));
        assertEquals(DType.I32, Evaluation.of(new Op.ArgReduce(true, 0), large).dtype());
    }

    private static float[] reduce(Reduction reduction, NDArray x, Integer... axes) {
        return Evaluation.of(new Op.Reduce(reduction, List.of(axes), DType.F32), x).toFloats();
    }

    private static long[] arg(boolean largest, int axis, NDArray x) {
        return Evaluation.of(new Op.ArgReduce(largest, axis), x).toLongs();
    }
}
