package io.tandem.cpu.primitive;

import io.tandem.cpu.codegen.CompiledKernel;
import io.tandem.cpu.kernel.NativeMemory;
import io.tandem.cpu.kernel.Place;
import io.tandem.cpu.kernel.StepKernel;
import io.tandem.cpu.kernel.StepPlaces;
import io.tandem.cpu.onednn.Argument;
import io.tandem.cpu.onednn.BoundPrimitive;
import io.tandem.cpu.onednn.DataType;
import io.tandem.cpu.onednn.MatMul;
import io.tandem.cpu.onednn.Memory;
import io.tandem.cpu.onednn.MemoryDescriptor;
import io.tandem.cpu.onednn.PrimitiveDescriptor;
import io.tandem.cpu.onednn.Stream;
import io.tandem.graph.CompositeKind;
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
 * An LSTM layer over a sequence and its gradient; float32. Products of all steps at once where they do not depend on each
 * other (inputs with their weights, all gradients of weights), one product per step for the recurrence, with weights that
 * are brought into the library's layout once; gates and states by one generated kernel per step. In the recurrence each
 * thread has samples of its own. The forward step keeps the gates and the cells.
 */
final class LstmPrimitive {
    private static final int GATES = 4;

    private final OneDnnContext context;
    private final FusedCode code;
    private final boolean reverse;
    private final StepPlaces places;
    private final int steps;
    private final int batch;
    private final int inputs;
    private final int units;

    private LstmPrimitive(OneDnnContext context, FusedCode code, boolean reverse, StepPlaces places) {
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

    /** Bytes of gates and cells of all steps. */
    static long residualBytes(Shape x, Shape h0) {
        return 4L * x.dim(0) * x.dim(1) * (GATES + 1) * h0.dim(1);
    }

    static StepKernel forward(
            OneDnnContext context, FusedCode code, boolean reverse, boolean residual, StepPlaces places) {
        return new LstmPrimitive(context, code, reverse, places).forward(residual);
    }

    static StepKernel gradient(
            OneDnnContext context,
            FusedCode code,
            CompositeKind.Gradient kind,
            boolean reverse,
            StepPlaces places) {
        return new LstmPrimitive(context, code, reverse, places).gradient(kind);
    }

    private static MemoryDescriptor matrix(long rows, long columns) {
        return MemoryDescriptor.of(DataType.F32, rows, columns);
    }

    /** A stored [rows, columns] matrix as its transpose. */
    private static MemoryDescriptor transposed(long rows, long columns) {
        return MemoryDescriptor.strided(DataType.F32, new long[] {columns, rows}, new long[] {1, columns});
    }

    /** Everything that is kept: gates [T, N, 4H], then cells [T, N, H]. */
    private long cellOffset() {
        return 4L * steps * batch * GATES * units;
    }

    /** The position in the sequence of the k-th step that is computed. */
    private int position(int k) {
        return reverse ? steps - 1 - k : k;
    }

    /**
     * Samples that one thread takes through the whole sequence: the recurrence of one sample does not depend on others,
     * so threads need not meet at each step.
     */
    private record Slice(int first, int rows) {}

    /** The fewest samples that are worth a thread of their own: fewer leave the matrix unit idle. */
    private static final int LEAST_ROWS = 8;

    private List<Slice> slices() {
        int count = Math.max(1, Math.min(code.team().threads(), batch / LEAST_ROWS));
        List<Slice> slices = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int first = batch * i / count;
            slices.add(new Slice(first, batch * (i + 1) / count - first));
        }
        return slices;
    }

    /** Makes the work of slices: on one thread each if there are several. */
    private <T> List<T> perSlice(Function<Slice, T> make) {
        List<Slice> slices = slices();
        Supplier<List<T>> all = () -> slices.stream().map(make).toList();
        return slices.size() == 1 ? all.get() : code.team().alone(all);
    }

