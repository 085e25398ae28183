package io.tandem.graph;

import java.util.List;

/**
 * How a filter moves over its input; one entry per spatial axis.
 *
 * @param stride step of the filter
 * @param padLow zeros added before each axis
 * @param padHigh zeros added after each axis
 * @param dilation distance of neighbouring filter elements
 * @param groups number of groups that channels are divided into
 */
public record ConvolutionGeometry(
        List<Integer> stride, List<Integer> padLow, List<Integer> padHigh, List<Integer> dilation, int groups) {
    /** Checks sizes and signs. */
    public ConvolutionGeometry {
        stride = List.copyOf(stride);
        padLow = List.copyOf(padLow);
        padHigh = List.copyOf(padHigh);
        dilation = List.copyOf(dilation);
        int axes = stride.size();
        if (padLow.size() != axes || padHigh.size() != axes || dilation.size() != axes) {
            throw new IllegalArgumentException("stride, padding and dilation need one entry per spatial axis: stride "
                    + stride + ", padding " + padLow + " and " + padHigh + ", dilation " + dilation);
        }
        if (stride.stream().anyMatch(s -> s < 1) || dilation.stream().anyMatch(d -> d < 1) || groups < 1) {
            throw new IllegalArgumentException("stride " + stride + ", dilation " + dilation + " and groups " + groups
                    + " must be at least 1");
        }
        if (padLow.stream().anyMatch(p -> p < 0) || padHigh.stream().anyMatch(p -> p < 0)) {
            throw new IllegalArgumentException("padding must not be negative: " + padLow + " and " + padHigh);
        }
    }

    /** The number of spatial axes. */
    public int axes() {
        return stride.size();
    }

    /** The size of a spatial axis of the result, or a number below 1 if the filter does not fit. */
    public int outputSize(int axis, int input, int kernel) {
        int window = dilation.get(axis) * (kernel - 1) + 1;
        return Math.floorDiv(input + padLow.get(axis) + padHigh.get(axis) - window, stride.get(axis)) + 1;
    }
}
