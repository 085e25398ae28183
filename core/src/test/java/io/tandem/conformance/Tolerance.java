package io.tandem.conformance;

import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import java.util.Arrays;
import java.util.Optional;

/**
 * How far a result may be from the reference's: at most {@code u (relative |expected| + absolute)}, where u is the
 * distance from 1 to the next number of the type. The relative part is for the rounding of functions; the absolute part
 * is for sums, whose error does not shrink when their terms cancel: it is about the number of terms for terms of size
 * 1.
 *
 * <p>Integers and truth values must be equal. NaN equals NaN, an infinity itself, and 0.0 equals -0.0. Numbers below
 * the smallest normal one may be flushed to zero.
 *
 * @param relative in units of the last place of the expected number
 * @param absolute in units of the last place of 1
 */
public record Tolerance(double relative, double absolute) {
    /** Equal values. */
    public static final Tolerance EXACT = new Tolerance(0, 0);

    /** One rounding of arithmetic, which may have been done in a wider type or with a fused multiplication. */
    public static final Tolerance ARITHMETIC = new Tolerance(1, 0);

    /** A transcendental function with a good implementation. */
    public static final Tolerance FUNCTION = new Tolerance(16, 0);

    /** A sum of {@code terms} products of size 1, in any order. */
    public static Tolerance sum(long terms) {
        return new Tolerance(4, 4 + terms);
    }

    /** The unit in the last place of 1: 2^-52 for float64, 0 for integers. */
    public static double unit(DType dtype) {
        return switch (dtype) {
            case F64 -> 0x1p-52;
            case F32 -> 0x1p-23;
            case F16 -> 0x1p-10;
            case BF16 -> 0x1p-7;
            case I64, I32, U8, BOOL -> 0;
        };
    }

    private static double smallestNormal(DType dtype) {
        return switch (dtype) {
            case F64 -> Double.MIN_NORMAL;
            case F32, BF16 -> Float.MIN_NORMAL;
            case F16 -> 0x1p-14;
            case I64, I32, U8, BOOL -> 0;
        };
    }

    /** A tolerance that allows {@code factor} times as much. */
    public Tolerance times(double factor) {
        return new Tolerance(relative * factor, absolute * factor);
    }

    /**
     * Compares arrays.
     *
     * @return the worst difference in words, if one is too large
     */
    public Optional<String> mismatch(NDArray expected, NDArray actual) {
        if (!expected.type().equals(actual.type())) {
            return Optional.of("expected " + expected.type() + ", got " + actual.type());
        }
        DType dtype = expected.dtype();
        double unit = unit(dtype);
        double floor = smallestNormal(dtype);
        long worst = -1;
        double worstExcess = 1;
        long wrong = 0;
        for (long i = 0; i < expected.shape().size(); i++) {
            double e = expected.getDouble(i);
            double a = actual.getDouble(i);
            boolean equal = dtype.isFloating()
                    ? e == a || Double.isNaN(e) && Double.isNaN(a)
                    : expected.getLong(i) == actual.getLong(i);
            if (equal) {
                continue;
            }
            double allowed = unit * (relative * Math.abs(e) + absolute) + (this.equals(EXACT) ? 0 : floor);
            double excess = Double.isFinite(e) && Double.isFinite(a) && allowed > 0
                    ? Math.abs(e - a) / allowed
                    : Double.POSITIVE_INFINITY;
            if (excess > 1) {
                wrong++;
                if (excess > worstExcess) {
                    worstExcess = excess;
                    worst = i;
                }
            }
        }
        if (wrong == 0) {
            return Optional.empty();
        }
        return Optional.of(
                "%d of %d elements differ, worst at %s of %s: expected %s, got %s, %.3g times what is allowed"
                        .formatted(
                                wrong,
                                expected.shape().size(),
                                Arrays.toString(index(expected.shape().strides(), worst)),
                                expected.type(),
                                number(expected, worst),
                                number(actual, worst),
                                worstExcess));
    }

    private static String number(NDArray array, long index) {
        return array.dtype().isFloating()
                ? Double.toString(array.getDouble(index))
                : Long.toString(array.getLong(index));
    }

    private static long[] index(long[] strides, long flat) {
        long[] index = new long[strides.length];
        long rest = flat;
        for (int i = 0; i < strides.length; i++) {
            index[i] = rest / strides[i];
            rest %= strides[i];
        }
        return index;
    }
}
