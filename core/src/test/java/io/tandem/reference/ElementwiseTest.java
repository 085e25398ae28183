package io.tandem.reference;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.graph.BinaryFunction;
import io.tandem.graph.Comparison;
import io.tandem.graph.Op;
import io.tandem.graph.UnaryFunction;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import java.math.BigDecimal;
import java.math.MathContext;
import org.junit.jupiter.api.Test;

class ElementwiseTest {
    private static final double NAN = Double.NaN;
    private static final double INF = Double.POSITIVE_INFINITY;

    @Test
    void signsAndRounding() {
        double[] x = {-2.5, -1.5, -0.5, -0.0, 0.0, 0.5, 1.5, 2.4, NAN, INF, -INF};
        values(UnaryFunction.NEG, x, 2.5, 1.5, 0.5, 0.0, -0.0, -0.5, -1.5, -2.4, NAN, -INF, INF);
        values(UnaryFunction.ABS, x, 2.5, 1.5, 0.5, 0.0, 0.0, 0.5, 1.5, 2.4, NAN, INF, INF);
        values(UnaryFunction.SIGN, x, -1, -1, -1, -0.0, 0, 1, 1, 1, NAN, 1, -1);
        values(UnaryFunction.FLOOR, x, -3, -2, -1, -0.0, 0, 0, 1, 2, NAN, INF, -INF);
        values(UnaryFunction.CEIL, x, -2, -1, -0.0, -0.0, 0, 1, 2, 3, NAN, INF, -INF);
        values(UnaryFunction.ROUND, x, -2, -2, -0.0, -0.0, 0, 0, 2, 2, NAN, INF, -INF);
        values(UnaryFunction.RELU, x, 0, 0, 0, 0, 0, 0.5, 1.5, 2.4, NAN, INF, 0);
    }

    @Test
    void exponentialsAndRoots() {
        double[] x = {-1, -0.0, 0, 0.25, 4, NAN, INF, -INF};
        values(UnaryFunction.EXP, x, 0.36787944117144233, 1, 1, 1.2840254166877414, 54.598150033144236, NAN, INF, 0);
        values(UnaryFunction.LOG, x, NAN, -INF, -INF, -1.3862943611198906, 1.3862943611198906, NAN, INF, NAN);
        values(UnaryFunction.SQRT, x, NAN, -0.0, 0, 0.5, 2, NAN, INF, NAN);
        values(UnaryFunction.RSQRT, x, NAN, -INF, INF, 2, 0.5, NAN, 0, NAN);
        values(UnaryFunction.RECIPROCAL, x, -1, -INF, INF, 4, 0.25, NAN, 0, -0.0);
        values(UnaryFunction.TANH, x, -0.7615941559557649, -0.0, 0, 0.24491866240370913, 0.999329299739067, NAN, 1, -1);
        values(UnaryFunction.SIGMOID, x, 0.2689414213699951, 0.5, 0.5, 0.5621765008857981, 0.9820137900379085, NAN, 1,
                0);
        values(UnaryFunction.EXPM1, new double[] {1e-20, 1, -INF}, 1e-20, Math.E - 1, -1);
        values(UnaryFunction.LOG1P, new double[] {1e-20, Math.E - 1, -1, -2}, 1e-20, 1, -INF, NAN);
        values(UnaryFunction.SIN, new double[] {0, Math.PI / 6, INF}, 0, 0.5, NAN);
        values(UnaryFunction.COS, new double[] {0, Math.PI / 3, INF}, 1, 0.5, NAN);
        // Beyond where e^-x overflows.
        values(UnaryFunction.SIGMOID, new double[] {-720, 720}, StrictMath.exp(-720), 1);
    }

