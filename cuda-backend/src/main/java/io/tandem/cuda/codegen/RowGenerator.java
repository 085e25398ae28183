package io.tandem.cuda.codegen;

import io.tandem.compile.Kernel;
import io.tandem.cuda.driver.KernelSource;
import io.tandem.cuda.driver.LaunchShape;
import io.tandem.tensor.DType;
import java.util.ArrayList;
import java.util.List;

/**
 * Kernels with reductions. The threads of a row walk it once per pass and reduce in a fixed order: within a warp by
 * shuffles, between warps through shared memory. Few long rows are reduced in two stages, through partial results.
 */
final class RowGenerator {
    private static final String FIRST = "rows";
    private static final String SECOND = "finish";

    private final Kernel kernel;
    private final boolean aliased;
    private final IndexSpace space;
    private final boolean[] perRow;
    private final int[] passes;
    private final int outer;
    private final long rows;
    private final long elements;
    private final RowShape shape;
    private final StringBuilder out = new StringBuilder();
    private final BodyWriter writer;
    private final List<Long> partialOffsets = new ArrayList<>();

    RowGenerator(Kernel kernel, boolean aliased) {
        this.kernel = kernel;
        this.aliased = aliased;
        this.space = new IndexSpace(kernel);
        this.perRow = kernel.perRow();
        this.passes = kernel.passes();
        this.outer = kernel.outer().rank();
        this.rows = kernel.outer().size();
        this.elements = kernel.inner().size();
        this.shape = RowShape.of(kernel);
        this.writer = new BodyWriter(kernel, out);
    }

    CudaCode generate() {
        boolean split = shape.splits() > 1;
        long partialBytes = split ? placePartials() : 0;
        RowShape second = split ? shape.finish(kernel) : shape;
        open(FIRST, shape);
        if (split) {
            firstStage();
        } else {
            whole();
        }
        out.append("}\n");
        if (split) {
            open(SECOND, second);
            secondStage(second);
            out.append("}\n");
        }
        KernelSource source = Snippets.source(FIRST + "_" + kernel.label().replace('+', '_'), out.toString());
        List<CudaCode.Stage> stages = new ArrayList<>();
        stages.add(new CudaCode.Stage(Snippets.name(source, FIRST), launch(shape)));
        if (split) {
            stages.add(new CudaCode.Stage(Snippets.name(source, SECOND), launch(second)));
        }
        return new CudaCode(source, stages, partialBytes, false);
    }

    private LaunchShape launch(RowShape rowShape) {
        int blocks = Math.toIntExact(Math.ceilDiv(rows, rowShape.rowsPerBlock()));
        return rowShape.columns()
                ? new LaunchShape(blocks, rowShape.splits(), 1, rowShape.rowsPerBlock(), rowShape.parts(), 1, 0)
                : new LaunchShape(blocks, rowShape.splits(), 1, rowShape.parts(), rowShape.rowsPerBlock(), 1, 0);
    }

    /** One place per row and split for each fold. */
    private long placePartials() {
        long end = 0;
        for (Kernel.Instruction instruction : kernel.body()) {
            partialOffsets.add(end);
            if (instruction instanceof Kernel.Fold fold) {
                long bytes = accumulator(fold).bytes() * rows * shape.splits();
                end += Math.ceilDiv(bytes, 256L) * 256;
            }
        }
        return end;
    }

    private static DType accumulator(Kernel.Fold fold) {
        return ElementType.accumulator(fold.dtype(), fold.accumulator());
    }

    private void open(String prefix, RowShape rowShape) {
        String row = rowShape.columns() ? "x" : "y";
        String part = rowShape.columns() ? "y" : "x";
        out.append("extern \"C\" __global__ void __launch_bounds__(%d) %s_%s(%s%s) {\n".formatted(
                rowShape.threads(),
                prefix,
                Snippets.NAME,
                BodyWriter.parameters(kernel, aliased),
                shape.splits() > 1 ? ", unsigned char* __restrict__ partials" : ""));
        String type = rows > Integer.MAX_VALUE ? "unsigned long long" : "unsigned";
        out.append("    const int part = threadIdx.%s;\n".formatted(part));
        if (rowShape.rowsPerBlock() == 1) {
            out.append("    const %s row = blockIdx.x;\n    const bool active = true;\n".formatted(type));
        } else {
            out.append("    const %s place = blockIdx.x * (%s) %d + threadIdx.%s;\n"
                    .formatted(type, type, rowShape.rowsPerBlock(), row));
            out.append("    const bool active = place < %du;\n".formatted(rows));
            out.append("    const %s row = active ? place : %du;\n".formatted(type, rows - 1));
        }
        out.append(space.split("row", 0, outer, "    "));
    }

