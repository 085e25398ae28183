package io.tandem.cpu.onednn;

import java.util.Collections;
import java.util.List;

/**
 * How a window moves over the spatial axes; one entry per axis.
 *
 * @param stride step of the window, at least 1
 * @param dilation distance of neighbouring elements of the window, at least 1 (oneDNN counts one less)
 * @param padBegin padding before each axis
 * @param padEnd padding after each axis
 */
public record WindowGeometry(
        List<Integer> stride, List<Integer> dilation, List<Integer> padBegin, List<Integer> padEnd) {

    /** Checks lengths and signs. */
    public WindowGeometry {
        stride = List.copyOf(stride);
        dilation = List.copyOf(dilation);
        padBegin = List.copyOf(padBegin);
        padEnd = List.copyOf(padEnd);
        int axes = stride.size();
        if (dilation.size() != axes || padBegin.size() != axes || padEnd.size() != axes) {
            throw new IllegalArgumentException(
                    "stride " + stride + ", dilation " + dilation + " and padding " + padBegin
                            + " and " + padEnd + " need one entry per spatial axis");
        }
        if (stride.stream().anyMatch(s -> s < 1) || dilation.stream().anyMatch(d -> d < 1)) {
            throw new IllegalArgumentException(
                    "stride " + stride + " and dilation " + dilation + " must be at least 1");
        }
    }

    /** Stride 1, no dilation, no padding. */
    public static WindowGeometry of(int axes) {
        return of(axes, 1, 0);
    }

    /** The same stride and symmetric padding on each axis. */
    public static WindowGeometry of(int axes, int stride, int padding) {
        List<Integer> pad = Collections.nCopies(axes, padding);
        return new WindowGeometry(Collections.nCopies(axes, stride), Collections.nCopies(axes, 1), pad, pad);
    }

    /** The number of spatial axes. */
    public int axes() {
        return stride.size();
    }

    /** The size of a spatial axis of the result; below 1 if the window does not fit. */
    public long outputSize(int axis, long input, long window) {
        long reach = dilation.get(axis) * (window - 1) + 1;
        return Math.floorDiv(input + padBegin.get(axis) + padEnd.get(axis) - reach, (long) stride.get(axis)) + 1;
    }

    /** The dilations as oneDNN counts them. */
    List<Integer> gaps() {
        return dilation.stream().map(d -> d - 1).toList();
    }

    /** Checks that a window takes the spatial axes of one tensor to those of another. */
    void requireFit(String what, MemoryDescriptor input, List<Long> window, MemoryDescriptor output) {
        if (input.rank() != axes() + 2 || output.rank() != axes() + 2 || window.size() != axes()) {
            throw new IllegalArgumentException(what + ": " + axes() + " spatial axes do not fit " + input + ", window "
                    + window + " and " + output);
        }
        for (int axis = 0; axis < axes(); axis++) {
            long size = outputSize(axis, input.dim(axis + 2), window.get(axis));
            if (size < 1 || size != output.dim(axis + 2)) {
                throw new IllegalArgumentException(what + ": spatial axis " + axis + " of " + input + " with window "
                        + window + ", stride " + stride + ", dilation " + dilation + " and padding " + padBegin
                        + " and "
                        + padEnd + " gives size " + size + ", not that of " + output);
            }
        }
    }
}