    /** Against the Taylor series in decimal arithmetic of 60 digits. */
    @Test
    void errorFunctionToDoublePrecision() {
        MathContext digits = new MathContext(60);
        BigDecimal factor = BigDecimal.valueOf(2)
                .divide(new BigDecimal("3.14159265358979323846264338327950288419716939937510582097494459230781641")
                        .sqrt(digits), digits);
        for (double x = 0.01; x < 6.5; x += 0.0537) {
            BigDecimal exact = new BigDecimal(x);
            BigDecimal power = exact;
            BigDecimal sum = BigDecimal.ZERO;
            for (int n = 0; n < 300; n++) {
                sum = sum.add(power.divide(BigDecimal.valueOf(2 * n + 1), digits), digits);
                power = power.multiply(exact.pow(2), digits)
                        .negate()
                        .divide(BigDecimal.valueOf(n + 1), digits);
            }
            double expected = sum.multiply(factor, digits).doubleValue();
            assertEquals(expected, ErrorFunction.erf(x), 4 * Math.ulp(expected), "erf(" + x + ")");
            assertEquals(-ErrorFunction.erf(x), ErrorFunction.erf(-x));
        }
        values(UnaryFunction.ERF, new double[] {0, -0.0, 1, NAN, INF, -INF, 1e-300},
                0, -0.0, 0.8427007929497149, NAN, 1, -1, 1.1283791670955126e-300);
    }

    @Test
    void truths() {
        NDArray truths = NDArray.ofInts(Shape.of(2), 0, 1).cast(DType.BOOL);
        assertArrayEquals(new long[] {1, 0}, Evaluation.of(new Op.Unary(UnaryFunction.NOT), truths).toLongs());
        NDArray finite = Evaluation.of(
                new Op.Unary(UnaryFunction.IS_FINITE), NDArray.ofDoubles(Shape.of(4), 1e308, NAN, INF, -INF));
        assertEquals(DType.BOOL, finite.dtype());
        assertArrayEquals(new long[] {1, 0, 0, 0}, finite.toLongs());
        NDArray a = NDArray.ofInts(Shape.of(4), 0, 0, 1, 1).cast(DType.BOOL);
        NDArray b = NDArray.ofInts(Shape.of(4), 0, 1, 0, 1).cast(DType.BOOL);
        assertArrayEquals(new long[] {0, 0, 0, 1}, binary(BinaryFunction.AND, a, b));
        assertArrayEquals(new long[] {0, 1, 1, 1}, binary(BinaryFunction.OR, a, b));
        assertArrayEquals(new long[] {0, 1, 1, 0}, binary(BinaryFunction.XOR, a, b));
    }

    @Test
    void arithmetic() {
        double[] x = {3, -7, 1, 0, NAN, INF};
        double[] y = {2, 2, 0, 0, 1, INF};
        values(BinaryFunction.ADD, x, y, 5, -5, 1, 0, NAN, INF);
        values(BinaryFunction.SUB, x, y, 1, -9, 1, 0, NAN, NAN);
        values(BinaryFunction.MUL, x, y, 6, -14, 0, 0, NAN, INF);
        values(BinaryFunction.DIV, x, y, 1.5, -3.5, INF, NAN, NAN, NAN);
        values(BinaryFunction.MAX, x, y, 3, 2, 1, 0, NAN, INF);
        values(BinaryFunction.MIN, x, y, 2, -7, 0, 0, NAN, INF);
        values(BinaryFunction.REMAINDER, x, y, 1, -1, NAN, NAN, NAN, NAN);
        values(BinaryFunction.POW, x, y, 9, 49, 1, 1, NAN, INF);
        values(BinaryFunction.MAX, new double[] {1}, new double[] {NAN}, NAN);
        values(BinaryFunction.POW, new double[] {1, 1, -1, -1, 0, -8}, new double[] {NAN, INF, INF, -INF, -1, 1 / 3.0},
                1, 1, 1, 1, INF, NAN);
    }

