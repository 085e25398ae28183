package io.tandem.cuda.codegen;

import io.tandem.graph.ConvolutionGeometry;
import io.tandem.tensor.DType;
import io.tandem.tensor.Shape;
import java.util.ArrayList;
import java.util.List;

/**
 * Convolutions by their definition, for what cuDNN does not take: other than one to three spatial axes, or forms that
 * it refuses. A thread computes one element of the result, in a fixed order.
 */
public final class ConvolutionGenerator {
    private final ConvolutionGeometry geometry;
    private final DType dtype;
    private final Shape filter;
    private final Shape output;
    private final int axes;
    private final int groupInputs;
    private final int groupOutputs;
    private final StringBuilder out = new StringBuilder();

    private ConvolutionGenerator(ConvolutionGeometry geometry, DType dtype, Shape filter, Shape output) {
        this.geometry = geometry;
        this.dtype = dtype;
        this.filter = filter;
        this.output = output;
        this.axes = geometry.axes();
        this.groupInputs = filter.dim(1);
        this.groupOutputs = filter.dim(0) / geometry.groups();
    }

    /** The convolution: (x, w, y). */
    public static CudaFunction forward(
            ConvolutionGeometry geometry, DType dtype, Shape input, Shape filter, Shape output) {
        ConvolutionGenerator g = new ConvolutionGenerator(geometry, dtype, filter, output);
        g.open("convolution", "x", "w", output, "o");
        g.out.append("    for (int c = 0; c < %d; c++) {\n".formatted(g.groupInputs));
        g.taps("        ");
        for (int a = 0; a < g.axes; a++) {
            g.out.append("            const int s%d = o%d * %d + t%d * %d - %d;\n".formatted(
                    a, a + 2, geometry.stride().get(a), a, geometry.dilation().get(a), geometry.padLow().get(a)));
            g.inside("            ", "s" + a, input.dim(a + 2));
        }
        g.product(
                g.place(input, "o0", "o1 / %d * %d + c".formatted(g.groupOutputs, g.groupInputs), "s", 0),
                g.place(filter, "o1", "c", "t", 0));
        g.out.append("        }\n    }\n");
        return g.close("convolution");
    }

    /** The gradient in the input: (w, gradient, result). */
    public static CudaFunction inputGradient(
            ConvolutionGeometry geometry, DType dtype, Shape input, Shape filter, Shape output) {
        ConvolutionGenerator g = new ConvolutionGenerator(geometry, dtype, filter, output);
        g.open("convolution_input", "x", "w", input, "p");
        g.out.append("    const int group = p1 / %d;\n".formatted(g.groupInputs));
        g.out.append("    for (int c = 0; c < %d; c++) {\n".formatted(g.groupOutputs));
        g.taps("        ");
        g.windows("p", 2);
        g.product(
                g.place(filter, "group * %d + c".formatted(g.groupOutputs), "p1 %% %d".formatted(g.groupInputs), "t",
                        0),
                g.place(output, "p0", "group * %d + c".formatted(g.groupOutputs), "s", 0));
        g.out.append("        }\n    }\n");
        return g.close("convolution_input");
    }

    /** The gradient in the filter: (x, gradient, result). */
    public static CudaFunction filterGradient(
            ConvolutionGeometry geometry, DType dtype, Shape input, Shape filter, Shape output) {
        ConvolutionGenerator g = new ConvolutionGenerator(geometry, dtype, filter, output);
        g.open("convolution_filter", "x", "w", filter, "f");
        Shape spatial = output.subShape(2, output.rank());
        g.out.append("    const int channel = f0 / %d * %d + f1;\n".formatted(g.groupOutputs, g.groupInputs));
        g.out.append("    for (int n = 0; n < %d; n++) {\n".formatted(input.dim(0)));
        g.out.append("        for (int t = 0; t < %d; t++) {\n".formatted(spatial.size()));
        g.out.append(SpatialCode.split("int", "t", spatial, "t", "            "));
        for (int a = 0; a < g.axes; a++) {
            g.out.append("            const int s%d = t%d * %d + f%d * %d - %d;\n".formatted(
                    a, a, geometry.stride().get(a), a + 2, geometry.dilation().get(a), geometry.padLow().get(a)));
            g.inside("            ", "s" + a, input.dim(a + 2));
        }
        g.product(g.place(input, "n", "channel", "s", 0), g.place(output, "n", "f0", "t", 0));
        g.out.append("        }\n    }\n");
        return g.close("convolution_filter");
    }

    private void open(String prefix, String first, String second, Shape result, String coordinate) {
        String parameters = "const %1$s* __restrict__ %2$s, const %1$s* __restrict__ %3$s, %1$s* __restrict__ y"
                .formatted(ElementType.stored(dtype), first, second);
        out.append(SpatialCode.open(prefix, parameters, result, coordinate));
        out.append("    %s sum = 0;\n".formatted(ElementType.computed(dtype)));
    }

    private CudaFunction close(String prefix) {
        out.append("    y[i] = %s;\n}\n".formatted(
                ElementType.store(dtype, "(" + ElementType.rounded(dtype, "sum") + ")")));
        return CudaFunction.of(Snippets.source(prefix, out.toString()), prefix);
    }

    private void taps(String indent) {
        Shape taps = filter.subShape(2, filter.rank());
        out.append("%sfor (int t = 0; t < %d; t++) {\n".formatted(indent, taps.size()));
        out.append(SpatialCode.split("int", "t", taps, "t", indent + "    "));
    }

    private void inside(String indent, String coordinate, int size) {
        out.append("%sif (%s < 0 || %s >= %d) continue;\n".formatted(indent, coordinate, coordinate, size));
    }

    /** The output coordinates {@code s} at which a tap meets an input element, if there are. */
    private void windows(String p, int from) {
        for (int a = 0; a < axes; a++) {
            int stride = geometry.stride().get(a);
            out.append("            const int q%d = %s%d + %d - t%d * %d;\n".formatted(
                    a, p, a + from, geometry.padLow().get(a), a, geometry.dilation().get(a)));
            out.append("            if (q%1$d < 0 || q%1$d %% %2$d != 0 || q%1$d / %2$d >= %3$d) continue;\n"
                    .formatted(a, stride, output.dim(a + 2)));
            out.append("            const int s%d = q%d / %d;\n".formatted(a, a, stride));
        }
    }

    private String place(Shape shape, String first, String second, String spatial, int from) {
        List<String> coordinates = new ArrayList<>(List.of(first, second));
        for (int a = 0; a < axes; a++) {
            coordinates.add(spatial + (a + from));
        }
        return SpatialCode.join(shape, coordinates);
    }

    private void product(String x, String w) {
        String a = ElementType.load(dtype, "x[" + x + "]");
        String b = ElementType.load(dtype, "w[" + w + "]");
        out.append("            sum = %s(%s, %s, sum);\n".formatted(dtype == DType.F64 ? "fma" : "fmaf", a, b));
    }
}