    private void inParallel(List<? extends Runnable> work) {
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

    private MemorySegment states(long start, int position, Slice slice) {
        return rows(start, position, slice, units);
    }

    private MemorySegment gates(long start, int position, Slice slice) {
        return rows(start, position, slice, GATES * units);
    }

    /** A slice's rows at a position of [T, N, columns]. */
    private MemorySegment rows(long start, int position, Slice slice, int columns) {
        long row = (long) position * batch + slice.first();
        return NativeMemory.ALL.asSlice(start + 4L * row * columns, 4L * slice.rows() * columns);
    }

    private BoundPrimitive product(
            PrimitiveKernel.Builder builder, Memory a, Memory b, Memory c, Optional<Memory> bias, boolean add) {
        return product(builder, context.stream(), a, b, c, bias, add);
    }

    private BoundPrimitive product(
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

    /** Recurrent weights in the layout in which a product with them is fastest. */
    private Memory prepared(
            PrimitiveKernel.Builder builder, Place place, MemoryDescriptor seen, MemoryDescriptor a,
            MemoryDescriptor c) {
        MatMul open = MatMul.of(a, seen.withAnyLayout(), c);
        try (PrimitiveDescriptor descriptor = context.engine().describe(open, context.attributes())) {
            return builder.operand(place, seen, descriptor.layout(Argument.WEIGHTS));
        }
    }

    // ---- forward ----

    private StepKernel forward(boolean residual) {
        List<Place> in = places.operands();
        List<Place> out = places.results();
        try (PrimitiveKernel.Builder builder = PrimitiveKernel.builder(context)) {
            MemoryDescriptor kept = matrix(steps, batch * (GATES + 1L) * units);
            Memory residue = residual ? builder.at(out.get(3), kept) : builder.temporary(kept);
            Memory all = builder.movable(matrix((long) steps * batch, GATES * units));
            MemoryDescriptor seen = transposed(GATES * units, units);
            BoundPrimitive projection = product(
                    builder,
                    builder.at(in.get(0), matrix((long) steps * batch, inputs)),
                    builder.at(in.get(3), transposed(GATES * units, inputs)),
                    all,
                    Optional.of(builder.at(in.get(5), matrix(1, GATES * units))),
                    false);
            // All slices but the last have the same size, and so the same layout of weights.
            Map<Integer, Memory> weights = new HashMap<>();
            List<Forward> work = perSlice(slice -> new Forward(
                    builder,
                    slice,
                    weights.computeIfAbsent(
                            slice.rows(),
                            rows -> prepared(
                                    builder, in.get(4), seen, matrix(rows, units), matrix(rows, GATES * units)))));
            Slice whole = new Slice(0, batch);
            builder.whenBound(() -> {
                long start = residue.segment().address();
                all.pointTo(NativeMemory.ALL.asSlice(start, cellOffset()));
                work.forEach(slice -> slice.bind(start));
            });
            builder.then(projection::execute);
            builder.then(() -> {
                inParallel(work);
                int last = position(steps - 1);
                NativeMemory.at(out.get(1)).copyFrom(states(out.get(0).address(), last, whole));
                NativeMemory.at(out.get(2))
                        .copyFrom(states(residue.segment().address() + cellOffset(), last, whole));
            });
            return builder.label("oneDNN matmul, generated").build();
        }
    }

    /** A slice's walk through the sequence. */
    private final class Forward implements Runnable {
        private final Slice slice;
        private final Memory hidden;
        private final Memory sums;
        private final BoundPrimitive recurrence;
        private final CompiledKernel cell;
        private final MemorySegment[][] operands = new MemorySegment[steps][2];
        private final MemorySegment[][] results = new MemorySegment[steps][3];
        private final MemorySegment[] before = new MemorySegment[steps];

        Forward(PrimitiveKernel.Builder builder, Slice slice, Memory weights) {
            this.slice = slice;
            hidden = builder.movable(matrix(slice.rows(), units));
            sums = builder.movable(matrix(slice.rows(), GATES * units));
            recurrence = product(builder, builder.stream(), hidden, weights, sums, Optional.empty(), true);
            cell = code.compiler().apply(LstmCells.forward(slice.rows(), units));
        }

        void bind(long start) {
            List<Place> in = places.operands();
            for (int k = 0; k < steps; k++) {
                int t = position(k);
                before[k] = k == 0 ? states(in.get(1).address(), 0, slice) : results[k - 1][2];
                operands[k][0] = gates(start, t, slice);
                operands[k][1] = k == 0 ? states(in.get(2).address(), 0, slice) : results[k - 1][1];
                results[k][0] = operands[k][0];
                results[k][1] = states(start + cellOffset(), t, slice);
                results[k][2] = states(places.results().get(0).address(), t, slice);
            }
        }

        @Override
        public void run() {
            for (int k = 0; k < steps; k++) {
                hidden.pointTo(before[k]);
                sums.pointTo(operands[k][0]);
                recurrence.execute();
                cell.run(operands[k], results[k], 0, cell.units());
            }
        }
    }

    // ---- gradient ----

    /** Operands: those of the forward step, its results, given cotangents, what it kept. */
    private StepKernel gradient(CompositeKind.Gradient kind) {
        List<Place> in = places.operands();
        try (PrimitiveKernel.Builder builder = PrimitiveKernel.builder(context)) {
            Memory sums = builder.temporary(matrix((long) steps * batch, GATES * units));
            back(builder, kind, sums);
            wanted(kind, 0).ifPresent(dx -> builder.then(product(
                    builder,
                    sums,
                    builder.at(in.get(3), matrix(GATES * units, inputs)),
                    builder.at(dx, matrix((long) steps * batch, inputs)),
                    Optional.empty(),
                    false)::execute));
            wanted(kind, 3).ifPresent(dw -> {
                Memory turned = turned(builder, sums, 0, steps);
                builder.then(product(
                        builder,
                        turned,
                        builder.at(in.get(0), matrix((long) steps * batch, inputs)),
                        builder.at(dw, matrix(GATES * units, inputs)),
                        Optional.empty(),
                        false)::execute);
            });
            wanted(kind, 4).ifPresent(dw -> recurrentWeights(builder, sums, dw));
            wanted(kind, 5).ifPresent(db -> {
                CompiledKernel sum = code.compiler().apply(LstmCells.sumOfRows(steps * batch, GATES * units));
                MemorySegment[] from = new MemorySegment[1];
                MemorySegment[] to = new MemorySegment[1];
                builder.whenBound(() -> {
                    from[0] = sums.segment();
                    to[0] = NativeMemory.at(db);
                });
                builder.then(() -> sum.run(from, to, code.team()));
            });
            return builder.label("oneDNN matmul, generated").build();
        }
    }

    private Optional<Place> wanted(CompositeKind.Gradient kind, int operand) {
        int at = kind.wanted().indexOf(operand);
        return at < 0 ? Optional.empty() : Optional.of(places.results().get(at));
    }

    private Optional<Place> given(CompositeKind.Gradient kind, int result) {
        int at = kind.given().indexOf(result);
        return at < 0 ? Optional.empty() : Optional.of(places.operands().get(9 + at));
    }

    /** Walks the sequence back: cotangents of the gates' sums for all steps, and those of the first states. */
    private void back(PrimitiveKernel.Builder builder, CompositeKind.Gradient kind, Memory sums) {
        List<Place> in = places.operands();
        MemoryDescriptor state = matrix(batch, units);
        Memory hidden = builder.temporary(state);
        Memory cell = builder.temporary(state);
        MemoryDescriptor seen = matrix(GATES * units, units);
        Map<Integer, Memory> weights = new HashMap<>();
        Optional<Place> output = given(kind, 0);
        List<Backward> work = perSlice(slice -> new Backward(
                builder,
                slice,
                weights.computeIfAbsent(
                        slice.rows(),
                        rows -> prepared(
                                builder, in.get(4), seen, matrix(rows, GATES * units), matrix(rows, units))),
                output));
        builder.whenBound(() -> work.forEach(slice -> slice.bind(
                sums.segment().address(),
                hidden.segment().address(),
                cell.segment().address())));
        builder.then(() -> {
            start(given(kind, 1), hidden.segment());
            start(given(kind, 2), cell.segment());
            inParallel(work);
            wanted(kind, 1).ifPresent(dh -> NativeMemory.at(dh).copyFrom(hidden.segment()));
            wanted(kind, 2).ifPresent(dc -> NativeMemory.at(dc).copyFrom(cell.segment()));
        });
    }

    /** A slice's walk back through the sequence. */
    private final class Backward implements Runnable {
        private final Slice slice;
        private final Optional<Place> output;
        private final Memory row;
        private final Memory hidden;
        private final BoundPrimitive recurrence;
        private final CompiledKernel step;
        private final MemorySegment[][] operands;
        private final MemorySegment[][] results = new MemorySegment[steps][2];

        Backward(PrimitiveKernel.Builder builder, Slice slice, Memory weights, Optional<Place> output) {
            this.slice = slice;
            this.output = output;
            row = builder.movable(matrix(slice.rows(), GATES * units));
            hidden = builder.movable(matrix(slice.rows(), units));
            recurrence = product(builder, builder.stream(), row, weights, hidden, Optional.empty(), false);
            step = code.compiler().apply(LstmCells.backward(slice.rows(), units, output.isPresent()));
            operands = new MemorySegment[steps][output.isPresent() ? 6 : 5];
        }

        void bind(long sums, long hiddenStart, long cellStart) {
            List<Place> in = places.operands();
            long kept = in.getLast().address();
            MemorySegment cell = states(cellStart, 0, slice);
            hidden.pointTo(states(hiddenStart, 0, slice));
            for (int k = 0; k < steps; k++) {
                int t = position(k);
                operands[k][0] = gates(kept, t, slice);
                operands[k][1] = states(kept + cellOffset(), t, slice);
                operands[k][2] = k == 0 ? states(in.get(2).address(), 0, slice) : operands[k - 1][1];
                operands[k][3] = hidden.segment();
                operands[k][4] = cell;
                if (output.isPresent()) {
                    operands[k][5] = states(output.get().address(), t, slice);
                }
                results[k][0] = gates(sums, t, slice);
                results[k][1] = cell;
            }
        }

        @Override
        public void run() {
            for (int k = steps - 1; k >= 0; k--) {
                step.run(operands[k], results[k], 0, step.units());
                row.pointTo(results[k][0]);
                recurrence.execute();
            }
        }
    }

    private static void start(Optional<Place> cotangent, MemorySegment state) {
        if (cotangent.isPresent()) {
            state.copyFrom(NativeMemory.at(cotangent.get()));
        } else {
            state.fill((byte) 0);
        }
    }

    /** The cotangents of some positions, from {@code first} on, as the transpose [4H, count N] of their matrix. */
    private Memory turned(PrimitiveKernel.Builder builder, Memory sums, int first, int count) {
        Memory turned = builder.movable(transposed((long) count * batch, GATES * units));
        builder.whenBound(() -> turned.pointTo(NativeMemory.ALL.asSlice(
                rows(sums.segment().address(), first, new Slice(0, batch), GATES * units).address(),
                turned.descriptor().size())));
        return turned;
    }

    /** Each step's cotangents with the hidden state before it: the first one for itself, the others at once. */
    private void recurrentWeights(PrimitiveKernel.Builder builder, Memory sums, Place dw) {
        List<Place> in = places.operands();
        Memory gradient = builder.at(dw, matrix(GATES * units, units));
        builder.then(product(
                builder,
                turned(builder, sums, position(0), 1),
                builder.at(in.get(1), matrix(batch, units)),
                gradient,
                Optional.empty(),
                false)::execute);
        if (steps > 1) {
            Memory before = builder.movable(matrix((steps - 1L) * batch, units));
            builder.whenBound(() -> before.pointTo(NativeMemory.ALL.asSlice(
                    states(in.get(6).address(), reverse ? 1 : 0, new Slice(0, batch)).address(),
                    before.descriptor().size())));
            builder.then(product(
                    builder,
                    turned(builder, sums, reverse ? 0 : 1, steps - 1),
                    before,
                    gradient,
                    Optional.empty(),
                    true)::execute);
        }
    }
}
