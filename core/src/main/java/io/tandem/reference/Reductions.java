package io.tandem.reference;

import io.tandem.graph.Op;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.util.Arrays;
import java.util.function.DoubleBinaryOperator;
import java.util.function.LongBinaryOperator;

/** Reductions; sums are of doubles or longs and are rounded or wrapped once, at their end. */
final class Reductions {
    private Reductions() {}

    static Value reduce(Op.Reduce reduce, Value x, TensorType type) {
        // For each element of the operand, in order, the place of the result that it goes into.
        Shape shape = x.type().shape();
        long[] kept = type.shape().strides();
        long[] strides = new long[shape.rank()];
        int next = 0;
        for (int axis = 0; axis < strides.length; axis++) {
            strides[axis] = reduce.axes().contains(axis) ? 0 : kept[next++];
        }
        int[] into = new Strided(shape, 0, strides).places();
        int size = Math.toIntExact(type.shape().size());
        return switch (x) {
            case Value.Floating(_, double[] data) -> {
                DoubleBinaryOperator combine = switch (reduce.reduction()) {
                    case SUM -> Double::sum;
                    case MAX -> Math::max;
                    case MIN -> Math::min;
                };
                double[] result = new double[size];
                Arrays.fill(result, switch (reduce.reduction()) {
                    case SUM -> 0;
                    case MAX -> Double.NEGATIVE_INFINITY;
                    case MIN -> Double.POSITIVE_INFINITY;
                });
                for (int i = 0; i < data.length; i++) {
                    result[into[i]] = combine.applyAsDouble(result[into[i]], data[i]);
                }
                yield Value.rounded(type, result);
            }
            case Value.Integral(_, long[] data) -> {
                LongBinaryOperator combine = switch (reduce.reduction()) {
                    case SUM -> Long::sum;
                    case MAX -> Math::max;
                    case MIN -> Math::min;
                };
                long[] result = new long[size];
                Arrays.fill(result, switch (reduce.reduction()) {
                    case SUM -> 0;
                    case MAX -> Long.MIN_VALUE;
                    case MIN -> Long.MAX_VALUE;
                });
                for (int i = 0; i < data.length; i++) {
                    result[into[i]] = combine.applyAsLong(result[into[i]], data[i]);
                }
                yield Value.wrapped(type, result);
            }
        };
    }

    static Value argReduce(boolean largest, int axis, Value x, TensorType type) {
        Shape shape = x.type().shape();
        int size = shape.dim(axis);
        int inner = (int) shape.strides()[axis];
        long[] result = new long[Math.toIntExact(type.shape().size())];
        for (int i = 0; i < result.length; i++) {
            int first = i / inner * inner * size + i % inner;
            int best = 0;
            for (int k = 1; k < size; k++) {
                if (beats(largest, x, first + k * inner, first + best * inner)) {
                    best = k;
                }
            }
            result[i] = best;
        }
        return new Value.Integral(type, result);
    }

    private static boolean beats(boolean largest, Value x, int a, int b) {
        return switch (x) {
            case Value.Floating(_, double[] v) -> largest ? above(v[a], v[b]) : above(v[b], v[a]);
            case Value.Integral(_, long[] v) -> largest ? v[a] > v[b] : v[a] < v[b];
        };
    }

    /** Whether {@code x} is larger than {@code y}, where NaN counts as largest and -0.0 equals 0.0. */
    private static boolean above(double x, double y) {
        return x > y || Double.isNaN(x) && !Double.isNaN(y);
    }
}