    private void whole() {
        int last = 0;
        for (int pass : passes) {
            last = Math.max(last, pass);
        }
        for (int pass = 0; pass <= last; pass++) {
            perRowValues(pass);
            pass(pass, "part", elements + "u");
            List<Integer> folds = folds(pass + 1);
            reduce(shape, folds);
            folds.forEach(this::finish);
        }
        perRowStores();
    }

    private void firstStage() {
        perRowValues(0);
        long chunk = shape.chunk();
        out.append("    const %1$s first = blockIdx.y * (%1$s) %2$du;\n".formatted(elementIndex(), chunk));
        out.append("    const %1$s end = %2$du - first < %3$du ? %2$du : first + %3$du;\n"
                .formatted(elementIndex(), elements, chunk));
        pass(0, "first + part", "end");
        List<Integer> folds = folds(1);
        reduce(shape, folds);
        out.append("    if (part == 0 && active) {\n");
        for (int fold : folds) {
            out.append("        %s = s%d;\n".formatted(partial(fold, "blockIdx.y"), fold));
        }
        out.append("    }\n");
    }

    private void secondStage(RowShape second) {
        perRowValues(0);
        List<Integer> folds = folds(1);
        startFolds(folds);
        out.append("    for (unsigned e = part; e < %du; e += %du) {\n".formatted(shape.splits(), second.parts()));
        for (int fold : folds) {
            combine(fold, partial(fold, "e"), "        ");
        }
        out.append("    }\n");
        reduce(second, folds);
        folds.forEach(this::finish);
        perRowValues(1);
        perRowStores();
    }

    private String partial(int number, String split) {
        DType type = accumulator((Kernel.Fold) kernel.body().get(number));
        return "((%s*) (partials + %dll))[%s * (long long) %d + row]"
                .formatted(ElementType.computed(type), partialOffsets.get(number), split, rows);
    }

    /** The type of an index along a row; the last one has room for another step. */
    private String elementIndex() {
        return elements > Integer.MAX_VALUE ? "unsigned long long" : "unsigned";
    }

    // ---- passes

    private List<Integer> folds(int pass) {
        List<Integer> folds = new ArrayList<>();
        for (int i = 0; i < passes.length; i++) {
            if (passes[i] == pass && kernel.body().get(i) instanceof Kernel.Fold) {
                folds.add(i);
            }
        }
        return folds;
    }

    private void perRowValues(int pass) {
        for (int i = 0; i < passes.length; i++) {
            if (perRow[i] && passes[i] == pass && !(kernel.body().get(i) instanceof Kernel.Fold)) {
                write(i, "    ");
            }
        }
    }

    private void write(int number, String indent) {
        writer.write(
                number,
                indent,
                (n, load) -> "x" + load.operand() + "[" + space.position(load.access()) + "]",
                space::position);
    }

    private void startFolds(List<Integer> folds) {
        for (int number : folds) {
            Kernel.Fold fold = (Kernel.Fold) kernel.body().get(number);
            DType type = accumulator(fold);
            out.append("    %s s%d = %s;\n".formatted(
                    ElementType.computed(type), number, Expressions.start(fold.reduction(), type)));
        }
    }

    /** One walk over the row: what the folds after it need, and the elements that are known in it. */
    private void pass(int pass, String from, String to) {
        List<Integer> folds = folds(pass + 1);
        List<Kernel.Store> stores = kernel.stores().stream()
                .filter(s -> !perRow[s.value()] && passes[s.value()] == pass)
                .toList();
        startFolds(folds);
        if (folds.isEmpty() && stores.isEmpty()) {
            return;
        }
        boolean[] needed = new boolean[passes.length];
        folds.forEach(f -> need(((Kernel.Fold) kernel.body().get(f)).x(), needed));
        stores.forEach(s -> need(s.value(), needed));
        out.append("    #pragma unroll 4\n");
        out.append("    for (%s e = %s; e < %s; e += %du) {\n".formatted(elementIndex(), from, to, shape.parts()));
        out.append(space.split("e", outer, outer + kernel.inner().rank(), "        "));
        for (int i = 0; i < needed.length; i++) {
            if (needed[i]) {
                write(i, "        ");
            }
        }
        for (int fold : folds) {
            int x = ((Kernel.Fold) kernel.body().get(fold)).x();
            combine(fold, BodyWriter.name(x), "        ");
        }
        for (Kernel.Store store : stores) {
            store(store, "        ", rows % shape.rowsPerBlock() == 0 ? "" : "if (active) ");
        }
        out.append("    }\n");
    }

