package io.tandem.cuda.codegen;

import io.tandem.graph.PoolGeometry;
import io.tandem.graph.Pooling;
import io.tandem.tensor.DType;
import io.tandem.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Pooling over any number of spatial axes, with any padding and dilation. Gradients are sums over the windows of an
 * input element, in a fixed order and without atomic operations. Max pooling keeps for its gradient which tap of each
 * window won.
 */
public final class PoolGenerator {
    private final PoolGeometry geometry;
    private final DType dtype;
    private final Shape input;
    private final boolean channelsLast;
    private final int axes;
    private final int taps;
    private final StringBuilder out = new StringBuilder();

    private PoolGenerator(PoolGeometry geometry, DType dtype, Shape input, boolean channelsLast) {
        this.channelsLast = channelsLast;
        this.geometry = geometry;
        this.dtype = dtype;
        this.input = input;
        this.axes = geometry.axes();
        this.taps = taps(geometry);
    }

    private static int taps(PoolGeometry geometry) {
        return geometry.window().stream().reduce(1, Math::multiplyExact);
    }

    /** Bytes of one window's winner. */
    public static int tapBytes(PoolGeometry geometry) {
        return taps(geometry) < 255 ? 1 : 4;
    }

    private String tapType() {
        return tapBytes(geometry) == 1 ? "unsigned char" : "int";
    }

    private String noTap() {
        return tapBytes(geometry) == 1 ? "255" : "-1";
    }

    private String stored() {
        return ElementType.stored(dtype);
    }

    private String computed() {
        return ElementType.computed(dtype);
    }

    /**
     * Pooling: (x, y), and with {@code keepsTaps} the winners' memory.
     *
     * @param keepsTaps whether the winning tap of each window is written, for max pooling; in the order of y
     * @param channelsLast whether x and y have their channels innermost, else they are row-major
     */
    public static CudaFunction forward(
            Pooling pooling,
            PoolGeometry geometry,
            DType dtype,
            Shape input,
            Shape output,
            boolean keepsTaps,
            boolean channelsLast) {
        PoolGenerator g = new PoolGenerator(geometry, dtype, input, channelsLast);
        String parameters = "const %1$s* __restrict__ x, %1$s* __restrict__ y".formatted(g.stored())
                + (keepsTaps ? ", " + g.tapType() + "* __restrict__ taps" : "");
        g.out.append(SpatialCode.open("pool", parameters, output, "o", channelsLast));
        switch (pooling) {
            case MAX -> {
                g.winner("    ", "o", "x");
                g.out.append("    y[i] = %s;\n".formatted(ElementType.store(dtype, "best")));
                if (keepsTaps) {
                    g.out.append("    taps[i] = (%s) (tap < 0 ? %s : tap);\n".formatted(g.tapType(), g.noTap()));
                }
            }
            case AVERAGE, AVERAGE_INCLUDING_PADDING -> {
                g.out.append("    %s sum = 0;\n".formatted(g.computed()));
                g.eachTap("    ", "o", () -> g.out.append("        sum += %s;\n".formatted(
                        ElementType.load(dtype, "x[" + g.inputPlace("o") + "]"))));
                g.divisor("    ", "o", pooling);
                String mean = ElementType.rounded(dtype, "sum / (" + g.computed() + ") count");
                g.out.append("    y[i] = %s;\n".formatted(ElementType.store(dtype, "(" + mean + ")")));
            }
        }
        g.out.append("}\n");
        return CudaFunction.of(Snippets.source("pool", g.out.toString()), "pool");
    }

    /** Picks by window, of row-major tensors: (by, from, result). */
    public static CudaFunction pick(PoolGeometry geometry, DType dtype, Shape input, Shape output) {
        PoolGenerator g = new PoolGenerator(geometry, dtype, input, false);
        g.out.append(SpatialCode.open(
                "pool_pick",
                "const %1$s* __restrict__ x, const %1$s* __restrict__ z, %1$s* __restrict__ y".formatted(g.stored()),
                output,
                "o"));
        g.winner("    ", "o", "x");
        g.out.append("    y[i] = at < 0 ? (%s) (%s) : z[at];\n}\n".formatted(
                g.stored(), ElementType.store(dtype, ElementType.literal(dtype, Double.NEGATIVE_INFINITY))));
        return CudaFunction.of(Snippets.source("pool_pick", g.out.toString()), "pool_pick");
    }

