package io.tandem.onnx;

import io.tandem.graph.ConvolutionGeometry;
import io.tandem.graph.PoolGeometry;
import io.tandem.graph.Pooling;
import io.tandem.tensor.DType;
import io.tandem.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Convolutions and pooling as ONNX operators. */
record WindowNodes(Place place) {

    String convolution(ConvolutionGeometry geometry, Shape filter, List<String> operands) {
        return place.add("Conv", operands, attributes(geometry, filter));
    }

    /** The adjoint of a convolution: {@code output_padding} says which of the inputs that fit its result is meant. */
    String transposedConvolution(
            ConvolutionGeometry geometry, Shape filter, Shape input, Shape gradient, List<String> operands) {
        List<Integer> outputPadding = IntStream.range(0, geometry.axes())
                .mapToObj(i -> input.dim(i + 2) + geometry.padLow().get(i) + geometry.padHigh().get(i)
                        - (geometry.dilation().get(i) * (filter.dim(i + 2) - 1) + 1)
                        - geometry.stride().get(i) * (gradient.dim(i + 2) - 1))
                .toList();
        List<Attribute> attributes = new ArrayList<>(List.of(attributes(geometry, filter)));
        attributes.add(Attribute.integers("output_padding", outputPadding));
        return place.add(
                "ConvTranspose", List.of(operands.get(1), operands.get(0)), attributes.toArray(Attribute[]::new));
    }

    private static Attribute[] attributes(ConvolutionGeometry geometry, Shape filter) {
        return new Attribute[] {
            Attribute.integers("kernel_shape", filter.subShape(2, filter.rank()).dims()),
            Attribute.integers("strides", geometry.stride()),
            Attribute.integers("pads", join(geometry.padLow(), geometry.padHigh())),
            Attribute.integers("dilations", geometry.dilation()),
            Attribute.integer("group", geometry.groups())
        };
    }

    /**
     * Pooling. What the last window in ceil mode has beyond the padding is padding that counts for nothing. Engines take no
     * padding of a whole window, so that of a maximum is then a node of its own.
     */
    String pool(Site site, Pooling pooling, PoolGeometry geometry, String x) {
        DType dtype = site.node().operand(0).dtype();
        List<Integer> low = geometry.padLow();
        List<Integer> high = new ArrayList<>();
        boolean hangs = false;
        boolean fits = true;
        for (int i = 0; i < geometry.axes(); i++) {
            int covered = (site.node().result(0).dim(i + 2) - 1) * geometry.stride().get(i)
                    + geometry.dilation().get(i) * (geometry.window().get(i) - 1) + 1;
            int beyond = covered - site.node().operand(0).dim(i + 2) - low.get(i) - geometry.padHigh().get(i);
            high.add(geometry.padHigh().get(i) + Math.max(0, beyond));
            hangs |= beyond > 0;
            fits &= low.get(i) < geometry.window().get(i) && high.get(i) < geometry.window().get(i);
        }
        PadNodes padding = new PadNodes(place);
        List<Integer> none = low.stream().map(n -> 0).toList();
        return switch (pooling) {
            case MAX -> fits
                    ? pool("MaxPool", geometry, x, low, high)
                    : pool("MaxPool", geometry,
                            padding.around(x, outside(low), outside(high), dtype, Double.NEGATIVE_INFINITY), none,
                            none);
            case AVERAGE_INCLUDING_PADDING -> {
                List<Integer> counted = geometry.padHigh();
                List<Integer> rest =
                        IntStream.range(0, low.size()).mapToObj(i -> high.get(i) - counted.get(i)).toList();
                String padded = padding.around(x, outside(low), outside(counted), dtype, 0);
                yield hangs ? average(site, geometry, padded, none, rest)
                        : pool("AveragePool", geometry, padded, none, none);
            }
            case AVERAGE -> average(site, geometry, x, low, high);
        };
    }

    /** The mean of what is not padding. */
    private String average(Site site, PoolGeometry geometry, String x, List<Integer> low, List<Integer> high) {
        for (int i = 0; i < low.size(); i++) {
            if (low.get(i) >= geometry.window().get(i) || high.get(i) >= geometry.window().get(i)) {
                throw site.error("ONNX has no mean over windows " + geometry.window() + " with padding " + low + " and "
                        + high + ", of which a whole window would be padding");
            }
        }
        return pool("AveragePool", geometry, x, low, high);
    }

    private String pool(String operation, PoolGeometry geometry, String x, List<Integer> low, List<Integer> high) {
        return place.add(
                operation,
                List.of(x),
                Attribute.integers("kernel_shape", geometry.window()),
                Attribute.integers("strides", geometry.stride()),
                Attribute.integers("pads", join(low, high)),
                Attribute.integers("dilations", geometry.dilation()));
    }

    /** Padding of all axes, with none of batch and channels. */
    private static List<Integer> outside(List<Integer> spatial) {
        return join(List.of(0, 0), spatial);
    }

    private static List<Integer> join(List<Integer> a, List<Integer> b) {
        List<Integer> joined = new ArrayList<>(a);
        joined.addAll(b);
        return joined;
    }
}
