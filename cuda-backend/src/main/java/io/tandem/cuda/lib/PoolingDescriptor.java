package io.tandem.cuda.lib;

import java.util.List;
import java.util.Objects;

/**
 * How a pooling window moves over its input.
 *
 * @param mode    what is computed of a window
 * @param window  size per spatial dimension; 2 or 3 values
 * @param padding border on both sides per spatial dimension, smaller than the window
 * @param stride  step per spatial dimension
 */
public record PoolingDescriptor(Mode mode, List<Integer> window, List<Integer> padding, List<Integer> stride) {

    /** What is computed of a window. */
    public enum Mode {
        /** The largest element; padding never wins. Its gradient may differ in the last bits from run to run. */
        MAX,
        /** The largest element, with a deterministic gradient. */
        MAX_DETERMINISTIC,
        /** The mean over the whole window, padding counted as zeros. */
        AVERAGE_INCLUDE_PADDING,
        /** The mean over the window's elements inside the input. */
        AVERAGE_EXCLUDE_PADDING
    }

    /** Copies and checks the lists. */
    public PoolingDescriptor {
        Objects.requireNonNull(mode, "mode");
        window = List.copyOf(window);
        padding = List.copyOf(padding);
        stride = List.copyOf(stride);
        int spatial = window.size();
        if (spatial < 2 || spatial > 3 || padding.size() != spatial || stride.size() != spatial) {
            throw new IllegalArgumentException("pooling has 2 or 3 spatial dimensions, not window " + window
                    + ", padding " + padding + ", stride " + stride);
        }
        for (int i = 0; i < spatial; i++) {
            if (window.get(i) < 1 || stride.get(i) < 1 || padding.get(i) < 0 || padding.get(i) >= window.get(i)) {
                throw new IllegalArgumentException("window " + window + " and stride " + stride
                        + " must be positive, padding " + padding + " smaller than the window");
            }
        }
    }

    /**
     * The output's sizes, rounded down: {@code 1 + (in + 2 padding - window) / stride} per spatial dimension.
     *
     * @param x input [batch, channels, spatial...]
     */
    public int[] outputSizes(TensorDescriptor x) {
        if (x.rank() != window.size() + 2) {
            throw new IllegalArgumentException("input " + x.sizes() + " does not have " + window.size()
                    + " spatial dimensions");
        }
        int[] sizes = new int[x.rank()];
        sizes[0] = x.size(0);
        sizes[1] = x.size(1);
        for (int i = 0; i < window.size(); i++) {
            int room = x.size(i + 2) + 2 * padding.get(i) - window.get(i);
            if (room < 0) {
                throw new IllegalArgumentException(
                        "the window " + window + " is larger than the padded input " + x.sizes());
            }
            sizes[i + 2] = 1 + room / stride.get(i);
        }
        return sizes;
    }
}