    @Test
    void integersWrap() {
        int[] x = {Integer.MAX_VALUE, Integer.MIN_VALUE, 7, -7, 7, Integer.MIN_VALUE};
        int[] y = {1, 1, 2, 2, 0, -1};
        NDArray a = NDArray.ofInts(Shape.of(6), x);
        NDArray b = NDArray.ofInts(Shape.of(6), y);
        assertArrayEquals(
                new long[] {Integer.MIN_VALUE, Integer.MIN_VALUE + 1, 9, -5, 7, Integer.MAX_VALUE},
                binary(BinaryFunction.ADD, a, b));
        assertArrayEquals(
                new long[] {Integer.MAX_VALUE - 1, Integer.MAX_VALUE, 5, -9, 7, Integer.MIN_VALUE + 1},
                binary(BinaryFunction.SUB, a, b));
        assertArrayEquals(
                new long[] {Integer.MAX_VALUE, Integer.MIN_VALUE, 14, -14, 0, Integer.MIN_VALUE},
                binary(BinaryFunction.MUL, a, b));
        assertArrayEquals(
                new long[] {Integer.MAX_VALUE, Integer.MIN_VALUE, 3, -3, 0, Integer.MIN_VALUE},
                binary(BinaryFunction.DIV, a, b));
        assertArrayEquals(new long[] {0, 0, 1, -1, 0, 0}, binary(BinaryFunction.REMAINDER, a, b));
        NDArray most = NDArray.ofLongs(Shape.of(2), Long.MIN_VALUE, Long.MAX_VALUE);
        assertArrayEquals(
                new long[] {Long.MIN_VALUE, -Long.MAX_VALUE},
                Evaluation.of(new Op.Unary(UnaryFunction.NEG), most).toLongs());
        assertArrayEquals(new long[] {0, -2}, binary(BinaryFunction.ADD, most, most));
        NDArray bytes = NDArray.ofBytes(Shape.of(3), (byte) 200, (byte) 3, (byte) 0);
        assertArrayEquals(new long[] {144, 6, 0}, binary(BinaryFunction.ADD, bytes, bytes));
        assertArrayEquals(new long[] {64, 9, 0}, binary(BinaryFunction.MUL, bytes, bytes));
        assertArrayEquals(new long[] {56, 253, 0}, Evaluation.of(new Op.Unary(UnaryFunction.NEG), bytes).toLongs());
        assertArrayEquals(new long[] {200, 200, 200}, binary(
                BinaryFunction.MAX, bytes, NDArray.ofBytes(Shape.of(3), (byte) 100, (byte) 200, (byte) 200)));
    }

    @Test
    void comparisons() {
        double[] x = {1, 2, NAN, NAN, 0.0, INF};
        double[] y = {2, 2, 1, NAN, -0.0, 1};
        compare(Comparison.EQ, x, y, 0, 1, 0, 0, 1, 0);
        compare(Comparison.NE, x, y, 1, 0, 1, 1, 0, 1);
        compare(Comparison.LT, x, y, 1, 0, 0, 0, 0, 0);
        compare(Comparison.LE, x, y, 1, 1, 0, 0, 1, 0);
        compare(Comparison.GT, x, y, 0, 0, 0, 0, 0, 1);
        compare(Comparison.GE, x, y, 0, 1, 0, 0, 1, 1);
        // These differ by less than float64 can tell.
        NDArray large = NDArray.ofLongs(Shape.of(1), (1L << 60) + 1);
        NDArray less = NDArray.ofLongs(Shape.of(1), 1L << 60);
        assertEquals(1, Evaluation.of(new Op.Compare(Comparison.GT), large, less).getLong(0));
        assertEquals(0, Evaluation.of(new Op.Compare(Comparison.EQ), large, less).getLong(0));
    }

    @Test
    void selection() {
        NDArray condition = NDArray.ofInts(Shape.of(3), 1, 0, 1).cast(DType.BOOL);
        NDArray a = NDArray.of(Shape.of(3), 1, Float.NaN, 3);
        NDArray b = NDArray.of(Shape.of(3), Float.NaN, 5, 6);
        assertEquals(NDArray.of(Shape.of(3), 1, 5, 3), Evaluation.of(new Op.Select(), condition, a, b));
        NDArray i = NDArray.ofLongs(Shape.of(3), Long.MAX_VALUE, 1, 2);
        NDArray j = NDArray.ofLongs(Shape.of(3), 4, 5, 6);
        assertEquals(NDArray.ofLongs(Shape.of(3), Long.MAX_VALUE, 5, 2),
                Evaluation.of(new Op.Select(), condition, i, j));
    }

