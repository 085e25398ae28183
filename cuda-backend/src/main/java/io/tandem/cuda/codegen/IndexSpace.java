package io.tandem.cuda.codegen;

import io.tandem.compile.Kernel;
import java.util.ArrayList;
import java.util.List;

/**
 * Positions in memory as C expressions: coordinates are variables {@code a0, a1, ...}, one per axis of the kernel,
 * strides are constants. Positions that fit are computed in 32 bits.
 */
final class IndexSpace {
    private final List<Integer> sizes = new ArrayList<>();

    IndexSpace(Kernel kernel) {
        sizes.addAll(kernel.outer().dims());
        sizes.addAll(kernel.inner().dims());
    }

    /**
     * Statements that split an index over some axes, in row-major order, into their coordinates.
     *
     * @param index name of the index variable, at least as wide as needed
     */
    String split(String index, int from, int to, String indent) {
        StringBuilder text = new StringBuilder();
        if (to - from == 1) {
            return indent + "const int a" + from + " = (int) " + index + ";\n";
        }
        String rest = index;
        for (int axis = to - 1; axis > from; axis--) {
            text.append("%sconst int a%d = (int) (%s %% %du);\n".formatted(indent, axis, rest, sizes.get(axis)));
            String next = "r" + axis;
            text.append("%sconst auto %s = %s / %du;\n".formatted(indent, next, rest, sizes.get(axis)));
            rest = next;
        }
        if (to > from) {
            text.append("%sconst int a%d = (int) %s;\n".formatted(indent, from, rest));
        }
        return text.toString();
    }

    /** Whether all positions of an access fit into 32 bits. */
    boolean isNarrow(Kernel.Access access) {
        long reach = Math.abs(access.offset());
        for (int axis = 0; axis < sizes.size(); axis++) {
            reach += Math.abs(access.strides().get(axis)) * Math.max(0, sizes.get(axis) - 1);
        }
        return reach < Integer.MAX_VALUE;
    }

    /** The position that an access gives for the current coordinates. */
    String position(Kernel.Access access) {
        String wide = isNarrow(access) ? "" : "(long long) ";
        StringBuilder text = new StringBuilder();
        for (int axis = 0; axis < sizes.size(); axis++) {
            long stride = access.strides().get(axis);
            if (stride == 0 || sizes.get(axis) == 1) {
                continue;
            }
            text.append(text.isEmpty() ? (stride < 0 ? "-" : "") : stride < 0 ? " - " : " + ");
            text.append(wide).append('a').append(axis);
            if (Math.abs(stride) != 1) {
                text.append(" * ").append(Math.abs(stride)).append(Math.abs(stride) > Integer.MAX_VALUE ? "ll" : "");
            }
        }
        long offset = access.offset();
        if (text.isEmpty()) {
            return offset + (Math.abs(offset) > Integer.MAX_VALUE ? "ll" : "");
        }
        if (offset != 0) {
            text.append(offset < 0 ? " - " : " + ").append(Math.abs(offset))
                    .append(Math.abs(offset) > Integer.MAX_VALUE ? "ll" : "");
        }
        return text.toString();
    }
}
