package io.tandem.cuda.lowering;

import io.tandem.compile.Kernel;
import io.tandem.cuda.lib.RnnMemory;
import io.tandem.cuda.lib.RnnMemorySizes;
import io.tandem.cuda.lib.RnnStates;
import io.tandem.cuda.lib.Workspace;
import io.tandem.graph.CompositeKind;
import io.tandem.tensor.DType;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.util.ArrayList;
import java.util.List;

/**
 * Makes the steps of LSTM and GRU composites and their gradients, by cuDNN. cuDNN runs forward in time: the reverse
 * direction runs on sequences that are flipped before and after.
 */
final class RecurrentSteps {
    private final LoweringContext context;
    private final Region scratch;

    RecurrentSteps(LoweringContext context, Region scratch) {
        this.context = context;
        this.scratch = scratch;
    }

    private record LibraryCall(String label, Runnable call) implements StepKernel {
        @Override
        public void issue() {
            call.run();
        }
    }

    private static Workspace lent(Place place) {
        return place.bytes() == 0 ? Workspace.NONE : new Workspace(place.address(), place.bytes());
    }

    private static Place part(Place whole, long offset, long bytes) {
        return new Place(whole.region(), whole.offset() + offset, TensorType.of(DType.U8, Math.toIntExact(bytes)));
    }

    /** A copy of a sequence with its steps in reverse order. */
    private StepKernel flip(Place from, Place to) {
        Shape shape = from.shape();
        int time = shape.dim(0);
        long row = shape.size() / time;
        DType dtype = from.dtype();
        Kernel kernel = new Kernel(
                Shape.of(time, Math.toIntExact(row)),
                Shape.of(),
                List.of(dtype),
                List.of(dtype),
                List.of(new Kernel.Load(dtype, 0, new Kernel.Access((time - 1) * row, List.of(-row, 1L)))),
                List.of(new Kernel.Store(0, 0, new Kernel.Access(0, List.of(row, 1L)))));
        return new FusedStep(context, kernel, List.of(from), List.of(to), scratch).requested();
    }

    StepKernel forward(CompositeKind kind, StepPlaces places, boolean residual) {
        List<TensorType> types = places.operands().stream().map(Place::type).toList();
        RecurrentForm form = RecurrentForm.of(kind, types, context.dnn(), context.options());
        RnnMemorySizes sizes = form.memory(context.dnn(), residual);
        ScratchParts parts = new ScratchParts(scratch);
        Place workspace = parts.bytes(sizes.workspace());
        Place kept = residual ? places.results().getLast() : parts.bytes(form.weightBytes());
        long weightOffset = residual ? RecurrentForm.weightOffset(sizes) : 0;
        Place weights = part(kept, weightOffset, form.weightBytes());
        Place reserve = part(kept, 0, sizes.reserve());

        List<StepKernel> steps = new ArrayList<>();
        for (RecurrentForm.Piece piece : form.pieces()) {
            Place from = part(places.operand(piece.operand()), piece.offset(), piece.bytes());
            steps.add(new Copy(context.stream(), from, part(weights, piece.place(), piece.bytes())));
        }
        Place x = places.operand(0);
        Place y = places.result(0);
        if (form.reverse()) {
            x = parts.take(x.type());
            y = parts.take(y.type());
            steps.add(flip(places.operand(0), x));
        }
        Place input = x;
        Place output = y;
        steps.add(new LibraryCall("cudnn " + kind.label(), () -> context.dnn()
                .rnnForward(
                        form.rnn(),
                        residual,
                        form.x(),
                        input.address(),
                        form.y(),
                        output.address(),
                        firstStates(form, places, places.result(1).address(),
                                form.lstm() ? places.result(2).address() : 0),
                        new RnnMemory(lent(weights), lent(workspace), lent(reserve)))));
        if (form.reverse()) {
            steps.add(flip(y, places.result(0)));
        }
        return new WithScratch(new Sequence(steps), parts.end());
    }

    private static RnnStates firstStates(RecurrentForm form, StepPlaces places, long lastHidden, long lastCell) {
        return new RnnStates(
                places.operand(1).address(),
                lastHidden,
                form.lstm() ? places.operand(2).address() : 0,
                lastCell);
    }

