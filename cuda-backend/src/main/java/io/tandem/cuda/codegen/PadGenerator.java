package io.tandem.cuda.codegen;

import io.tandem.graph.Op;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.util.ArrayList;
import java.util.List;

/** Padding with a constant, before, after and between elements: one thread per element of the result. */
public final class PadGenerator {
    private PadGenerator() {}

    /** Generates the kernel of a padding: (operand, result), 256 threads per block. */
    public static CudaFunction generate(Op.Pad pad, TensorType operand, TensorType result) {
        Shape to = result.shape();
        Shape from = operand.shape();
        String stored = ElementType.stored(result.dtype());
        StringBuilder out = new StringBuilder();
        out.append(SpatialCode.open(
                "pad", "const %s* __restrict__ x, %s* __restrict__ y".formatted(stored, stored), to, "a"));
        List<String> conditions = new ArrayList<>();
        List<String> places = new ArrayList<>();
        for (int axis = 0; axis < to.rank(); axis++) {
            int step = pad.interior().get(axis) + 1;
            out.append("    const int b%d = a%d - (%d);\n".formatted(axis, axis, pad.low().get(axis)));
            conditions.add("b%d >= 0".formatted(axis));
            conditions.add("b%d < %d".formatted(axis, Math.max(0, (from.dim(axis) - 1) * step + 1)));
            if (from.dim(axis) == 0) {
                conditions.add("false");
            }
            if (step > 1) {
                conditions.add("b%d %% %d == 0".formatted(axis, step));
            }
            places.add(step > 1 ? "b%d / %d".formatted(axis, step) : "b" + axis);
        }
        String value = ElementType.literal(result.dtype(), pad.value());
        String constant = ElementType.store(result.dtype(), value);
        String condition = conditions.isEmpty() ? "true" : String.join(" && ", conditions);
        out.append("    y[i] = %s ? x[%s] : (%s) (%s);\n}\n".formatted(
                condition, SpatialCode.join(from, places), stored, constant));
        return CudaFunction.of(Snippets.source("pad", out.toString()), "pad");
    }
}
