package io.tandem.models;

import io.tandem.graph.Tensor;
import io.tandem.nn.Conv;
import io.tandem.nn.Layer;

/**
 * A depthwise separable convolution (Chollet, 2017): a filter per channel, then a convolution 1x1 that mixes channels;
 * both without bias, with stride 1, and with nothing in between.
 *
 * @param depthwise one filter per channel
 * @param pointwise the convolution 1x1
 */
public record SeparableConv(Conv depthwise, Conv pointwise) implements Layer {
    /**
     * With padding that keeps height and width.
     *
     * @param inputs channels of the input
     * @param filters channels of the result
     * @param size height and width of the channels' filters, odd
     */
    public static SeparableConv of(int inputs, int filters, int size) {
        return new SeparableConv(
                Conv.conv2d(inputs, size).withPadding(size / 2).withGroups(inputs).withoutBias(),
                Conv.conv2d(filters, 1).withoutBias());
    }

    @Override
    public Tensor forward(Tensor x) {
        return pointwise.apply(depthwise.apply(x));
    }
}
