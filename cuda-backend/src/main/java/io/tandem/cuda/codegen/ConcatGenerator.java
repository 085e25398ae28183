package io.tandem.cuda.codegen;

import java.util.List;

/** Operands one after the other along an axis, by one launch: a thread moves one unit of the result. */
public final class ConcatGenerator {
    /** More operands take several launches of copies. */
    public static final int MAX_OPERANDS = 16;

    private ConcatGenerator() {}

    /**
     * Generates the kernel of a concatenation: (operands..., result), 256 threads per block.
     *
     * @param unit bytes that are moved at once: 1, 2, 4, 8 or 16
     * @param rows product of the sizes of the axes before the concatenated one
     * @param runs for each operand the units of one row
     */
    public static CudaFunction generate(int unit, long rows, List<Long> runs) {
        String type = IndexingKernels.unit(unit);
        long row = runs.stream().mapToLong(Long::longValue).sum();
        boolean wide = rows * row > Integer.MAX_VALUE;
        StringBuilder out = new StringBuilder("extern \"C\" __global__ void __launch_bounds__(256) concat_$name(");
        for (int i = 0; i < runs.size(); i++) {
            out.append("const ").append(type).append("* __restrict__ x").append(i).append(", ");
        }
        out.append(type).append("* __restrict__ y) {\n");
        String index = wide ? "unsigned long long" : "unsigned";
        out.append("    const %1$s i = blockIdx.x * (%1$s) 256 + threadIdx.x;\n".formatted(index));
        out.append("    if (i >= %du%s) return;\n".formatted(rows * row, wide ? "ll" : ""));
        out.append("    const %1$s row = i / %2$du, k = i %% %2$du;\n".formatted(index, row));
        long start = 0;
        for (int i = 0; i < runs.size(); i++) {
            boolean last = i == runs.size() - 1;
            out.append(last ? "    " : "    if (k < %du) ".formatted(start + runs.get(i)));
            out.append("y[i] = x%d[row * %du + k - %du];\n".formatted(i, runs.get(i), start));
            out.append(last ? "" : "    else ".stripTrailing() + "\n");
            start += runs.get(i);
        }
        return CudaFunction.of(Snippets.source("concat", out.append("}\n").toString()), "concat");
    }
}
