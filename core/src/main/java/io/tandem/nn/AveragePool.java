package io.tandem.nn;

import io.tandem.graph.Op;
import io.tandem.graph.Pooling;
import io.tandem.graph.Tensor;
import java.util.Collections;
import java.util.List;

/**
 * The mean over windows of one, two or three spatial axes, from [N, C, spatial...] to [N, C, windows...].
 *
 * @param window size of the window, one number per spatial axis
 * @param stride step of the window
 * @param padding treatment of borders
 * @param dilation distance of neighbouring elements of a window
 * @param ceilMode whether a last window that hangs over the padded input counts, if it starts inside input or low
 *     padding
 * @param includePadding whether padding counts as zeros; otherwise it does not count at all
 */
public record AveragePool(
        List<Integer> window,
        List<Integer> stride,
        Padding padding,
        List<Integer> dilation,
        boolean ceilMode,
        boolean includePadding)
        implements Layer {
    /** Checks the numbers. */
    public AveragePool {
        window = List.copyOf(window);
        stride = List.copyOf(stride);
        dilation = List.copyOf(dilation);
        PoolWindows.check("average-pool", window, stride, dilation);
    }

    /** Windows of the given size that do not overlap, one number per spatial axis; padding, if any, does not count. */
    public static AveragePool of(int... window) {
        List<Integer> sizes = PoolWindows.list(window);
        return new AveragePool(sizes, sizes, Padding.valid(), Collections.nCopies(sizes.size(), 1), false, false);
    }

    /** Windows of [size, size] that do not overlap. */
    public static AveragePool pool2d(int size) {
        return of(size, size);
    }

    /** One-dimensional windows that do not overlap. */
    public static AveragePool pool1d(int size) {
        return of(size);
    }

    /** This layer with another stride, equal on all axes. */
    public AveragePool withStride(int size) {
        List<Integer> strides = Collections.nCopies(window.size(), size);
        return new AveragePool(window, strides, padding, dilation, ceilMode, includePadding);
    }

    /** This layer with another padding. */
    public AveragePool withPadding(Padding other) {
        return new AveragePool(window, stride, other, dilation, ceilMode, includePadding);
    }

    /** This layer with the same padding on both sides of all axes. */
    public AveragePool withPadding(int size) {
        return withPadding(PoolWindows.padding(size, window.size()));
    }

    /** This layer with sizes rounded up: a last window may hang over. */
    public AveragePool withCeilMode() {
        return new AveragePool(window, stride, padding, dilation, true, includePadding);
    }

    /** This layer with padding counted as zeros (PyTorch's default). */
    public AveragePool includingPadding() {
        return new AveragePool(window, stride, padding, dilation, ceilMode, true);
    }

    @Override
    public Tensor forward(Tensor x) {
        return x.graph()
                .add(
                        new Op.Pool(
                                includePadding ? Pooling.AVERAGE_INCLUDING_PADDING : Pooling.AVERAGE,
                                PoolWindows.geometry("average-pool", x, window, stride, padding, dilation, ceilMode)),
                        x);
    }
}
