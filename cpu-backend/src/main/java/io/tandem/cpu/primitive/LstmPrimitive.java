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
import io.tandem.graph.CompositeKind;
import io.tandem.tensor.Shape;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Map;

/**
 * An LSTM layer over a sequence and its gradient; float32. Products of all steps at once where they do not depend on each
 * other (inputs with their weights, all gradients of weights), one product per step for the recurrence, with weights that
 * are brought into the library's layout once; gates and states by one generated kernel per step. The forward step keeps the
 * gates and the cells.
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

    private MemorySegment states(long start, int position) {
        long bytes = 4L * batch * units;
        return NativeMemory.ALL.asSlice(start + position * bytes, bytes);
    }

    private MemorySegment gates(long start, int position) {
        long bytes = 4L * batch * GATES * units;
        return NativeMemory.ALL.asSlice(start + position * bytes, bytes);
    }

    private BoundPrimitive product(
            PrimitiveKernel.Builder builder, Memory a, Memory b, Memory c, Optional<Memory> bias, boolean add) {
        MatMul operation = new MatMul(
                a.descriptor(), b.descriptor(), bias.map(Memory::descriptor), c.descriptor());
        try (PrimitiveDescriptor descriptor = context.engine()
                .describe(operation, add ? context.attributes().thenSum(1) : context.attributes())) {
            Map<Argument, Memory> memories = new LinkedHashMap<>();
            memories.put(Argument.SRC, a);
            memories.put(Argument.WEIGHTS, b);
            memories.put(Argument.DST, c);
            bias.ifPresent(m -> memories.put(Argument.BIAS, m));
            return builder.ready(descriptor, memories);
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
            MemoryDescriptor state = matrix(batch, units);
            MemoryDescriptor gateRows = matrix(batch, GATES * units);
            MemoryDescriptor kept = matrix(steps, batch * (GATES + 1L) * units);
            Memory residue = residual ? builder.at(out.get(3), kept) : builder.temporary(kept);
            Memory all = builder.movable(matrix((long) steps * batch, GATES * units));
            Memory recurrent = prepared(
                    builder, in.get(4), transposed(GATES * units, units), state, gateRows);
            BoundPrimitive projection = product(
                    builder,
                    builder.at(in.get(0), matrix((long) steps * batch, inputs)),
                    builder.at(in.get(3), transposed(GATES * units, inputs)),
                    all,
                    Optional.of(builder.at(in.get(5), matrix(1, GATES * units))),
                    false);
            Memory hidden = builder.movable(state);
            Memory sums = builder.movable(gateRows);
            BoundPrimitive recurrence = product(builder, hidden, recurrent, sums, Optional.empty(), true);
            CompiledKernel cell = code.compiler().apply(LstmCells.forward(batch, units));
            MemorySegment[][] operands = new MemorySegment[steps][2];
            MemorySegment[][] results = new MemorySegment[steps][3];
            MemorySegment[] before = new MemorySegment[steps];
            builder.whenBound(() -> {
                long start = residue.segment().address();
                all.pointTo(NativeMemory.ALL.asSlice(start, cellOffset()));
                for (int k = 0; k < steps; k++) {
                    int t = position(k);
                    before[k] = k == 0 ? NativeMemory.at(in.get(1)) : results[k - 1][2];
                    operands[k][0] = gates(start, t);
                    operands[k][1] = k == 0 ? NativeMemory.at(in.get(2)) : results[k - 1][1];
                    results[k][0] = operands[k][0];
                    results[k][1] = states(start + cellOffset(), t);
                    results[k][2] = states(out.get(0).address(), t);
                }
            });
            builder.then(projection::execute);
            builder.then(() -> {
                for (int k = 0; k < steps; k++) {
                    hidden.pointTo(before[k]);
                    sums.pointTo(operands[k][0]);
                    recurrence.execute();
                    cell.run(operands[k], results[k], code.parallel());
                }
                NativeMemory.at(out.get(1)).copyFrom(results[steps - 1][2]);
                NativeMemory.at(out.get(2)).copyFrom(results[steps - 1][1]);
            });
            return builder.label("oneDNN matmul, generated").build();
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
                builder.then(() -> sum.run(from, to, code.parallel()));
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
        Memory row = builder.movable(matrix(batch, GATES * units));
        Memory weights = prepared(builder, in.get(4), matrix(GATES * units, units), row.descriptor(), state);
        BoundPrimitive recurrence = product(builder, row, weights, hidden, Optional.empty(), false);
        Optional<Place> output = given(kind, 0);
        CompiledKernel step = code.compiler().apply(LstmCells.backward(batch, units, output.isPresent()));
        MemorySegment[][] operands = new MemorySegment[steps][output.isPresent() ? 6 : 5];
        MemorySegment[][] results = new MemorySegment[steps][2];
        builder.whenBound(() -> {
            long kept = in.getLast().address();
            for (int k = 0; k < steps; k++) {
                int t = position(k);
                operands[k][0] = gates(kept, t);
                operands[k][1] = states(kept + cellOffset(), t);
                operands[k][2] = k == 0 ? NativeMemory.at(in.get(2)) : operands[k - 1][1];
                operands[k][3] = hidden.segment();
                operands[k][4] = cell.segment();
                if (output.isPresent()) {
                    operands[k][5] = states(output.get().address(), t);
                }
                results[k][0] = gates(sums.segment().address(), t);
                results[k][1] = cell.segment();
            }
        });
        builder.then(() -> {
            start(given(kind, 1), hidden.segment());
            start(given(kind, 2), cell.segment());
            for (int k = steps - 1; k >= 0; k--) {
                step.run(operands[k], results[k], code.parallel());
                row.pointTo(results[k][0]);
                recurrence.execute();
            }
            wanted(kind, 1).ifPresent(dh -> NativeMemory.at(dh).copyFrom(hidden.segment()));
            wanted(kind, 2).ifPresent(dc -> NativeMemory.at(dc).copyFrom(cell.segment()));
        });
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
                gates(sums.segment().address(), first).address(), turned.descriptor().size())));
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
                    states(in.get(6).address(), reverse ? 1 : 0).address(), before.descriptor().size())));
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
