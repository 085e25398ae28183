package io.tandem.cpu.kernel;

import io.tandem.graph.ConvolutionGeometry;
import io.tandem.graph.PoolGeometry;
import io.tandem.tensor.Shape;
import java.util.List;

/**
 * Where the windows of a convolution or pool lie: for each tap of the window and each place of the result the place
 * in the
 * input, within one channel.
 *
 * @param places by tap, then by place of the result; {@link #PADDING} or {@link #BEYOND} outside of the input
 * @param inputs number of elements of a channel of the input
 * @param outputs number of elements of a channel of the result
 */
record WindowPlaces(int[][] places, int inputs, int outputs) {
    /** A place in the padding. */
    static final int PADDING = -1;

    /** A place beyond the padding, which the last window of a pool in ceil mode can reach. */
    static final int BEYOND = -2;

    static WindowPlaces of(ConvolutionGeometry g, Shape input, Shape filter, Shape output) {
        return of(
                spatial(input), spatial(filter), spatial(output), g.stride(), g.padLow(), g.padHigh(), g.dilation());
    }

    static WindowPlaces of(PoolGeometry g, Shape input, Shape output) {
        return of(
                spatial(input),
                Shape.of(g.window()),
                spatial(output),
                g.stride(),
                g.padLow(),
                g.padHigh(),
                g.dilation());
    }

    private static Shape spatial(Shape shape) {
        return shape.subShape(2, shape.rank());
    }

    private static WindowPlaces of(
            Shape input,
            Shape window,
            Shape output,
            List<Integer> stride,
            List<Integer> low,
            List<Integer> high,
            List<Integer> dilation) {
        int[][] places = new int[Math.toIntExact(window.size())][Math.toIntExact(output.size())];
        long[] windowSteps = window.strides();
        long[] outputSteps = output.strides();
        long[] inputSteps = input.strides();
        for (int tap = 0; tap < places.length; tap++) {
            for (int at = 0; at < places[tap].length; at++) {
                int place = 0;
                int outside = 0;
                for (int d = 0; d < input.rank(); d++) {
                    int index = (int) (at / outputSteps[d] % output.dim(d)) * stride.get(d)
                            + (int) (tap / windowSteps[d] % window.dim(d)) * dilation.get(d)
                            - low.get(d);
                    if (index < 0 || index >= input.dim(d)) {
                        outside = Math.min(outside, index >= input.dim(d) + high.get(d) ? BEYOND : PADDING);
                    }
                    place += (int) (index * inputSteps[d]);
                }
                places[tap][at] = outside < 0 ? outside : place;
            }
        }
        return new WindowPlaces(places, Math.toIntExact(input.size()), Math.toIntExact(output.size()));
    }

    int taps() {
        return places.length;
    }

    /** Rows per tap and channel, columns per place of the result; padding is zero. */
    void unfold(float[] channel, float[][] columns, int firstRow) {
        for (int tap = 0; tap < places.length; tap++) {
            int[] from = places[tap];
            float[] row = columns[firstRow + tap];
            for (int p = 0; p < from.length; p++) {
                row[p] = from[p] >= 0 ? channel[from[p]] : 0;
            }
        }
    }

    /** Rows per place of the result, columns per tap and channel; padding is zero. */
    void unfoldTransposed(float[] channel, float[][] rows, int firstColumn) {
        for (int tap = 0; tap < places.length; tap++) {
            int[] from = places[tap];
            for (int p = 0; p < from.length; p++) {
                rows[p][firstColumn + tap] = from[p] >= 0 ? channel[from[p]] : 0;
            }
        }
    }

    /** Adds rows per tap and channel to the places that they came from. */
    void fold(float[][] columns, int firstRow, float[] channel) {
        for (int tap = 0; tap < places.length; tap++) {
            int[] to = places[tap];
            float[] row = columns[firstRow + tap];
            for (int p = 0; p < to.length; p++) {
                if (to[p] >= 0) {
                    channel[to[p]] += row[p];
                }
            }
        }
    }
}
