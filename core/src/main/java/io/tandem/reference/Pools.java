package io.tandem.reference;

import io.tandem.graph.PoolGeometry;
import io.tandem.graph.Pooling;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.util.List;

/**
 * Pooling, its gradient, and picking by window. A window that lies in the padding altogether has the maximum -∞, and
 * the mean NaN where padding does not count; it gives no gradient to anything.
 */
final class Pools {
    private Pools() {}

    static Value pool(Pooling pooling, PoolGeometry geometry, Value x, TensorType type) {
        return switch (pooling) {
            case MAX -> pick(geometry, x, x, type);
            case AVERAGE, AVERAGE_INCLUDING_PADDING -> {
                Layout layout = new Layout(geometry, x.type().shape(), type.shape());
                double[] data = x.doubles();
                double[] result = new double[layout.outputs()];
                for (int i = 0; i < result.length; i++) {
                    for (int[] tap : layout.places()) {
                        int place = layout.place(tap, i);
                        result[i] += place >= 0 ? data[place] : 0;
                    }
                    result[i] /= layout.divisor(pooling, i);
                }
                yield Value.rounded(type, result);
            }
        };
    }

    static Value gradient(Pooling pooling, PoolGeometry geometry, List<Value> in, TensorType type) {
        double[] g = in.getLast().doubles();
        Layout layout = new Layout(geometry, type.shape(), in.getLast().type().shape());
        double[] result = new double[Math.toIntExact(type.shape().size())];
        for (int i = 0; i < g.length; i++) {
            switch (pooling) {
                case MAX -> {
                    int winner = layout.winner(in.getFirst().doubles(), i);
                    if (winner >= 0) {
                        result[winner] += g[i];
                    }
                }
                case AVERAGE, AVERAGE_INCLUDING_PADDING -> {
                    double share = g[i] / layout.divisor(pooling, i);
                    for (int[] tap : layout.places()) {
                        int place = layout.place(tap, i);
                        if (place >= 0) {
                            result[place] += share;
                        }
                    }
                }
            }
        }
        return Value.rounded(type, result);
    }

    static Value pick(PoolGeometry geometry, Value by, Value from, TensorType type) {
        Layout layout = new Layout(geometry, by.type().shape(), type.shape());
        double[] data = from.doubles();
        double[] result = new double[layout.outputs()];
        for (int i = 0; i < result.length; i++) {
            int winner = layout.winner(by.doubles(), i);
            result[i] = winner >= 0 ? data[winner] : Double.NEGATIVE_INFINITY;
        }
        return new Value.Floating(type, result);
    }

    /**
     * The windows of all channels.
     *
     * @param places of {@link Windows}, for one channel
     * @param inputSize number of elements of one channel of the input
     * @param outputSize number of elements of one channel of the result
     * @param outputs number of elements of the result
     */
    private record Layout(int[][] places, int inputSize, int outputSize, int outputs) {
        Layout(PoolGeometry geometry, Shape input, Shape output) {
            this(
                    Windows.of(geometry, input, output),
                    Math.toIntExact(Windows.spatial(input).size()),
                    Math.toIntExact(Windows.spatial(output).size()),
                    Math.toIntExact(output.size()));
        }

        /** The input element of a tap at a result element, or a negative number. */
        int place(int[] tap, int output) {
            int place = tap[output % outputSize];
            return place < 0 ? place : output / outputSize * inputSize + place;
        }

        /** The first largest element of the window, where NaN is largest; negative if there is none. */
        int winner(double[] data, int output) {
            int winner = Windows.PADDING;
            for (int[] tap : places) {
                int place = place(tap, output);
                if (place >= 0
                        && (winner < 0
                                || data[place] > data[winner]
                                || Double.isNaN(data[place]) && !Double.isNaN(data[winner]))) {
                    winner = place;
                }
            }
            return winner;
        }

        /** The number of elements that an average counts; none of them is beyond the padding. */
        int divisor(Pooling pooling, int output) {
            int count = 0;
            for (int[] tap : places) {
                int place = place(tap, output);
                count += place >= 0 || place == Windows.PADDING && pooling == Pooling.AVERAGE_INCLUDING_PADDING ? 1 : 0;
            }
            return count;
        }
    }
}
