package io.tandem.graph;

import java.util.List;
import java.util.function.BinaryOperator;

/** Reductions, and what runs along an axis, in terms of the primitives. */
final class Reductions {
    private Reductions() {}

    /** The square root, with derivative 0 at 0. */
    static Tensor root(Tensor squares) {
        Tensor zero = squares.eq(0);
        return zero.select(squares.like(0), zero.select(squares.like(1), squares).sqrt());
    }

    /** Shifted by the largest element, if that is finite; the gradient is 0 where all elements are minus infinity. */
    static Tensor logSumExp(Tensor x, List<Integer> axes) {
        if (axes.isEmpty()) {
            return x;
        }
        int[] over = axes.stream().mapToInt(Integer::intValue).toArray();
        Tensor largest = x.max(over).stopGradient();
        Tensor shift = largest.isFinite().select(largest, largest.like(0));
        Tensor sum = x.sub(shift.keepDims(x.shape(), axes)).exp().sum(over);
        Tensor none = sum.eq(0);
        Tensor result = none.select(sum.like(1), sum).log().add(shift);
        return none.select(sum.like(Double.NEGATIVE_INFINITY), result);
    }

    /** Half of the axis times the other half, until one element is left. */
    static Tensor product(Tensor x, List<Integer> axes) {
        Tensor product = x;
        for (int axis : axes.reversed()) {
            product = product(product, axis);
        }
        return product;
    }

    private static Tensor product(Tensor x, int axis) {
        if (x.dim(axis) == 0) {
            return x.graph().full(x.type().with(x.shape().without(axis)), 1);
        }
        Tensor rest = x;
        while (rest.dim(axis) > 1) {
            int half = rest.dim(axis) / 2;
            Tensor pairs = rest.slice(axis, 0, half).mul(rest.slice(axis, half, 2 * half));
            rest = rest.dim(axis) % 2 == 0
                    ? pairs
                    : Tensor.concat(axis, pairs, rest.slice(axis, 2 * half, rest.dim(axis)));
        }
        return rest.squeeze(axis);
    }

    /** In steps of 1, 2, 4...: each element is combined with the one that far before it (Hillis and Steele, 1986). */
    static Tensor running(Tensor x, int axis, double neutral, BinaryOperator<Tensor> combine) {
        Tensor result = x;
        for (int distance = 1; distance < x.dim(axis); distance *= 2) {
            Tensor before = result.slice(axis, 0, x.dim(axis) - distance).pad(axis, distance, 0, neutral);
            result = combine.apply(before, result);
        }
        return result;
    }
}
