package io.tandem.models;

import io.tandem.graph.Tensor;
import io.tandem.nn.Activation;
import io.tandem.nn.Layer;
import io.tandem.nn.Residual;
import io.tandem.nn.Sequential;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A block of a residual network (He et al., 2016): convolutions around which a shortcut leads, then ReLU.
 *
 * @param sum convolutions and shortcut
 * @param activation of the sum
 */
public record ResidualBlock(Residual sum, Activation activation) implements Layer {
    /** How much wider the result of a bottleneck is than its inner convolution. */
    public static final int EXPANSION = 4;

    /**
     * Two convolutions 3x3.
     *
     * @param filters of both convolutions, and channels of the result
     * @param stride of the first one
     * @param projected whether the shortcut is a convolution 1x1; needed unless the block keeps channels and size
     */
    public static ResidualBlock basic(int filters, int stride, boolean projected) {
        return of(
                List.of(
                        ConvNorm.of(filters, 3).withStride(stride),
                        ConvNorm.of(filters, 3).withoutActivation()),
                projected ? Optional.of(projection(filters, stride)) : Optional.empty());
    }

    /**
     * Convolutions 1x1, 3x3 and 1x1, of which the last gives {@link #EXPANSION} times the channels. The stride is that of
     * the convolution 3x3, as usual today.
     *
     * @param filters of the first two convolutions
     * @param stride of the second one
     * @param projected whether the shortcut is a convolution 1x1; needed unless the block keeps channels and size
     */
    public static ResidualBlock bottleneck(int filters, int stride, boolean projected) {
        return of(
                bottleneckBody(filters, stride),
                projected ? Optional.of(projection(EXPANSION * filters, stride)) : Optional.empty());
    }

    /** As {@link #bottleneck}, with its result weighted per channel by {@link SqueezeExcite} before the sum. */
    public static ResidualBlock squeezeExcite(int filters, int stride, boolean projected) {
        List<Layer> body = new ArrayList<>(bottleneckBody(filters, stride));
        body.add(SqueezeExcite.of(EXPANSION * filters, 16));
        return of(
                body, projected ? Optional.of(projection(EXPANSION * filters, stride)) : Optional.empty());
    }

    private static List<Layer> bottleneckBody(int filters, int stride) {
        return List.of(
                ConvNorm.of(filters, 1),
                ConvNorm.of(filters, 3).withStride(stride),
                ConvNorm.of(EXPANSION * filters, 1).withoutActivation());
    }

    private static Layer projection(int filters, int stride) {
        return ConvNorm.of(filters, 1).withStride(stride).withoutActivation();
    }

    private static ResidualBlock of(List<Layer> body, Optional<Layer> projection) {
        return new ResidualBlock(new Residual(new Sequential(body), projection), Activation.relu());
    }

    @Override
    public Tensor forward(Tensor x) {
        return activation.apply(sum.apply(x));
    }
}
