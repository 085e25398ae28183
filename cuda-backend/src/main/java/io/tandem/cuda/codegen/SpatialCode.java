package io.tandem.cuda.codegen;

import io.tandem.tensor.Shape;
import java.util.List;

/** Pieces of C for windows over spatial axes, whose sizes are constants. */
final class SpatialCode {
    private SpatialCode() {}

    /** The start of a kernel with one thread per element of {@code shape}: index {@code i} and coordinates. */
    static String open(String prefix, String parameters, Shape shape, String coordinate) {
        StringBuilder text = new StringBuilder();
        text.append("extern \"C\" __global__ void __launch_bounds__(256) %s_%s(%s) {\n"
                .formatted(prefix, Snippets.NAME, parameters));
        text.append("    const long long i = blockIdx.x * 256ll + threadIdx.x;\n");
        text.append("    if (i >= %dll) return;\n".formatted(shape.size()));
        String type = shape.size() <= Integer.MAX_VALUE ? "unsigned" : "unsigned long long";
        text.append(split(type, "(" + type + ") i", shape, coordinate, "    "));
        return text.toString();
    }

    /** Splits an index into coordinates {@code name0, name1, ...}. */
    static String split(String type, String index, Shape shape, String name, String indent) {
        StringBuilder text = new StringBuilder();
        text.append("%s%s %s_rest = %s;\n".formatted(indent, type, name, index));
        for (int axis = shape.rank() - 1; axis >= 0; axis--) {
            text.append("%sconst int %s%d = (int) (%s_rest %% %du);\n"
                    .formatted(indent, name, axis, name, shape.dim(axis)));
            if (axis > 0) {
                text.append("%s%s_rest /= %du;\n".formatted(indent, name, shape.dim(axis)));
            }
        }
        return text.toString();
    }

    /** The row-major index of coordinates. */
    static String join(Shape shape, List<String> coordinates) {
        StringBuilder text = new StringBuilder(shape.rank() == 0 ? "0" : "(long long) " + coordinates.getFirst());
        for (int axis = 1; axis < shape.rank(); axis++) {
            text.insert(0, "(").append(") * ").append(shape.dim(axis)).append(" + ").append(coordinates.get(axis));
        }
        return text.toString();
    }
}
