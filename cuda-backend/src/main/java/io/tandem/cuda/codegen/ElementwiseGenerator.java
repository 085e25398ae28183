package io.tandem.cuda.codegen;

import io.tandem.compile.Kernel;
import io.tandem.cuda.driver.KernelSource;
import io.tandem.cuda.driver.LaunchShape;
import io.tandem.tensor.DType;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * Kernels without reductions: a thread computes one element, or four neighbours along the last axis where memory
 * allows to move them at once. Kernels over one axis take the number of elements as an argument, so that one source
 * serves all sizes.
 */
final class ElementwiseGenerator {
    private static final int THREADS = 256;
    private static final int LANES = 4;
    private static final String PREFIX = "elementwise";
    private static final String SEGMENTED = "segments";

    private final Kernel kernel;
    private final Alignments alignments;
    private final boolean aliased;
    private final IndexSpace space;
    private final StringBuilder out = new StringBuilder();
    private final BodyWriter writer;

    ElementwiseGenerator(Kernel kernel, Alignments alignments, boolean aliased) {
        this.kernel = kernel;
        this.alignments = alignments;
        this.aliased = aliased;
        this.space = new IndexSpace(kernel);
        this.writer = new BodyWriter(kernel, out);
    }

    CudaCode generate() {
        boolean line = kernel.outer().rank() <= 1;
        int lanes = line || kernel.size() >= 4096 ? lanes(line) : 1;
        out.append("extern \"C\" __global__ void __launch_bounds__(%d) %s_%s(%s%s) {\n".formatted(
                THREADS, PREFIX, Snippets.NAME, BodyWriter.parameters(kernel, aliased), line ? ", long long n" : ""));
        if (line) {
            line(lanes, "blockIdx.x");
        } else {
            block(lanes);
        }
        out.append("}\n");
        KernelSource source = Snippets.source(PREFIX + "_" + kernel.label().replace('+', '_'), out.toString());
        long threads = Math.ceilDiv(Math.max(1, kernel.size()), lanes);
        LaunchShape shape = LaunchShape.covering(threads, THREADS, Integer.MAX_VALUE);
        return new CudaCode(source, List.of(new CudaCode.Stage(Snippets.name(source, PREFIX), shape)), 0, line);
    }

    /** The same kernel over one axis for a table of segments of memory, each with pointers and a size of its own. */
    Optional<SegmentedCode> generateSegmented() {
        if (kernel.outer().rank() > 1) {
            return Optional.empty();
        }
        int pointers = kernel.operands().size() + kernel.results().size();
        int segments = SegmentedCode.capacity(pointers);
        int lanes = lanes(true);
        String parameters = BodyWriter.parameters(kernel, aliased);
        out.append("struct Segment_%s { ".formatted(Snippets.NAME));
        for (String parameter : parameters.split(", ")) {
            out.append(parameter.replace("__restrict__ ", "")).append("; ");
        }
        out.append("long long n, first; };\nstruct Segments_%1$s { Segment_%1$s at[%2$d]; };\n"
                .formatted(Snippets.NAME, segments));
        out.append(
                ("extern \"C\" __global__ void __launch_bounds__(%1$d) %2$s_%3$s(const __grid_constant__ Segments_%3$s "
                        + "segments, int count) {\n")
                        .formatted(THREADS, SEGMENTED, Snippets.NAME));
        out.append("    int low = 0;\n    for (int high = count; high - low > 1;) {\n");
        out.append("        const int middle = (low + high) / 2;\n");
        out.append("        if (segments.at[middle].first <= blockIdx.x) low = middle; else high = middle;\n    }\n");
        out.append("    const Segment_%1$s& segment = segments.at[low];\n".formatted(Snippets.NAME));
        for (String parameter : parameters.split(", ")) {
            out.append("    %s = segment.%s;\n"
                    .formatted(parameter, parameter.substring(parameter.lastIndexOf(' ') + 1)));
        }
        out.append("    const long long n = segment.n;\n");
        line(lanes, "(blockIdx.x - segment.first)");
        out.append("}\n");
        KernelSource source =
                Snippets.source(SEGMENTED + "_" + kernel.label().replace('+', '_'), out.toString());
        CudaFunction function = CudaFunction.of(source, SEGMENTED);
        return Optional.of(new SegmentedCode(function, pointers, lanes * THREADS));
    }

    /** One axis; the last thread may have fewer elements. */
    private void line(int lanes, String block) {
        out.append("    const long long i = (%s * %dll + threadIdx.x)%s;\n"
                .formatted(block, THREADS, lanes == 1 ? "" : " * " + lanes));
        if (lanes == 1) {
            out.append("    if (i < n) {\n");
            scalar("i", "        ");
            out.append("    }\n");
            return;
        }
        out.append("    if (i + %d <= n) {\n".formatted(lanes));
        vector(lanes, "        ", "i");
        out.append("    } else {\n        for (long long j = i; j < n; j++) {\n");
        scalar("j", "            ");
        out.append("        }\n    }\n");
    }