    /** Marks what is computed per element for a value; bodies are short, so the depth of the recursion is bounded. */
    private void need(int number, boolean[] needed) {
        if (perRow[number] || needed[number]) {
            return;
        }
        needed[number] = true;
        switch (kernel.body().get(number)) {
            case Kernel.Load load -> {}
            case Kernel.Literal literal -> {}
            case Kernel.Index index -> {}
            case Kernel.Unary unary -> need(unary.x(), needed);
            case Kernel.Binary binary -> {
                need(binary.x(), needed);
                need(binary.y(), needed);
            }
            case Kernel.Compare compare -> {
                need(compare.x(), needed);
                need(compare.y(), needed);
            }
            case Kernel.Select select -> {
                need(select.condition(), needed);
                need(select.x(), needed);
                need(select.y(), needed);
            }
            case Kernel.Cast cast -> need(cast.x(), needed);
            case Kernel.Fold fold -> {}
        }
    }

    private void combine(int number, String value, String indent) {
        Kernel.Fold fold = (Kernel.Fold) kernel.body().get(number);
        DType type = accumulator(fold);
        String converted = "(" + ElementType.computed(type) + ") " + value;
        out.append("%ss%d = %s;\n".formatted(
                indent, number, Expressions.combine(fold.reduction(), type, "s" + number, converted)));
    }

    private void store(Kernel.Store store, String indent, String guard) {
        out.append("%s%sy%d[%s] = %s;\n".formatted(
                indent,
                guard,
                store.result(),
                space.position(store.access()),
                ElementType.store(kernel.results().get(store.result()), BodyWriter.name(store.value()))));
    }

    private void perRowStores() {
        List<Kernel.Store> stores =
                kernel.stores().stream().filter(s -> perRow[s.value()]).toList();
        if (!stores.isEmpty()) {
            out.append("    if (part == 0 && active) {\n");
            stores.forEach(s -> store(s, "        ", ""));
            out.append("    }\n");
        }
    }

    // ---- reductions between threads: afterwards each thread of the row holds the result

    private void reduce(RowShape rowShape, List<Integer> folds) {
        if (folds.isEmpty() || rowShape.parts() == 1) {
            return;
        }
        if (rowShape.columns()) {
            reduceColumns(rowShape, folds);
        } else {
            int warps = rowShape.parts() / 32;
            shuffle(folds, Math.min(32, rowShape.parts()));
            if (warps > 1) {
                for (int fold : folds) {
                    out.append("    __shared__ %s w%d[%d];\n".formatted(type(fold), fold, warps));
                    out.append("    if ((part & 31) == 0) w%d[part >> 5] = s%d;\n".formatted(fold, fold));
                }
                out.append("    __syncthreads();\n");
                folds.forEach(f -> out.append("    s%d = w%d[part & %d];\n".formatted(f, f, warps - 1)));
                shuffle(folds, warps);
            }
        }
    }

    private String type(int number) {
        return ElementType.computed(accumulator((Kernel.Fold) kernel.body().get(number)));
    }

    private void shuffle(List<Integer> folds, int width) {
        for (int step = width / 2; step > 0; step /= 2) {
            for (int fold : folds) {
                combine(fold, "__shfl_xor_sync(0xffffffffu, s%d, %d)".formatted(fold, step), "    ");
            }
        }
    }

    /** A tree over the parts of each column. */
    private void reduceColumns(RowShape rowShape, List<Integer> folds) {
        int width = rowShape.rowsPerBlock();
        for (int fold : folds) {
            out.append("    __shared__ %s w%d[%d];\n".formatted(type(fold), fold, rowShape.threads()));
            out.append("    w%d[part * %d + threadIdx.x] = s%d;\n".formatted(fold, width, fold));
        }
        for (int step = rowShape.parts() / 2; step > 0; step /= 2) {
            out.append("    __syncthreads();\n    if (part < %d) {\n".formatted(step));
            for (int fold : folds) {
                combine(fold, "w%d[(part + %d) * %d + threadIdx.x]".formatted(fold, step, width), "        ");
                out.append("        w%d[part * %d + threadIdx.x] = s%d;\n".formatted(fold, width, fold));
            }
            out.append("    }\n");
        }
        out.append("    __syncthreads();\n");
        folds.forEach(f -> out.append("    s%d = w%d[threadIdx.x];\n".formatted(f, f)));
    }

    /** The rounded result of a fold as a value. */
    private void finish(int number) {
        Kernel.Fold fold = (Kernel.Fold) kernel.body().get(number);
        DType type = accumulator(fold);
        String value = fold.dtype() == type ? "s" + number : Expressions.cast(type, fold.dtype(), "s" + number);
        out.append("    const %s v%d = %s;\n".formatted(ElementType.computed(fold.dtype()), number, value));
    }
}
