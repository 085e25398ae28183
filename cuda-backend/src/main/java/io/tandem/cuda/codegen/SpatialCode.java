package io.tandem.cuda.codegen;

import io.tandem.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Pieces of C for windows over spatial axes, whose sizes are constants. */
final class SpatialCode {
    private SpatialCode() {}

    /** The axes of a tensor from the outermost in memory to the innermost: row-major, or with axis 1 last. */
    private static List<Integer> order(int rank, boolean channelsLast) {
        List<Integer> axes = new ArrayList<>(IntStream.range(0, rank).boxed().toList());
        if (channelsLast) {
            axes.addLast(axes.remove(1));
        }
        return axes;
    }

    /**
     * The start of a kernel with one thread per element of a row-major tensor: index {@code i} and coordinates.
     */
    static String open(String prefix, String parameters, Shape shape, String coordinate) {
        return open(prefix, parameters, shape, coordinate, false);
    }

    /** The start of a kernel with one thread per element of a tensor, in the order of memory. */
    static String open(String prefix, String parameters, Shape shape, String coordinate, boolean channelsLast) {
        StringBuilder text = new StringBuilder();
        text.append("extern \"C\" __global__ void __launch_bounds__(256) %s_%s(%s) {\n"
                .formatted(prefix, Snippets.NAME, parameters));
        text.append("    const long long i = blockIdx.x * 256ll + threadIdx.x;\n");
        text.append("    if (i >= %dll) return;\n".formatted(shape.size()));
        String type = shape.size() <= Integer.MAX_VALUE ? "unsigned" : "unsigned long long";
        text.append(split(type, "(" + type + ") i", shape, coordinate, "    ", channelsLast));
        return text.toString();
    }

    /** Splits a row-major index into coordinates {@code name0, name1, ...}. */
    static String split(String type, String index, Shape shape, String name, String indent) {
        return split(type, index, shape, name, indent, false);
    }

    private static String split(
            String type, String index, Shape shape, String name, String indent, boolean channelsLast) {
        StringBuilder text = new StringBuilder();
        text.append("%s%s %s_rest = %s;\n".formatted(indent, type, name, index));
        List<Integer> order = order(shape.rank(), channelsLast);
        for (int place = shape.rank() - 1; place >= 0; place--) {
            int axis = order.get(place);
            text.append("%sconst int %s%d = (int) (%s_rest %% %du);\n"
                    .formatted(indent, name, axis, name, shape.dim(axis)));
            if (place > 0) {
                text.append("%s%s_rest /= %du;\n".formatted(indent, name, shape.dim(axis)));
            }
        }
        return text.toString();
    }

    /** The row-major index of coordinates. */
    static String join(Shape shape, List<String> coordinates) {
        return join(shape, coordinates, false);
    }

    /** The index of coordinates in memory. */
    static String join(Shape shape, List<String> coordinates, boolean channelsLast) {
        List<Integer> order = order(shape.rank(), channelsLast);
        StringBuilder text = new StringBuilder(shape.rank() == 0 ? "0" : "(long long) " + coordinates.getFirst());
        for (int place = 1; place < shape.rank(); place++) {
            int axis = order.get(place);
            text.insert(0, "(").append(") * ").append(shape.dim(axis)).append(" + ").append(coordinates.get(axis));
        }
        return text.toString();
    }
}
