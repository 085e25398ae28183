package io.tandem.models;

import io.tandem.graph.Tensor;
import io.tandem.nn.Activation;
import io.tandem.nn.BatchNorm;
import io.tandem.nn.Conv;
import io.tandem.nn.Layer;
import io.tandem.nn.Padding;

/**
 * A two-dimensional convolution without bias, batch normalization (Ioffe and Szegedy, 2015) and an activation: the unit
 * that most networks for images are made of.
 *
 * @param conv the convolution
 * @param norm its normalization, whose shift stands for the bias
 * @param activation what follows
 */
public record ConvNorm(Conv conv, BatchNorm norm, Activation activation) implements Layer {
    /** A square filter of odd size with stride 1, ReLU, and padding that keeps height and width. */
    public static ConvNorm of(int filters, int size) {
        return of(filters, size, size);
    }

    /** A filter of odd height and width with stride 1, ReLU, and padding that keeps height and width. */
    public static ConvNorm of(int filters, int height, int width) {
        Conv conv = Conv.of(filters, height, width).withPadding(Padding.of(height / 2, width / 2)).withoutBias();
        return new ConvNorm(conv, BatchNorm.of(), Activation.relu());
    }

    /** With another stride, and parameters of its own. */
    public ConvNorm withStride(int stride) {
        return with(conv.withStride(stride));
    }

    /** Without padding, and with parameters of its own. */
    public ConvNorm withoutPadding() {
        return with(conv.withPadding(Padding.valid()));
    }

    /** With channels divided into groups, and parameters of its own. */
    public ConvNorm withGroups(int groups) {
        return with(conv.withGroups(groups));
    }

    /** With another activation, and parameters of its own. */
    public ConvNorm withActivation(Activation other) {
        return new ConvNorm(conv.withGroups(conv.groups()), norm.withEpsilon(norm.epsilon()), other);
    }

    /** Without activation, and with parameters of its own. */
    public ConvNorm withoutActivation() {
        return withActivation(Activation.linear());
    }

    private ConvNorm with(Conv other) {
        return new ConvNorm(other, norm.withEpsilon(norm.epsilon()), activation);
    }

    @Override
    public Tensor forward(Tensor x) {
        return activation.apply(norm.apply(conv.apply(x)));
    }
}
