package io.tandem.cpu.primitive;

import static io.tandem.cpu.primitive.LstmLayer.matrix;
import static io.tandem.cpu.primitive.LstmLayer.transposed;

import io.tandem.cpu.codegen.CompiledKernel;
import io.tandem.cpu.kernel.NativeMemory;
import io.tandem.cpu.kernel.Place;
import io.tandem.cpu.kernel.StepKernel;
import io.tandem.cpu.onednn.BoundPrimitive;
import io.tandem.cpu.onednn.Memory;
import io.tandem.cpu.primitive.LstmLayer.Slice;
import io.tandem.graph.CompositeKind;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The gradient of an LSTM layer over a sequence. Each thread takes samples of its own back through all steps, which gives
 * the cotangents of all gates' sums; products over all steps at once give those of inputs and weights.
 */
final class LstmGradient {
    private final PrimitiveKernel.Builder builder;
    private final LstmLayer layer;
    private final CompositeKind.Gradient kind;
    private final List<Place> in;
    private final Memory sums;
    private final Memory biases;

    private LstmGradient(PrimitiveKernel.Builder builder, LstmLayer layer, CompositeKind.Gradient kind) {
        this.builder = builder;
        this.layer = layer;
        this.kind = kind;
        in = layer.places().operands();
        sums = builder.temporary(matrix(layer.rows(), layer.gates()));
        biases = builder.temporary(matrix(layer.batch(), layer.gates()));
    }

    /** The kernel. Operands: those of the forward step, its results, given cotangents, what it kept. */
    static StepKernel make(PrimitiveKernel.Builder builder, LstmLayer layer, CompositeKind.Gradient kind) {
        return new LstmGradient(builder, layer, kind).make();
    }

    private StepKernel make() {
        walkBack();
        wanted(0).ifPresent(dx -> builder.then(layer.product(
                builder,
                sums,
                builder.at(in.get(3), matrix(layer.gates(), layer.inputs())),
                builder.at(dx, matrix(layer.rows(), layer.inputs())),
                Optional.empty(),
                false)::execute));
        if (wanted(3).isPresent() || wanted(4).isPresent()) {
            weights();
        }
        wanted(5).ifPresent(db -> layer.run(
                builder,
                LstmCells.sumOfRows(layer.batch(), layer.gates()),
                biases::segment,
                () -> NativeMemory.at(db)));
        return builder.label("oneDNN matmul, generated").build();
    }

    private Optional<Place> wanted(int operand) {
        int at = kind.wanted().indexOf(operand);
        return at < 0 ? Optional.empty() : Optional.of(layer.places().results().get(at));
    }

    private Optional<Place> given(int result) {
        int at = kind.given().indexOf(result);
        return at < 0 ? Optional.empty() : Optional.of(in.get(9 + at));
    }

    private long kept() {
        return in.getLast().address();
    }

    /** Cotangents of the gates' sums for all steps, and those of the first states. */
    private void walkBack() {
        Memory hidden = builder.temporary(matrix(layer.batch(), layer.units()));
        Memory cell = builder.temporary(matrix(layer.batch(), layer.units()));
        Map<Integer, Memory> weights =
                layer.prepared(builder, builder.at(in.get(4), matrix(layer.gates(), layer.units())));
        List<Walk> walks = layer.perSlice(slice -> new Walk(slice, weights.get(slice.rows())));
        builder.whenBound(() -> walks.forEach(walk -> walk.bind(hidden.segment().address(), cell.segment().address())));
        builder.then(() -> {
            start(given(1), hidden.segment());
            start(given(2), cell.segment());
            layer.inParallel(walks);
            wanted(1).ifPresent(dh -> NativeMemory.at(dh).copyFrom(hidden.segment()));
            wanted(2).ifPresent(dc -> NativeMemory.at(dc).copyFrom(cell.segment()));
        });
    }

    private static void start(Optional<Place> cotangent, MemorySegment state) {
        if (cotangent.isPresent()) {
            state.copyFrom(NativeMemory.at(cotangent.get()));
        } else {
            state.fill((byte) 0);
        }
    }

    /** Each step's cotangents with its input and the state before it. */
    private void weights() {
        int inputs = layer.inputs();
        int units = layer.units();
        Memory turned = builder.movable(transposed(layer.rows(), layer.gates()));
        Memory joined = builder.movable(matrix(layer.rows(), layer.wide()));
        Memory both = builder.temporary(matrix(layer.gates(), layer.wide()));
        builder.whenBound(() -> {
            turned.pointTo(sums.segment());
            long start = layer.keptInputs(kept(), 0, layer.everyone()).address();
            joined.pointTo(NativeMemory.ALL.asSlice(start, joined.descriptor().size()));
        });
        builder.then(layer.product(builder, turned, joined, both, Optional.empty(), false)::execute);
        wanted(3).ifPresent(dw -> layer.run(
                builder,
                LstmCells.copy(layer.gates(), inputs, layer.wide(), 0, inputs, 0),
                both::segment,
                () -> NativeMemory.at(dw)));
        wanted(4).ifPresent(dw -> layer.run(
                builder,
                LstmCells.copy(layer.gates(), units, layer.wide(), inputs, units, 0),
                both::segment,
                () -> NativeMemory.at(dw)));
    }

    /** A slice's walk back through the sequence. */
    private final class Walk implements Runnable {
        private final Slice slice;
        private final Optional<Place> output = given(0);
        private final Memory row;
        private final Memory hidden;
        private final BoundPrimitive recurrence;
        private final CompiledKernel step;
        private final MemorySegment[][] operands;
        private final MemorySegment[][] results = new MemorySegment[layer.steps()][3];

        Walk(Slice slice, Memory weights) {
            this.slice = slice;
            row = builder.movable(matrix(slice.rows(), layer.gates()));
            hidden = builder.movable(matrix(slice.rows(), layer.units()));
            recurrence = layer.product(builder, builder.stream(), row, weights, hidden, Optional.empty(), false);
            step = layer.compile(LstmCells.backward(slice.rows(), layer.units(), output.isPresent()));
            operands = new MemorySegment[layer.steps()][output.isPresent() ? 7 : 6];
        }

        void bind(long hiddenStart, long cellStart) {
            int units = layer.units();
            MemorySegment cell = layer.rows(cellStart, 0, slice, units);
            MemorySegment bias = layer.rows(biases.segment().address(), 0, slice, layer.gates());
            hidden.pointTo(layer.rows(hiddenStart, 0, slice, units));
            for (int k = 0; k < layer.steps(); k++) {
                int t = layer.position(k);
                operands[k][0] = layer.keptGates(kept(), t, slice);
                operands[k][1] = layer.keptCells(kept(), t, slice);
                operands[k][2] = k == 0 ? layer.rows(in.get(2).address(), 0, slice, units) : operands[k - 1][1];
                operands[k][3] = hidden.segment();
                operands[k][4] = cell;
                operands[k][5] = bias;
                if (output.isPresent()) {
                    operands[k][6] = layer.rows(output.get().address(), t, slice, units);
                }
                results[k][0] = layer.rows(sums.segment().address(), t, slice, layer.gates());
                results[k][1] = cell;
                results[k][2] = bias;
            }
        }

        @Override
        public void run() {
            results[0][2].fill((byte) 0);
            for (int k = layer.steps() - 1; k >= 0; k--) {
                step.run(operands[k], results[k], 0, step.units());
                row.pointTo(results[k][0]);
                recurrence.execute();
            }
        }
    }
}
