package io.tandem.reference;

import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.util.function.Consumer;

/** Gathering and scattering by index. Indices outside the axis are clamped and reported. */
final class Indexing {
    private Indexing() {}

    static Value gather(String operation, int axis, Value x, Value indices, TensorType type, Consumer<String> errors) {
        Shape shape = x.type().shape();
        int size = shape.dim(axis);
        int[] places = clamp(operation, axis, size, indices.longs(), errors);
        int outer = Math.toIntExact(shape.subShape(0, axis).size());
        int inner = Math.toIntExact(shape.subShape(axis + 1, shape.rank()).size());
        Value result = Value.zeros(type);
        for (int o = 0; o < outer; o++) {
            for (int i = 0; i < places.length; i++) {
                System.arraycopy(
                        x.array(),
                        (o * size + places[i]) * inner,
                        result.array(),
                        (o * places.length + i) * inner,
                        inner);
            }
        }
        return result;
    }

    static Value scatterAdd(String operation, int axis, int size, Value indices, Value updates, TensorType type,
            Consumer<String> errors) {
        Shape shape = type.shape();
        int[] places = clamp(operation, axis, size, indices.longs(), errors);
        int inner = Math.toIntExact(shape.subShape(axis + 1, shape.rank()).size());
        int results = Math.toIntExact(shape.size());
        return switch (updates) {
            case Value.Floating(_, double[] data) -> {
                double[] sums = new double[results];
                for (int from = 0; from < data.length; from++) {
                    sums[target(from, places, size, inner)] += data[from];
                }
                yield Value.rounded(type, sums);
            }
            case Value.Integral(_, long[] data) -> {
                long[] sums = new long[results];
                for (int from = 0; from < data.length; from++) {
                    sums[target(from, places, size, inner)] += data[from];
                }
                yield Value.wrapped(type, sums);
            }
        };
    }

    /** The result's element that an element of the updates [outer, indices, inner] is added to. */
    private static int target(int from, int[] places, int size, int inner) {
        int row = from / inner;
        int outer = row / places.length;
        return (outer * size + places[row % places.length]) * inner + from % inner;
    }

    private static int[] clamp(String op, int axis, int size, long[] indices, Consumer<String> errors) {
        int[] places = new int[indices.length];
        for (int i = 0; i < indices.length; i++) {
            places[i] = (int) Math.clamp(indices[i], 0L, size - 1L);
            if (places[i] != indices[i]) {
                errors.accept(
                        "%s: index %d (number %d of %d) is outside of axis %d, whose size is %d; %d was used instead"
                                .formatted(op, indices[i], i, indices.length, axis, size, places[i]));
            }
        }
        return places;
    }
}