    /**
     * The gradient; operands are those of the forward, its results, the given cotangents, what the forward has kept.
     *
     * @param shared whether other steps need what the forward has kept, which cuDNN changes
     */
    StepKernel gradient(CompositeKind.Gradient kind, StepPlaces places, boolean shared) {
        List<TensorType> types =
                places.operands().subList(0, 6).stream().map(Place::type).toList();
        RecurrentForm form = RecurrentForm.of(kind.of(), types, context.dnn(), context.options());
        RnnMemorySizes sizes = form.memory(context.dnn(), true);
        ScratchParts parts = new ScratchParts(scratch);
        List<StepKernel> steps = new ArrayList<>();
        Place workspace = parts.bytes(sizes.workspace());
        Place kept = places.operands().getLast();
        Place weights = part(kept, RecurrentForm.weightOffset(sizes), form.weightBytes());
        Place reserve = part(kept, 0, sizes.reserve());
        if (shared) {
            Place copy = parts.bytes(sizes.reserve());
            steps.add(new Copy(context.stream(), reserve, copy));
            reserve = copy;
        }
        Place x = directed(form, places.operand(0), parts, steps);
        Place y = directed(form, places.operand(6), parts, steps);
        Place dy = cotangent(form, kind, places, parts, steps);
        int wantedX = kind.wanted().indexOf(0);
        Place dx = wantedX >= 0 && !form.reverse() ? places.result(wantedX) : parts.take(x.type());
        Place heldReserve = reserve;
        steps.add(new LibraryCall("cudnn " + kind.label(), () -> context.dnn()
                .rnnBackwardData(
                        form.rnn(),
                        form.y(),
                        y.address(),
                        dy.address(),
                        form.x(),
                        dx.address(),
                        firstStates(form, places, 0, 0),
                        stateGradients(form, kind, places),
                        new RnnMemory(lent(weights), lent(workspace), lent(heldReserve)))));
        if (wantedX >= 0 && form.reverse()) {
            steps.add(flip(dx, places.result(wantedX)));
        }
        int firstWeight = form.lstm() ? 3 : 2;
        if (kind.wanted().stream().anyMatch(i -> i >= firstWeight)) {
            Place dWeights = parts.bytes(form.weightBytes());
            steps.add(new Fill(context.stream(), dWeights));
            steps.add(new LibraryCall("cudnn " + kind.label() + " of weights", () -> context.dnn()
                    .rnnBackwardWeights(
                            form.rnn(),
                            form.x(),
                            x.address(),
                            firstStates(form, places, 0, 0),
                            form.y(),
                            y.address(),
                            dWeights.address(),
                            new RnnMemory(lent(weights), lent(workspace), lent(heldReserve)))));
            for (RecurrentForm.Piece piece : form.pieces()) {
                int wanted = kind.wanted().indexOf(piece.operand());
                if (wanted >= 0) {
                    Place to = part(places.result(wanted), piece.offset(), piece.bytes());
                    steps.add(new Copy(context.stream(), part(dWeights, piece.place(), piece.bytes()), to));
                }
            }
        }
        return new WithScratch(new Sequence(steps), parts.end());
    }

    /** A sequence in the direction in which cuDNN runs. */
    private Place directed(RecurrentForm form, Place sequence, ScratchParts parts, List<StepKernel> steps) {
        if (!form.reverse()) {
            return sequence;
        }
        Place flipped = parts.take(sequence.type());
        steps.add(flip(sequence, flipped));
        return flipped;
    }

    /** The cotangent of all outputs; zeros if there is none. */
    private Place cotangent(
            RecurrentForm form,
            CompositeKind.Gradient kind,
            StepPlaces places,
            ScratchParts parts,
            List<StepKernel> steps) {
        int given = kind.given().indexOf(0);
        if (given < 0) {
            Place zeros = parts.take(places.operand(6).type());
            steps.add(new Fill(context.stream(), zeros));
            return zeros;
        }
        return directed(form, places.operand(6 + form.results() + given), parts, steps);
    }

    private static RnnStates stateGradients(RecurrentForm form, CompositeKind.Gradient kind, StepPlaces places) {
        return new RnnStates(
                wanted(kind, places, 1),
                given(form, kind, places, 1),
                form.lstm() ? wanted(kind, places, 2) : 0,
                form.lstm() ? given(form, kind, places, 2) : 0);
    }

    private static long wanted(CompositeKind.Gradient kind, StepPlaces places, int operand) {
        int index = kind.wanted().indexOf(operand);
        return index < 0 ? 0 : places.result(index).address();
    }

    private static long given(RecurrentForm form, CompositeKind.Gradient kind, StepPlaces places, int result) {
        int index = kind.given().indexOf(result);
        return index < 0 ? 0 : places.operand(6 + form.results() + index).address();
    }
}