    /** Several axes of constant sizes. */
    private void block(int lanes) {
        int rank = kernel.outer().rank();
        long count = kernel.size() / lanes;
        boolean wide = kernel.size() > Integer.MAX_VALUE;
        out.append("    const %1$s i = blockIdx.x * (%1$s) %2$d + threadIdx.x;\n"
                .formatted(wide ? "unsigned long long" : "unsigned", THREADS));
        out.append("    if (i >= %du%s) return;\n".formatted(count, wide ? "ll" : ""));
        if (lanes > 1) {
            int last = kernel.outer().dim(rank - 1) / lanes;
            out.append("    const int a%d = (int) (i %% %du) * %d;\n".formatted(rank - 1, last, lanes));
            out.append("    const auto rest = i / %du;\n".formatted(last));
            out.append(space.split("rest", 0, rank - 1, "    "));
            vector(lanes, "    ", "");
        } else {
            out.append(space.split("i", 0, rank, "    "));
            elements("    ", space::position);
        }
    }

    private void scalar(String index, String indent) {
        elements(indent, access -> linear(access, index));
    }

    private void elements(String indent, Function<Kernel.Access, String> position) {
        for (int i = 0; i < kernel.body().size(); i++) {
            writer.write(
                    i, indent, (n, load) -> "x" + load.operand() + "[" + position.apply(load.access()) + "]", position);
        }
        for (Kernel.Store store : kernel.stores()) {
            out.append("%sy%d[%s] = %s;\n".formatted(
                    indent,
                    store.result(),
                    position.apply(store.access()),
                    ElementType.store(kernel.results().get(store.result()), BodyWriter.name(store.value()))));
        }
    }

    /** Four neighbours: loads of all, then each one's instructions, then stores of all. */
    private void vector(int lanes, String indent, String index) {
        Function<Kernel.Access, String> position =
                access -> index.isEmpty() ? space.position(access) : linear(access, index);
        for (int i = 0; i < kernel.body().size(); i++) {
            if (kernel.body().get(i) instanceof Kernel.Load load && lastStride(load.access()) == 1) {
                String pack = pack(load.dtype(), lanes);
                out.append("%sconst %s p%d = *(const %s*) (x%d + %s);\n".formatted(
                        indent, pack, i, pack, load.operand(), position.apply(load.access())));
            }
        }
        for (int s = 0; s < kernel.stores().size(); s++) {
            DType dtype = kernel.results().get(kernel.stores().get(s).result());
            out.append("%s%s q%d;\n".formatted(indent, pack(dtype, lanes), s));
        }
        out.append("%s#pragma unroll\n%sfor (int k = 0; k < %d; k++) {\n".formatted(indent, indent, lanes));
        for (int i = 0; i < kernel.body().size(); i++) {
            writer.write(
                    i,
                    indent + "    ",
                    (number, load) -> lastStride(load.access()) == 1
                            ? "p" + number + ".at[k]"
                            : "x" + load.operand() + "[" + position.apply(load.access()) + "]",
                    access -> position.apply(access) + stepped(lastStride(access)));
        }
        for (int s = 0; s < kernel.stores().size(); s++) {
            Kernel.Store store = kernel.stores().get(s);
            DType dtype = kernel.results().get(store.result());
            out.append("%s    q%d.at[k] = %s;\n".formatted(
                    indent, s, ElementType.store(dtype, BodyWriter.name(store.value()))));
        }
        out.append(indent).append("}\n");
        for (int s = 0; s < kernel.stores().size(); s++) {
            Kernel.Store store = kernel.stores().get(s);
            DType dtype = kernel.results().get(store.result());
            out.append("%s*(%s*) (y%d + %s) = q%d;\n".formatted(
                    indent, pack(dtype, lanes), store.result(), position.apply(store.access()), s));
        }
    }

    private static String stepped(long stride) {
        return stride == 0 ? "" : stride == 1 ? " + k" : " + k * (" + stride + ")";
    }

    private static String pack(DType dtype, int lanes) {
        return "Pack<" + ElementType.stored(dtype) + ", " + lanes + ">";
    }

    private long lastStride(Kernel.Access access) {
        return access.strides().isEmpty() ? 0 : access.strides().getLast();
    }

    private String linear(Kernel.Access access, String index) {
        long stride = lastStride(access);
        String scaled = stride == 0 ? "" : stride == 1 ? index : index + " * (" + stride + ")";
        if (scaled.isEmpty()) {
            return access.offset() + "ll";
        }
        return access.offset() == 0 ? scaled : scaled + " + (" + access.offset() + "ll)";
    }

    /** How many neighbours can be moved at once. */
    private int lanes(boolean line) {
        if (kernel.outer().rank() == 0 || !line && kernel.outer().dim(-1) % LANES != 0) {
            return 1;
        }
        for (Kernel.Instruction instruction : kernel.body()) {
            if (instruction instanceof Kernel.Load load
                    && !isPacked(load.access(), load.dtype(), alignments.operands().get(load.operand()))
                    && lastStride(load.access()) != 0) {
                return 1;
            }
        }
        for (Kernel.Store store : kernel.stores()) {
            DType dtype = kernel.results().get(store.result());
            if (!isPacked(store.access(), dtype, alignments.results().get(store.result()))) {
                return 1;
            }
        }
        return LANES;
    }

    private boolean isPacked(Kernel.Access access, DType dtype, long alignment) {
        int needed = Math.min(16, LANES * dtype.bytes());
        boolean multiples = access.offset() * dtype.bytes() % needed == 0;
        for (int axis = 0; axis < access.strides().size() - 1; axis++) {
            multiples &= access.strides().get(axis) * dtype.bytes() % needed == 0;
        }
        return lastStride(access) == 1 && multiples && alignment % needed == 0;
    }
}
