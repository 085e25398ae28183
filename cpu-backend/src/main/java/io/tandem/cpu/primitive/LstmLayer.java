package io.tandem.cpu.primitive;

import io.tandem.compile.Kernel;
import io.tandem.cpu.codegen.CompiledKernel;
import io.tandem.cpu.kernel.NativeMemory;
import io.tandem.cpu.kernel.StepPlaces;
import io.tandem.cpu.onednn.Argument;
import io.tandem.cpu.onednn.BoundPrimitive;
import io.tandem.cpu.onednn.DataType;
import io.tandem.cpu.onednn.MatMul;
import io.tandem.cpu.onednn.Memory;
import io.tandem.cpu.onednn.MemoryDescriptor;
import io.tandem.cpu.onednn.PrimitiveDescriptor;
import io.tandem.cpu.onednn.Stream;
import io.tandem.tensor.Shape;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * An LSTM layer over a sequence, float32: its sizes, how its samples are divided among threads, and where the forward step
 * keeps what the gradient needs: the gates [T, N, 4H], the cells [T, N, H], and for each step its input beside the hidden
 * state before it, [T + 1, N, I + H], so that one product takes both. The extra rows take the state that no step reads.
 */
final class LstmLayer {
    static final int GATES = 4;

    /** The fewest samples that are worth a thread of their own: fewer leave the matrix unit idle. */
    private static final int LEAST_ROWS = 8;

    private final OneDnnContext context;
    private final FusedCode code;
    private final boolean reverse;
    private final StepPlaces places;
    private final int steps;
    private final int batch;
    private final int inputs;
    private final int units;

    LstmLayer(OneDnnContext context, FusedCode code, boolean reverse, StepPlaces places) {
        this.context = context;
        this.code = code;
        this.reverse = reverse;
        this.places = places;
        Shape x = places.operands().get(0).type().shape();
        steps = x.dim(0);
        batch = x.dim(1);
        inputs = x.dim(2);
        units = places.operands().get(1).type().shape().dim(1);
    }

    /** Bytes of what the forward step keeps, for inputs [T, N, I] and a first state [N, H]. */
    static long residualBytes(Shape x, Shape h0) {
        long steps = x.dim(0);
        long wide = (long) x.dim(2) + h0.dim(1);
        return 4L * x.dim(1) * (steps * (GATES + 1) * h0.dim(1) + (steps + 1) * wide);
    }

    long residualBytes() {
        return residualBytes(places.operands().get(0).type().shape(), places.operands().get(1).type().shape());
    }

    StepPlaces places() {
        return places;
    }

    int steps() {
        return steps;
    }

    int batch() {
        return batch;
    }

    int inputs() {
        return inputs;
    }

    int units() {
        return units;
    }

    /** Sums of all gates of a sample. */
    int gates() {
        return GATES * units;
    }

    /** Input and hidden state of a sample. */
    int wide() {
        return inputs + units;
    }

    /** Rows of all samples at all steps. */
    long rows() {
        return (long) steps * batch;
    }

    /** The position in the sequence of the k-th step that is computed. */
    int position(int k) {
        return reverse ? steps - 1 - k : k;
    }

    // ---- what is kept ----

    /** The samples that one thread takes through the whole sequence, for the recurrence of one does not depend on others. */
    record Slice(int first, int rows) {}

    /** All samples. */
    Slice everyone() {
        return new Slice(0, batch);
    }

    MemorySegment keptGates(long start, int position, Slice slice) {
        return rows(start, position, slice, gates());
    }

    MemorySegment keptCells(long start, int position, Slice slice) {
        return rows(start + 4L * rows() * gates(), position, slice, units);
    }

    /** A step's input beside the state before it; a position past the last step's is that of the last state. */
    MemorySegment keptInputs(long start, int position, Slice slice) {
        return rows(start + 4L * rows() * (GATES + 1) * units, position + (reverse ? 1 : 0), slice, wide());
    }

    /** A slice's rows at a position of [T, N, columns]. */
    MemorySegment rows(long start, int position, Slice slice, int columns) {
        long row = (long) position * batch + slice.first();
        return NativeMemory.ALL.asSlice(start + 4L * row * columns, 4L * slice.rows() * columns);
    }