    @Test
    void casts() {
        NDArray x = NDArray.ofDoubles(Shape.of(8), 1.9, -1.9, NAN, INF, 3e9, -3e9, 300, -1);
        int max = Integer.MAX_VALUE;
        int min = Integer.MIN_VALUE;
        assertArrayEquals(new long[] {1, -1, 0, max, max, min, 300, -1}, cast(x, DType.I32));
        assertArrayEquals(
                new long[] {1, -1, 0, Long.MAX_VALUE, 3_000_000_000L, -3_000_000_000L, 300, -1}, cast(x, DType.I64));
        assertArrayEquals(new long[] {1, 255, 0, 255, 255, 0, 44, 255}, cast(x, DType.U8));
        assertArrayEquals(new long[] {1, 1, 1, 1, 1, 1, 1, 1}, cast(x, DType.BOOL));
        NDArray odd = NDArray.ofLongs(Shape.of(2), (1L << 53) + 1, (1L << 54) + (1L << 30) + 1);
        assertArrayEquals(new long[] {1L << 53, (1L << 54) + (1L << 31)}, Evaluation.of(new Op.Cast(DType.F32), odd)
                .toLongs());
        assertEquals(1, Evaluation.of(new Op.Cast(DType.I32), odd).getLong(0));
        NDArray third = NDArray.ofDoubles(Shape.of(1), 1 / 3.0);
        assertEquals((float) (1 / 3.0), Evaluation.of(new Op.Cast(DType.F32), third).item());
        assertEquals(0.333251953125, Evaluation.of(new Op.Cast(DType.F16), third).item());
        assertEquals(0.333984375, Evaluation.of(new Op.Cast(DType.BF16), third).item());
    }

    @Test
    void eachResultIsRoundedToItsType() {
        NDArray tenth = NDArray.of(Shape.of(1), 0.1f);
        assertEquals(0.1f + 0.1f * 0.1f, Evaluation.of(in -> in.get(0).add(in.get(0).mul(in.get(0))), tenth).item());
        NDArray half = tenth.cast(DType.F16);
        NDArray sum = Evaluation.of(in -> in.get(0).add(1000), half);
        assertEquals(DType.F16, sum.dtype());
        assertEquals(1000, sum.item());
        assertTrue(Evaluation.of(in -> in.get(0).add(1000), tenth).item() > 1000.09);
    }

    private static void values(UnaryFunction function, double[] x, double... expected) {
        NDArray actual = Evaluation.of(new Op.Unary(function), NDArray.ofDoubles(Shape.of(x.length), x));
        close(expected, actual, function.name());
        NDArray single = NDArray.ofDoubles(Shape.of(x.length), x).cast(DType.F32);
        double[] rounded = Evaluation.of(new Op.Cast(DType.F64), single).toDoubles();
        double[] wide = Evaluation.of(new Op.Unary(function), NDArray.ofDoubles(Shape.of(x.length), rounded))
                .toDoubles();
        double[] narrow = Evaluation.of(new Op.Unary(function), single).toDoubles();
        for (int i = 0; i < x.length; i++) {
            assertEquals((float) wide[i], narrow[i], function + " in float32 at " + i);
        }
    }

    private static void values(BinaryFunction function, double[] x, double[] y, double... expected) {
        NDArray a = NDArray.ofDoubles(Shape.of(x.length), x);
        NDArray b = NDArray.ofDoubles(Shape.of(y.length), y);
        close(expected, Evaluation.of(new Op.Binary(function), a, b), function.name());
    }

    private static void close(double[] expected, NDArray actual, String what) {
        for (int i = 0; i < expected.length; i++) {
            if (expected[i] == 0 || !Double.isFinite(expected[i])) {
                // The sign of zero counts.
                assertEquals(expected[i], actual.getDouble(i), what + " at " + i);
            } else {
                assertEquals(expected[i], actual.getDouble(i), 4 * Math.ulp(expected[i]), what + " at " + i);
            }
        }
    }

    private static long[] binary(BinaryFunction function, NDArray x, NDArray y) {
        return Evaluation.of(new Op.Binary(function), x, y).toLongs();
    }

    private static void compare(Comparison comparison, double[] x, double[] y, long... expected) {
        NDArray result = Evaluation.of(
                new Op.Compare(comparison), NDArray.ofDoubles(Shape.of(x.length), x),
                NDArray.ofDoubles(Shape.of(y.length), y));
        assertEquals(DType.BOOL, result.dtype());
        assertArrayEquals(expected, result.toLongs(), comparison.name());
    }

    private static long[] cast(NDArray x, DType dtype) {
        return Evaluation.of(new Op.Cast(dtype), x).toLongs();
    }
}