    /**
     * Gradient of pooling. Of averages: (gradient, result). Of the maximum: (winners, gradient, result) with
     * {@code taps}, else (x, gradient, result).
     *
     * @param taps whether the winners that the forward kernel has kept have their channels innermost; none if it has kept
     *     none
     * @param channelsLast whether all other tensors have, else they are row-major
     */
    public static CudaFunction gradient(
            Pooling pooling,
            PoolGeometry geometry,
            DType dtype,
            Shape input,
            Shape output,
            Optional<Boolean> taps,
            boolean channelsLast) {
        PoolGenerator g = new PoolGenerator(geometry, dtype, input, channelsLast);
        boolean keptTaps = taps.isPresent();
        String first = pooling != Pooling.MAX
                ? ""
                : "const %s* __restrict__ %s, ".formatted(keptTaps ? g.tapType() : g.stored(), keptTaps ? "taps" : "x");
        g.out.append(SpatialCode.open(
                "pool_gradient",
                first + "const %1$s* __restrict__ g, %1$s* __restrict__ y".formatted(g.stored()),
                input,
                "p",
                channelsLast));
        g.out.append("    %s sum = 0;\n".formatted(g.computed()));
        g.out.append("    for (int t = 0; t < %d; t++) {\n".formatted(g.taps));
        g.out.append(SpatialCode.split("int", "t", Shape.of(geometry.window()), "t", "        "));
        List<String> coordinates = new ArrayList<>(List.of("p0", "p1"));
        for (int a = 0; a < g.axes; a++) {
            int stride = geometry.stride().get(a);
            g.out.append("        const int q%d = p%d + %d - t%d * %d;\n".formatted(
                    a, a + 2, geometry.padLow().get(a), a, geometry.dilation().get(a)));
            g.out.append("        if (q%1$d < 0 || q%1$d %% %2$d != 0 || q%1$d / %2$d >= %3$d) continue;\n"
                    .formatted(a, stride, output.dim(a + 2)));
            g.out.append("        const int w%d = q%d / %d;\n".formatted(a + 2, a, stride));
            coordinates.add("w" + (a + 2));
        }
        g.out.append("        const int w0 = p0, w1 = p1;\n");
        g.out.append(
                "        const long long from = %s;\n".formatted(SpatialCode.join(output, coordinates, channelsLast)));
        String gradient = ElementType.load(dtype, "g[from]");
        switch (pooling) {
            case MAX -> {
                if (keptTaps) {
                    String at = taps.get() == channelsLast
                            ? "from"
                            : SpatialCode.join(output, coordinates, taps.get());
                    g.out.append("        if (taps[%s] == t) sum += %s;\n".formatted(at, gradient));
                } else {
                    g.out.append("        {\n");
                    g.winner("            ", "w", "x");
                    g.out.append("            if (at == i) sum += %s;\n        }\n".formatted(gradient));
                }
            }
            case AVERAGE, AVERAGE_INCLUDING_PADDING -> {
                g.divisor("        ", "w", pooling);
                g.out.append("        sum += %s / (%s) count;\n".formatted(gradient, g.computed()));
            }
        }
        g.out.append("    }\n    y[i] = %s;\n}\n".formatted(
                ElementType.store(dtype, "(" + ElementType.rounded(dtype, "sum") + ")")));
        return CudaFunction.of(Snippets.source("pool_gradient", g.out.toString()), "pool_gradient");
    }

    /**
     * The input coordinates {@code s} of each tap of the window at the output coordinates {@code o}, inside the
     * input.
     */
    private void eachTap(String indent, String o, Runnable body) {
        out.append("%sfor (int u = 0; u < %d; u++) {\n".formatted(indent, taps));
        out.append(SpatialCode.split("int", "u", Shape.of(geometry.window()), "u", indent + "    "));
        for (int a = 0; a < axes; a++) {
            out.append("%s    const int s%d = %s%d * %d + u%d * %d - %d;\n".formatted(
                    indent,
                    a,
                    o,
                    a + 2,
                    geometry.stride().get(a),
                    a,
                    geometry.dilation().get(a),
                    geometry.padLow().get(a)));
            out.append("%s    if (s%d < 0 || s%d >= %d) continue;\n".formatted(indent, a, a, input.dim(a + 2)));
        }
        body.run();
        out.append(indent).append("}\n");
    }

    private String inputPlace(String o) {
        List<String> coordinates = new ArrayList<>(List.of(o + "0", o + "1"));
        for (int a = 0; a < axes; a++) {
            coordinates.add("s" + a);
        }
        return SpatialCode.join(input, coordinates, channelsLast);
    }

    /** The largest element of a window, its place {@code at} and its tap, the first one of equals; NaN is largest. */
    private void winner(String indent, String o, String x) {
        out.append("%s%s best = %s;\n".formatted(
                indent, computed(), ElementType.literal(dtype, Double.NEGATIVE_INFINITY)));
        out.append("%slong long at = -1;\n%sint tap = -1;\n".formatted(indent, indent));
        eachTap(indent, o, () -> {
            out.append("%s    const long long place = %s;\n".formatted(indent, inputPlace(o)));
            out.append("%s    const %s value = %s;\n".formatted(
                    indent, computed(), ElementType.load(dtype, x + "[place]")));
            out.append(("%s    if (at < 0 || value > best || (value != value && best == best)) {\n"
                    + "%s        best = value;\n%s        at = place;\n%s        tap = u;\n%s    }\n")
                    .formatted(indent, indent, indent, indent, indent));
        });
    }

    /** The number of elements that an average counts: a product over axes. */
    private void divisor(String indent, String o, Pooling pooling) {
        out.append(indent).append("int count = 1;\n");
        for (int a = 0; a < axes; a++) {
            boolean padding = pooling == Pooling.AVERAGE_INCLUDING_PADDING;
            int limit = input.dim(a + 2) + (padding ? geometry.padHigh().get(a) : 0);
            out.append("%sint n%d = 0;\n".formatted(indent, a));
            out.append("%sfor (int d = 0; d < %d; d++) {\n".formatted(indent, geometry.window().get(a)));
            out.append("%s    const int e = %s%d * %d + d * %d - %d;\n".formatted(
                    indent,
                    o,
                    a + 2,
                    geometry.stride().get(a),
                    geometry.dilation().get(a),
                    geometry.padLow().get(a)));
            out.append("%s    n%d += %se < %d;\n".formatted(indent, a, padding ? "" : "e >= 0 && ", limit));
            out.append("%s}\n%scount *= n%d;\n".formatted(indent, indent, a));
        }
    }
}
