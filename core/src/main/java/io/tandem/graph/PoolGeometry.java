package io.tandem.graph;

import java.util.List;

/**
 * How a pooling window moves over its input; one entry per spatial axis.
 *
 * @param window size of the window
 * @param stride step of the window
 * @param padLow padding before each axis
 * @param padHigh padding after each axis
 * @param dilation distance of neighbouring elements of a window
 * @param ceilMode whether a last window that hangs over the padded input counts, if it starts inside input or low padding
 */
public record PoolGeometry(
        List<Integer> window,
        List<Integer> stride,
        List<Integer> padLow,
        List<Integer> padHigh,
        List<Integer> dilation,
        boolean ceilMode) {
    /** Checks sizes and signs. */
    public PoolGeometry {
        window = List.copyOf(window);
        stride = List.copyOf(stride);
        padLow = List.copyOf(padLow);
        padHigh = List.copyOf(padHigh);
        dilation = List.copyOf(dilation);
        int axes = window.size();
        if (stride.size() != axes || padLow.size() != axes || padHigh.size() != axes || dilation.size() != axes) {
            throw new IllegalArgumentException("window, stride, padding and dilation need one entry per spatial axis: "
                    + window + ", " + stride + ", " + padLow + " and " + padHigh + ", " + dilation);
        }
        for (int i = 0; i < axes; i++) {
            if (window.get(i) < 1 || stride.get(i) < 1 || dilation.get(i) < 1) {
                throw new IllegalArgumentException("window " + window + ", stride " + stride + " and dilation "
                        + dilation + " must be at least 1");
            }
            int reach = dilation.get(i) * (window.get(i) - 1) + 1;
            if (padLow.get(i) < 0 || padHigh.get(i) < 0 || padLow.get(i) >= reach || padHigh.get(i) >= reach) {
                throw new IllegalArgumentException(
                        "padding " + padLow + " and " + padHigh + " must be from 0 to below the window " + window);
            }
        }
    }

    /** The number of spatial axes. */
    public int axes() {
        return window.size();
    }

    /** The size of a spatial axis of the result, or a number below 1 if the window does not fit. */
    public int outputSize(int axis, int input) {
        int reach = dilation.get(axis) * (window.get(axis) - 1) + 1;
        int room = input + padLow.get(axis) + padHigh.get(axis) - reach;
        if (!ceilMode) {
            return Math.floorDiv(room, stride.get(axis)) + 1;
        }
        int size = Math.ceilDiv(room, stride.get(axis)) + 1;
        return (size - 1) * stride.get(axis) >= input + padLow.get(axis) ? size - 1 : size;
    }
}
