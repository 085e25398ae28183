package io.tandem.cuda.lib;

import java.util.List;
import java.util.Objects;

/**
 * How a convolution (cross-correlation, as in deep learning) moves over its input.
 *
 * @param padding  zeros on both sides of each spatial dimension; 2 or 3 values
 * @param stride   step per spatial dimension
 * @param dilation distance of filter elements per spatial dimension, 1 for a dense filter
 * @param groups   number of groups that channels are divided into
 * @param compute  accumulation type, {@link DataType#F32} or {@link DataType#F64}
 * @param math     units to compute with
 */
public record ConvolutionDescriptor(
        List<Integer> padding,
        List<Integer> stride,
        List<Integer> dilation,
        int groups,
        DataType compute,
        MathType math) {

    /** Copies and checks the lists. */
    public ConvolutionDescriptor {
        padding = List.copyOf(padding);
        stride = List.copyOf(stride);
        dilation = List.copyOf(dilation);
        Objects.requireNonNull(compute, "compute");
        Objects.requireNonNull(math, "math");
        int spatial = padding.size();
        if (spatial < 2 || spatial > 3 || stride.size() != spatial || dilation.size() != spatial) {
            throw new IllegalArgumentException("a convolution has 2 or 3 spatial dimensions, not padding " + padding
                    + ", stride " + stride + ", dilation " + dilation);
        }
        if (padding.stream().anyMatch(p -> p < 0)
                || stride.stream().anyMatch(s -> s < 1)
                || dilation.stream().anyMatch(d -> d < 1)
                || groups < 1) {
            throw new IllegalArgumentException("padding " + padding + " must not be negative; stride " + stride
                    + ", dilation " + dilation + " and groups " + groups + " must be positive");
        }
    }

    /**
     * A two-dimensional convolution in single precision without tensor cores.
     *
     * @param padding  zeros on all four sides
     * @param stride   step in both dimensions
     * @param dilation distance of filter elements in both dimensions
     * @param groups   number of groups
     */
    public static ConvolutionDescriptor square(int padding, int stride, int dilation, int groups) {
        return new ConvolutionDescriptor(
                List.of(padding, padding),
                List.of(stride, stride),
                List.of(dilation, dilation),
                groups,
                DataType.F32,
                MathType.FMA);
    }
}
