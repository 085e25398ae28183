package io.tandem.nn;

import io.tandem.graph.PoolGeometry;
import io.tandem.graph.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/** What the pooling layers share: checks, and the geometry for an input. */
final class PoolWindows {
    private PoolWindows() {}

    static List<Integer> list(int... sizes) {
        return Arrays.stream(sizes).boxed().toList();
    }

    static Padding padding(int size, int axes) {
        List<Integer> sizes = Collections.nCopies(axes, size);
        return new Padding.Explicit(sizes, sizes);
    }

    static void check(String layer, List<Integer> window, List<Integer> stride, List<Integer> dilation) {
        if (window.isEmpty() || stride.size() != window.size() || dilation.size() != window.size()) {
            throw new IllegalArgumentException(
                    "%s: window %s, stride %s and dilation %s need one number per spatial axis"
                            .formatted(layer, window, stride, dilation));
        }
        for (List<Integer> numbers : List.of(window, stride, dilation)) {
            if (numbers.stream().anyMatch(n -> n < 1)) {
                throw new IllegalArgumentException("%s: window %s, stride %s and dilation %s must be at least 1"
                        .formatted(layer, window, stride, dilation));
            }
        }
    }

    static PoolGeometry geometry(
            String layer,
            Tensor x,
            List<Integer> window,
            List<Integer> stride,
            Padding padding,
            List<Integer> dilation,
            boolean ceilMode) {
        int axes = window.size();
        Layers.requireRank(layer, x, axes + 2, axes + 2);
        List<Integer> low = new ArrayList<>();
        List<Integer> high = new ArrayList<>();
        for (int i = 0; i < axes; i++) {
            int[] amounts = padding.amounts(i, x.dim(i + 2), window.get(i), stride.get(i), dilation.get(i));
            low.add(amounts[0]);
            high.add(amounts[1]);
        }
        return new PoolGeometry(window, stride, low, high, dilation, ceilMode);
    }
}
