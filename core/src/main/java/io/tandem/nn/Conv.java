package io.tandem.nn;

import io.tandem.graph.ConvolutionGeometry;
import io.tandem.graph.Op;
import io.tandem.graph.Tensor;
import io.tandem.tensor.Shape;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/**
 * A convolution (cross-correlation, no flip) over one, two or three spatial axes, from [N, inputs, spatial...] to [N,
 * filters, spatial...].
 *
 * @param filters number of output channels
 * @param kernel size of the filter, one number per spatial axis
 * @param stride step of the filter
 * @param padding treatment of borders
 * @param dilation distance of neighbouring filter elements
 * @param groups number of groups that channels are divided into
 * @param weight [filters, inputs / groups, kernel...]
 * @param bias [filters], if there is one
 */
public record Conv(
        int filters,
        List<Integer> kernel,
        List<Integer> stride,
        Padding padding,
        List<Integer> dilation,
        int groups,
        Param weight,
        Optional<Param> bias)
        implements Layer {
    /** Checks the numbers. */
    public Conv {
        kernel = List.copyOf(kernel);
        stride = List.copyOf(stride);
        dilation = List.copyOf(dilation);
        if (filters < 1 || kernel.isEmpty() || kernel.stream().anyMatch(k -> k < 1)) {
            throw new IllegalArgumentException(
                    "convolution: filters and kernel sizes must be at least 1, got " + filters + " and " + kernel);
        }
        if (stride.size() != kernel.size() || dilation.size() != kernel.size()) {
            throw new IllegalArgumentException("convolution: kernel " + kernel + ", stride " + stride + " and dilation "
                    + dilation + " need one number per spatial axis");
        }
        if (groups < 1 || filters % groups != 0) {
            throw new IllegalArgumentException(
                    "convolution: " + filters + " filters do not divide into " + groups + " groups");
        }
    }

    /**
     * A convolution with stride 1, no padding, He-uniform weights and a bias that starts at zero.
     *
     * @param filters number of output channels
     * @param kernel size of the filter, one number per spatial axis
     */
    public static Conv of(int filters, int... kernel) {
        List<Integer> sizes = java.util.Arrays.stream(kernel).boxed().toList();
        List<Integer> ones = Collections.nCopies(sizes.size(), 1);
        return new Conv(
                filters,
                sizes,
                ones,
                Padding.valid(),
                ones,
                1,
                Param.of(Initializers.heUniform()),
                Optional.of(Param.of(Initializers.zeros())));
    }

    /** A two-dimensional convolution with a square filter. */
    public static Conv conv2d(int filters, int size) {
        return of(filters, size, size);
    }

    /** A one-dimensional convolution. */
    public static Conv conv1d(int filters, int size) {
        return of(filters, size);
    }

    /** This layer with another stride, equal on all axes, and parameters of its own. */
    public Conv withStride(int size) {
        List<Integer> strides = Collections.nCopies(kernel.size(), size);
        return new Conv(filters, kernel, strides, padding, dilation, groups, weight.fresh(), bias.map(Param::fresh));
    }

    /** This layer with another padding and parameters of its own. */
    public Conv withPadding(Padding other) {
        return new Conv(filters, kernel, stride, other, dilation, groups, weight.fresh(), bias.map(Param::fresh));
    }

    /** This layer with the same padding on both sides of all axes, and parameters of its own. */
    public Conv withPadding(int size) {
        return withPadding(Padding.of(Collections.nCopies(kernel.size(), size).stream()
                .mapToInt(i -> i)
                .toArray()));
    }

    /** This layer with another dilation, equal on all axes, and parameters of its own. */
    public Conv withDilation(int size) {
        List<Integer> sizes = Collections.nCopies(kernel.size(), size);
        return new Conv(filters, kernel, stride, padding, sizes, groups, weight.fresh(), bias.map(Param::fresh));
    }

    /** This layer with channels divided into groups, and parameters of its own. */
    public Conv withGroups(int count) {
        return new Conv(filters, kernel, stride, padding, dilation, count, weight.fresh(), bias.map(Param::fresh));
    }

    /** This layer without bias, and with parameters of its own. */
    public Conv withoutBias() {
        return new Conv(filters, kernel, stride, padding, dilation, groups, weight.fresh(), Optional.empty());
    }

    /** This layer with other initial weights, and parameters of its own. */
    public Conv withWeights(Initializer initializer) {
        return new Conv(
                filters, kernel, stride, padding, dilation, groups, Param.of(initializer), bias.map(Param::fresh));
    }

    @Override
    public Tensor forward(Tensor x) {
        int axes = kernel.size();
        Layers.requireRank("convolution", x, axes + 2, axes + 2);
        Layers.requireDivisible("convolution", x, groups);
        Trace trace = Trace.of(x);
        Shape filter = Shape.of(filters, x.dim(1) / groups).concat(Shape.of(kernel));
        Tensor w = trace.param(weight, filter);
        List<Integer> low = new ArrayList<>();
        List<Integer> high = new ArrayList<>();
        for (int i = 0; i < axes; i++) {
            int[] amounts = padding.amounts(i, x.dim(i + 2), kernel.get(i), stride.get(i), dilation.get(i));
            low.add(amounts[0]);
            high.add(amounts[1]);
        }
        ConvolutionGeometry geometry = new ConvolutionGeometry(stride, low, high, dilation, groups);
        Tensor y = x.graph().add(new Op.Convolution(geometry, Layers.accumulator(x)), x, w);
        return bias.map(b -> y.add(Layers.perChannel(trace.param(b, Shape.of(filters)), y.rank())))
                .orElse(y);
    }
}
