package io.tandem.nn;

import io.tandem.graph.Op;
import io.tandem.graph.Pooling;
import io.tandem.graph.Tensor;
import java.util.Collections;
import java.util.List;

/**
 * The maximum over windows of one, two or three spatial axes, from [N, C, spatial...] to [N, C, windows...]. Padding
 * never wins; of equal elements the first one gets the gradient.
 *
 * @param window size of the window, one number per spatial axis
 * @param stride step of the window
 * @param padding treatment of borders
 * @param dilation distance of neighbouring elements of a window
 * @param ceilMode whether a last window that hangs over the padded input counts, if it starts inside input or low
 *     padding
 */
public record MaxPool(
        List<Integer> window, List<Integer> stride, Padding padding, List<Integer> dilation, boolean ceilMode)
        implements Layer {
    /** Checks the numbers. */
    public MaxPool {
        window = List.copyOf(window);
        stride = List.copyOf(stride);
        dilation = List.copyOf(dilation);
        PoolWindows.check("max-pool", window, stride, dilation);
    }

    /** Windows of the given size that do not overlap; one number per spatial axis. */
    public static MaxPool of(int... window) {
        List<Integer> sizes = PoolWindows.list(window);
        return new MaxPool(sizes, sizes, Padding.valid(), Collections.nCopies(sizes.size(), 1), false);
    }

    /** Windows of [size, size] that do not overlap. */
    public static MaxPool pool2d(int size) {
        return of(size, size);
    }

    /** One-dimensional windows that do not overlap. */
    public static MaxPool pool1d(int size) {
        return of(size);
    }

    /** This layer with another stride, equal on all axes. */
    public MaxPool withStride(int size) {
        return new MaxPool(window, Collections.nCopies(window.size(), size), padding, dilation, ceilMode);
    }

    /** This layer with another padding. */
    public MaxPool withPadding(Padding other) {
        return new MaxPool(window, stride, other, dilation, ceilMode);
    }

    /** This layer with the same padding on both sides of all axes. */
    public MaxPool withPadding(int size) {
        return withPadding(PoolWindows.padding(size, window.size()));
    }

    /** This layer with another dilation, equal on all axes. */
    public MaxPool withDilation(int size) {
        return new MaxPool(window, stride, padding, Collections.nCopies(window.size(), size), ceilMode);
    }

    /** This layer with sizes rounded up: a last window may hang over. */
    public MaxPool withCeilMode() {
        return new MaxPool(window, stride, padding, dilation, true);
    }

    @Override
    public Tensor forward(Tensor x) {
        return x.graph()
                .add(
                        new Op.Pool(
                                Pooling.MAX,
                                PoolWindows.geometry("max-pool", x, window, stride, padding, dilation, ceilMode)),
                        x);
    }
}