    // ---- work ----

    private List<Slice> slices() {
        int count = Math.max(1, Math.min(code.team().threads(), batch / LEAST_ROWS));
        List<Slice> slices = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int first = batch * i / count;
            slices.add(new Slice(first, batch * (i + 1) / count - first));
        }
        return slices;
    }

    /** Samples of the smallest slice. */
    int leastRows() {
        return slices().stream().mapToInt(Slice::rows).min().orElseThrow();
    }

    /** Makes the work of slices: on one thread each if there are several. */
    <T> List<T> perSlice(Function<Slice, T> make) {
        List<Slice> slices = slices();
        Supplier<List<T>> all = () -> slices.stream().map(make).toList();
        return slices.size() == 1 ? all.get() : code.team().alone(all);
    }

    void inParallel(List<? extends Runnable> work) {
        if (work.size() == 1) {
            work.getFirst().run();
            return;
        }
        code.team().forEach(work.size(), 1, (from, to) -> {
            for (long i = from; i < to; i++) {
                work.get((int) i).run();
            }
        });
    }

    CompiledKernel compile(Kernel kernel) {
        return code.compiler().apply(kernel);
    }

    /** Adds a kernel of one operand and one result, by all threads. */
    void run(
            PrimitiveKernel.Builder builder,
            Kernel kernel,
            Supplier<MemorySegment> operand,
            Supplier<MemorySegment> result) {
        CompiledKernel compiled = compile(kernel);
        MemorySegment[] from = new MemorySegment[1];
        MemorySegment[] to = new MemorySegment[1];
        builder.whenBound(() -> {
            from[0] = operand.get();
            to[0] = result.get();
        });
        builder.then(() -> compiled.run(from, to, code.team()));
    }

    // ---- products ----

    static MemoryDescriptor matrix(long rows, long columns) {
        return MemoryDescriptor.of(DataType.F32, rows, columns);
    }

    /** A stored [rows, columns] matrix as its transpose. */
    static MemoryDescriptor transposed(long rows, long columns) {
        return MemoryDescriptor.strided(DataType.F32, new long[] {columns, rows}, new long[] {1, columns});
    }

    BoundPrimitive product(
            PrimitiveKernel.Builder builder, Memory a, Memory b, Memory c, Optional<Memory> bias, boolean add) {
        return product(builder, context.stream(), a, b, c, bias, add);
    }

    BoundPrimitive product(
            PrimitiveKernel.Builder builder,
            Stream stream,
            Memory a,
            Memory b,
            Memory c,
            Optional<Memory> bias,
            boolean add) {
        MatMul operation = new MatMul(
                a.descriptor(), b.descriptor(), bias.map(Memory::descriptor), c.descriptor());
        try (PrimitiveDescriptor descriptor = context.engine()
                .describe(operation, add ? context.attributes().thenSum(1) : context.attributes())) {
            Map<Argument, Memory> memories = new LinkedHashMap<>();
            memories.put(Argument.SRC, a);
            memories.put(Argument.WEIGHTS, b);
            memories.put(Argument.DST, c);
            bias.ifPresent(m -> memories.put(Argument.BIAS, m));
            return builder.ready(descriptor, memories, stream);
        }
    }

    /** Weights in the layouts in which products of slices with them are fastest, by a slice's rows. */
    Map<Integer, Memory> prepared(PrimitiveKernel.Builder builder, Memory weights) {
        MemoryDescriptor seen = weights.descriptor();
        Map<Integer, Memory> prepared = new HashMap<>();
        perSlice(slice -> {
            MatMul open = MatMul.of(
                    matrix(slice.rows(), seen.dim(0)), seen.withAnyLayout(), matrix(slice.rows(), seen.dim(1)));
            try (PrimitiveDescriptor descriptor = context.engine().describe(open, context.attributes())) {
                return Map.entry(slice.rows(), descriptor.layout(Argument.WEIGHTS));
            }
        }).forEach(layout -> prepared.computeIfAbsent(layout.getKey(), rows -> builder.in(weights, layout.getValue())));
        return prepared;
    }
}
