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
 * A transposed convolution over one, two or three spatial axes, from [N, inputs, spatial...] to [N, filters,
 * larger...]: the adjoint of a convolution of the same geometry (Zeiler et al., 2010). A size n becomes (n - 1) stride
 * + dilation (kernel - 1) + 1 - padding + outputPadding; with {@link Padding#same()} n stride.
 *
 * @param filters number of output channels
 * @param kernel size of the filter, one number per spatial axis
 * @param stride step of the filter in the output
 * @param padding elements cut off at the borders of the output
 * @param outputPadding elements added at the end of each axis, fewer than the stride or the dilation
 * @param dilation distance of neighbouring filter elements
 * @param groups number of groups that channels are divided into
 * @param weight [inputs, filters / groups, kernel...]
 * @param bias [filters], if there is one
 */
public record ConvTranspose(
        int filters,
        List<Integer> kernel,
        List<Integer> stride,
        Padding padding,
        List<Integer> outputPadding,
        List<Integer> dilation,
        int groups,
        Param weight,
        Optional<Param> bias)
        implements Layer {
    /** Checks the numbers. */
    public ConvTranspose {
        kernel = List.copyOf(kernel);
        stride = List.copyOf(stride);
        outputPadding = List.copyOf(outputPadding);
        dilation = List.copyOf(dilation);
        if (filters < 1 || kernel.isEmpty() || kernel.stream().anyMatch(k -> k < 1)) {
            throw new IllegalArgumentException(
                    "transposed convolution: filters and kernel sizes must be at least 1, got " + filters + " and "
                            + kernel);
        }
        if (stride.size() != kernel.size()
                || dilation.size() != kernel.size()
                || outputPadding.size() != kernel.size()) {
            throw new IllegalArgumentException(
                    ("transposed convolution: kernel %s, stride %s, output padding %s and dilation %s need one number"
                            + " per spatial axis")
                            .formatted(kernel, stride, outputPadding, dilation));
        }
        if (groups < 1 || filters % groups != 0) {
            throw new IllegalArgumentException(
                    "transposed convolution: " + filters + " filters do not divide into " + groups + " groups");
        }
    }

    /**
     * Stride 1, no padding, Glorot-uniform weights and a bias that starts at zero; one kernel size per spatial axis.
     */
    public static ConvTranspose of(int filters, int... kernel) {
        List<Integer> sizes = PoolWindows.list(kernel);
        List<Integer> ones = Collections.nCopies(sizes.size(), 1);
        return new ConvTranspose(
                filters,
                sizes,
                ones,
                Padding.valid(),
                Collections.nCopies(sizes.size(), 0),
                ones,
                1,
                Param.of(Initializers.glorotUniform()),
                Optional.of(Param.of(Initializers.zeros())));
    }

    /** A two-dimensional transposed convolution with a square filter. */
    public static ConvTranspose conv2d(int filters, int size) {
        return of(filters, size, size);
    }

    /** A one-dimensional transposed convolution. */
    public static ConvTranspose conv1d(int filters, int size) {
        return of(filters, size);
    }

    /** This layer with another stride, equal on all axes, and parameters of its own. */
    public ConvTranspose withStride(int size) {
        return copy(same(size), padding, outputPadding, dilation, groups);
    }

    /** This layer with another padding and parameters of its own. */
    public ConvTranspose withPadding(Padding other) {
        return copy(stride, other, outputPadding, dilation, groups);
    }

    /** This layer with the same padding on both sides of all axes, and parameters of its own. */
    public ConvTranspose withPadding(int size) {
        return withPadding(PoolWindows.padding(size, kernel.size()));
    }

    /** This layer with elements added at the end of all axes, and parameters of its own. */
    public ConvTranspose withOutputPadding(int size) {
        return copy(stride, padding, same(size), dilation, groups);
    }

    /** This layer with another dilation, equal on all axes, and parameters of its own. */
    public ConvTranspose withDilation(int size) {
        return copy(stride, padding, outputPadding, same(size), groups);
    }

    /** This layer with channels divided into groups, and parameters of its own. */
    public ConvTranspose withGroups(int count) {
        return copy(stride, padding, outputPadding, dilation, count);
    }

    /** This layer without bias, and with parameters of its own. */
    public ConvTranspose withoutBias() {
        return new ConvTranspose(
                filters, kernel, stride, padding, outputPadding, dilation, groups, weight.fresh(), Optional.empty());
    }

    /** This layer with other initial weights, and parameters of its own. */
    public ConvTranspose withWeights(Initializer initializer) {
        return new ConvTranspose(
                filters,
                kernel,
                stride,
                padding,
                outputPadding,
                dilation,
                groups,
                Param.of(initializer),
                bias.map(Param::fresh));
    }

    private List<Integer> same(int size) {
        return Collections.nCopies(kernel.size(), size);
    }

    private ConvTranspose copy(
            List<Integer> newStride,
            Padding newPadding,
            List<Integer> newOutputPadding,
            List<Integer> newDilation,
            int newGroups) {
        return new ConvTranspose(
                filters,
                kernel,
                newStride,
                newPadding,
                newOutputPadding,
                newDilation,
                newGroups,
                weight.fresh(),
                bias.map(Param::fresh));
    }

    @Override
    public Tensor forward(Tensor x) {
        int axes = kernel.size();
        Layers.requireRank("transposed convolution", x, axes + 2, axes + 2);
        Layers.requireDivisible("transposed convolution", x, groups);
        Trace trace = Trace.of(x);
        Tensor w = trace.param(
                weight, Shape.of(x.dim(1), filters / groups).concat(Shape.of(kernel)));
        List<Integer> low = new ArrayList<>();
        List<Integer> high = new ArrayList<>();
        Shape output = Shape.of(x.dim(0), filters);
        int[] uncovered = new int[axes];
        for (int i = 0; i < axes; i++) {
            int step = stride.get(i);
            int reach = dilation.get(i) * (kernel.get(i) - 1) + 1;
            int same = x.dim(i + 2) * step;
            boolean isSame = padding instanceof Padding.Same;
            int[] cut = padding.amounts(i, same, kernel.get(i), step, dilation.get(i));
            int extra = isSame ? 0 : outputPadding.get(i);
            if (outputPadding.get(i) < 0 || outputPadding.get(i) >= Math.max(step, dilation.get(i))) {
                throw Layers.error(
                        x,
                        ("transposed convolution: output padding %s must be at least 0 and below stride %s or"
                                + " dilation %s")
                                .formatted(outputPadding, stride, dilation));
            }
            // Elements added at the end first give back what padding cuts off there; no filter reaches the others.
            int returned = Math.min(extra, cut[1]);
            uncovered[i] = extra - returned;
            int size = isSame ? same : (x.dim(i + 2) - 1) * step + reach - cut[0] - cut[1] + returned;
            if (size < 1) {
                throw Layers.error(
                        x,
                        ("transposed convolution: kernel %s with padding %s leaves nothing of spatial axis %d of the"
                                + " input %s")
                                .formatted(kernel, padding, i, x.type()));
            }
            low.add(cut[0]);
            high.add(cut[1] - returned);
            output = output.insert(i + 2, size);
        }
        ConvolutionGeometry geometry = new ConvolutionGeometry(stride, low, high, dilation, groups);
        Tensor y = x.graph().add(new Op.ConvolutionInputGradient(geometry, output, Layers.accumulator(x)), w, x);
        Tensor whole = y;
        for (int i = 0; i < axes; i++) {
            whole = uncovered[i] == 0 ? whole : whole.pad(i + 2, 0, uncovered[i], 0);
        }
        Tensor result = whole;
        return bias.map(b -> result.add(Layers.perChannel(trace.param(b, Shape.of(filters)), result.rank())))
                .orElse(result);
    }
}
