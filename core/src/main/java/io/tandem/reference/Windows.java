package io.tandem.reference;

import io.tandem.graph.ConvolutionGeometry;
import io.tandem.graph.PoolGeometry;
import io.tandem.tensor.Shape;
import java.util.List;

/** Where the windows of convolutions and pools lie over their input. */
final class Windows {
    /** A place in the padding. */
    static final int PADDING = -1;

    /** A place beyond the padding, which the last window of a pool in ceil mode can reach. */
    static final int BEYOND = -2;

    private Windows() {}

    /** For each tap of the filter and each place of the result the place in the input, or {@link #PADDING}. */
    static int[][] of(ConvolutionGeometry geometry, Shape input, Shape filter, Shape output) {
        return places(
                spatial(input),
                spatial(filter),
                spatial(output),
                geometry.stride(),
                geometry.padLow(),
                geometry.padHigh(),
                geometry.dilation());
    }

    /** For each tap of the window and each place of the result the place in the input, or a negative number. */
    static int[][] of(PoolGeometry geometry, Shape input, Shape output) {
        return places(
                spatial(input),
                Shape.of(geometry.window()),
                spatial(output),
                geometry.stride(),
                geometry.padLow(),
                geometry.padHigh(),
                geometry.dilation());
    }

    /** The axes after batch and channels. */
    static Shape spatial(Shape shape) {
        return shape.subShape(2, shape.rank());
    }

    private static int[][] places(
            Shape input,
            Shape window,
            Shape output,
            List<Integer> stride,
            List<Integer> padLow,
            List<Integer> padHigh,
            List<Integer> dilation) {
        int[][] places = new int[Math.toIntExact(window.size())][Math.toIntExact(output.size())];
        for (int tap = 0; tap < places.length; tap++) {
            for (int at = 0; at < places[tap].length; at++) {
                int place = 0;
                int scale = 1;
                int tapRest = tap;
                int atRest = at;
                boolean padding = false;
                boolean beyond = false;
                for (int axis = input.rank() - 1; axis >= 0; axis--) {
                    int index = atRest % output.dim(axis) * stride.get(axis)
                            + tapRest % window.dim(axis) * dilation.get(axis)
                            - padLow.get(axis);
                    padding |= index < 0 || index >= input.dim(axis);
                    beyond |= index >= input.dim(axis) + padHigh.get(axis);
                    place += index * scale;
                    scale *= input.dim(axis);
                    tapRest /= window.dim(axis);
                    atRest /= output.dim(axis);
                }
                places[tap][at] = beyond ? BEYOND : padding ? PADDING : place;
            }
        }
        return places;
    }
}
