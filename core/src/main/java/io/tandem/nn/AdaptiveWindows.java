package io.tandem.nn;

import io.tandem.graph.Op;
import io.tandem.graph.PoolGeometry;
import io.tandem.graph.Pooling;
import io.tandem.graph.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Pooling to a given number of windows: a common pool where sizes divide, else one axis after the other. */
final class AdaptiveWindows {
    private AdaptiveWindows() {}

    static void check(String layer, List<Integer> sizes) {
        if (sizes.isEmpty() || sizes.stream().anyMatch(s -> s < 1)) {
            throw new IllegalArgumentException(
                    layer + ": sizes must be at least 1, one per spatial axis, got " + sizes);
        }
    }

    static Tensor pool(String layer, Pooling pooling, Tensor x, List<Integer> sizes) {
        int axes = sizes.size();
        Layers.requireRank(layer, x, axes + 2, axes + 2);
        List<Integer> window = new ArrayList<>();
        for (int i = 0; i < axes; i++) {
            if (x.dim(i + 2) % sizes.get(i) == 0 && x.dim(i + 2) > 0) {
                window.add(x.dim(i + 2) / sizes.get(i));
            }
        }
        if (window.size() == axes) {
            List<Integer> zeros = Collections.nCopies(axes, 0);
            List<Integer> ones = Collections.nCopies(axes, 1);
            return x.graph().add(new Op.Pool(pooling, new PoolGeometry(window, window, zeros, zeros, ones, false)), x);
        }
        // Windows are boxes, so the mean (or maximum) over one is that of its rows' means (or maxima).
        Tensor y = x;
        for (int i = 0; i < axes; i++) {
            y = alongAxis(pooling, y, i + 2, sizes.get(i));
        }
        return y;
    }

    private static Tensor alongAxis(Pooling pooling, Tensor x, int axis, int windows) {
        int size = x.dim(axis);
        List<Tensor> parts = new ArrayList<>();
        for (int i = 0; i < windows; i++) {
            int start = Math.toIntExact((long) i * size / windows);
            int stop = Math.toIntExact(Math.ceilDiv((i + 1L) * size, windows));
            Tensor part = x.slice(axis, start, stop);
            parts.add((pooling == Pooling.MAX ? part.max(axis) : part.mean(axis)).expandDims(axis));
        }
        return Tensor.concat(axis, parts);
    }
}
