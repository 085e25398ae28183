package io.tandem.cuda.lib;

import java.util.Objects;

/**
 * A convolution with all its sizes: what the forward pass and both gradients have in common.
 *
 * @param x           input [batch, channels, spatial...] and its gradient
 * @param w           filter [out, channels / groups, spatial...] and its gradient
 * @param convolution the movement
 * @param y           output [batch, out, spatial...] and its gradient
 */
public record ConvolutionProblem(
        TensorDescriptor x, FilterDescriptor w, ConvolutionDescriptor convolution, TensorDescriptor y) {

    /** Refuses missing values; the library checks sizes. */
    public ConvolutionProblem {
        Objects.requireNonNull(x, "x");
        Objects.requireNonNull(w, "w");
        Objects.requireNonNull(convolution, "convolution");
        Objects.requireNonNull(y, "y");
    }

    /**
     * The problem with a dense output in the layout of the input.
     *
     * @param x           input
     * @param w           filter
     * @param convolution the movement
     */
    public static ConvolutionProblem of(TensorDescriptor x, FilterDescriptor w, ConvolutionDescriptor convolution) {
        int[] sizes = outputSizes(x, w, convolution);
        TensorDescriptor y = x.isChannelsLast()
                ? TensorDescriptor.channelsLast(x.type(), sizes)
                : TensorDescriptor.rowMajor(x.type(), sizes);
        return new ConvolutionProblem(x, w, convolution, y);
    }

    /**
     * The output's sizes: {@code 1 + (in + 2 padding - (1 + (filter - 1) dilation)) / stride} per spatial dimension.
     *
     * @param x           input
     * @param w           filter
     * @param convolution the movement
     * @throws IllegalArgumentException if the ranks disagree, or the filter is larger than the padded input
     */
    public static int[] outputSizes(TensorDescriptor x, FilterDescriptor w, ConvolutionDescriptor convolution) {
        int spatial = convolution.padding().size();
        if (x.rank() != spatial + 2 || w.sizes().size() != spatial + 2) {
            throw new IllegalArgumentException("input " + x.sizes() + " and filter " + w.sizes() + " do not have "
                    + spatial + " spatial dimensions");
        }
        int[] sizes = new int[x.rank()];
        sizes[0] = x.size(0);
        sizes[1] = w.sizes().getFirst();
        for (int i = 0; i < spatial; i++) {
            int reach = 1 + (w.sizes().get(i + 2) - 1) * convolution.dilation().get(i);
            int room = x.size(i + 2) + 2 * convolution.padding().get(i) - reach;
            if (room < 0) {
                throw new IllegalArgumentException("the filter " + w.sizes() + " (dilation " + convolution.dilation()
                        + ") is larger than the padded input " + x.sizes());
            }
            sizes[i + 2] = 1 + room / convolution.stride().get(i);
        }
        return sizes;
    }
}
