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
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An LSTM layer over a sequence. Each thread takes samples of its own through all steps: at each one product of input and
 * state with the weights, which are brought into the library's layout once, then gates and states by a generated kernel.
 * With few samples and weights that are too large for a core's cache the inputs of all steps are multiplied at once
 * instead, before, so that half of the weights are read only once.
 */
final class LstmForward {
    /** Weights up to this size are read at each step from a core's own cache. */
    private static final long CACHED_BYTES = 1L << 20;

    /** Samples of a thread from which on reading the weights takes less time than multiplying with them. */
    private static final int ENOUGH_ROWS = 16;

    private final LstmLayer layer;
    private final List<Place> in;
    private final List<Place> out;

    private LstmForward(LstmLayer layer) {
        this.layer = layer;
        in = layer.places().operands();
        out = layer.places().results();
    }

    /**
     * The kernel of a forward step.
     *
     * @param residual whether what a gradient needs is its last result
     */
    static StepKernel make(PrimitiveKernel.Builder builder, LstmLayer layer, boolean residual) {
        return new LstmForward(layer).make(builder, residual);
    }

    private StepKernel make(PrimitiveKernel.Builder builder, boolean residual) {
        Memory kept = residual
                ? builder.at(out.get(3), matrix(1, layer.residualBytes() / Float.BYTES))
                : builder.temporary(matrix(1, layer.residualBytes() / Float.BYTES));
        boolean together = layer.leastRows() >= ENOUGH_ROWS
                || (long) Float.BYTES * layer.gates() * layer.wide() <= CACHED_BYTES;
        Memory weights = together ? both(builder) : builder.at(in.get(4), transposed(layer.gates(), layer.units()));
        if (!together) {
            inputsOfAllSteps(builder, kept);
        }
        Map<Integer, Memory> prepared = layer.prepared(builder, weights);
        List<Walk> walks = layer.perSlice(
                slice -> new Walk(builder, slice, prepared.get(slice.rows()), together));
        builder.whenBound(() -> walks.forEach(walk -> walk.bind(kept.segment().address())));
        builder.then(() -> {
            layer.inParallel(walks);
            int last = layer.position(layer.steps() - 1);
            Slice all = layer.everyone();
            NativeMemory.at(out.get(1)).copyFrom(layer.rows(out.get(0).address(), last, all, layer.units()));
            NativeMemory.at(out.get(2))
                    .copyFrom(layer.keptCells(kept.segment().address(), last, all));
        });
        return builder.label("oneDNN matmul, generated").build();
    }

    /** The weights of inputs and states as one matrix [I + H, 4H]. */
    private Memory both(PrimitiveKernel.Builder builder) {
        int inputs = layer.inputs();
        int units = layer.units();
        Memory stored = builder.temporary(matrix(layer.gates(), layer.wide()));
        layer.run(
                builder,
                LstmCells.copy(layer.gates(), inputs, inputs, 0, layer.wide(), 0),
                () -> NativeMemory.at(in.get(3)),
                stored::segment);
        layer.run(
                builder,
                LstmCells.copy(layer.gates(), units, units, 0, layer.wide(), inputs),
                () -> NativeMemory.at(in.get(4)),
                stored::segment);
        Memory seen = builder.movable(transposed(layer.gates(), layer.wide()));
        builder.whenBound(() -> seen.pointTo(stored.segment()));
        return seen;
    }

    private void inputsOfAllSteps(PrimitiveKernel.Builder builder, Memory kept) {
        Memory sums = builder.movable(matrix(layer.rows(), layer.gates()));
        builder.whenBound(() -> sums.pointTo(
                kept.segment().asSlice(0, Float.BYTES * layer.rows() * layer.gates())));
        builder.then(layer.product(
                builder,
                builder.at(in.get(0), matrix(layer.rows(), layer.inputs())),
                builder.at(in.get(3), transposed(layer.gates(), layer.inputs())),
                sums,
                Optional.of(bias(builder)),
                false)::execute);
    }

    private Memory bias(PrimitiveKernel.Builder builder) {
        return builder.at(in.get(5), matrix(1, layer.gates()));
    }

    /** A slice's walk through the sequence. */
    private final class Walk implements Runnable {
        private final Slice slice;
        private final Memory factor;
        private final Memory sums;
        private final BoundPrimitive product;
        private final CompiledKernel copyInput;
        private final CompiledKernel copyState;
        private final CompiledKernel cell;
        private final MemorySegment[][] input = new MemorySegment[layer.steps()][1];
        private final MemorySegment[][] joined = new MemorySegment[layer.steps()][1];
        private final MemorySegment[] first = new MemorySegment[1];
        private final MemorySegment[] factors = new MemorySegment[layer.steps()];
        private final MemorySegment[][] operands = new MemorySegment[layer.steps()][2];
        private final MemorySegment[][] results = new MemorySegment[layer.steps()][4];
        private final boolean together;

        Walk(PrimitiveKernel.Builder builder, Slice slice, Memory weights, boolean together) {
            this.slice = slice;
            this.together = together;
            int rows = slice.rows();
            int inputs = layer.inputs();
            int units = layer.units();
            factor = builder.movable(matrix(rows, together ? layer.wide() : units));
            sums = builder.movable(matrix(rows, layer.gates()));
            product = layer.product(
                    builder,
                    builder.stream(),
                    factor,
                    weights,
                    sums,
                    together ? Optional.of(bias(builder)) : Optional.empty(),
                    !together);
            copyInput = layer.compile(LstmCells.copy(rows, inputs, inputs, 0, layer.wide(), 0));
            copyState = layer.compile(LstmCells.copy(rows, units, units, 0, layer.wide(), inputs));
            cell = layer.compile(LstmCells.forward(rows, inputs, units));
        }

        void bind(long kept) {
            int units = layer.units();
            first[0] = layer.rows(in.get(1).address(), 0, slice, units);
            MemorySegment cellBefore = layer.rows(in.get(2).address(), 0, slice, units);
            MemorySegment stateBefore = first[0];
            for (int k = 0; k < layer.steps(); k++) {
                int t = layer.position(k);
                input[k][0] = layer.rows(in.get(0).address(), t, slice, layer.inputs());
                joined[k][0] = layer.keptInputs(kept, t, slice);
                factors[k] = together ? joined[k][0] : stateBefore;
                operands[k][0] = layer.keptGates(kept, t, slice);
                operands[k][1] = cellBefore;
                results[k][0] = operands[k][0];
                results[k][1] = layer.keptCells(kept, t, slice);
                results[k][2] = layer.rows(out.get(0).address(), t, slice, units);
                results[k][3] = layer.keptInputs(kept, layer.position(k + 1), slice);
                cellBefore = results[k][1];
                stateBefore = results[k][2];
            }
        }

        @Override
        public void run() {
            copyState.run(first, joined[0], 0, copyState.units());
            for (int k = 0; k < layer.steps(); k++) {
                copyInput.run(input[k], joined[k], 0, copyInput.units());
                factor.pointTo(factors[k]);
                sums.pointTo(operands[k][0]);
                product.execute();
                cell.run(operands[k], results[k], 0, cell.units());
            }
        }
    }
}
