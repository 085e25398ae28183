package io.tandem.nn;

import io.tandem.graph.ScanStep;
import io.tandem.graph.Tensor;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.util.List;
import java.util.Optional;

/**
 * A cell of the user's own over sequences [N, T, ...] (or [T, N, ...]), with outputs of all steps or the last one.
 *
 * @param cell one step
 * @param reverse whether it runs from the end to the start
 * @param timeMajor whether inputs are [T, N, ...]
 * @param sequences whether the layer yields the outputs of all steps, or those of the last one
 */
public record Recurrence(RecurrentCell cell, boolean reverse, boolean timeMajor, boolean sequences) implements Layer {
    /** Runs a cell from the start to the end of [N, T, ...] and yields the outputs of all steps. */
    public static Recurrence of(RecurrentCell cell) {
        return new Recurrence(cell, false, false, true);
    }

    /** This layer from the end to the start; the cell stays the same. */
    public Recurrence withReverse() {
        return new Recurrence(cell, true, timeMajor, sequences);
    }

    /** This layer on inputs [T, N, ...]; the cell stays the same. */
    public Recurrence withTimeMajor() {
        return new Recurrence(cell, reverse, true, sequences);
    }

    /** This layer yielding the last step's outputs alone; the cell stays the same. */
    public Recurrence withLastStep() {
        return new Recurrence(cell, reverse, timeMajor, false);
    }

    @Override
    public Tensor forward(Tensor x) {
        RecurrentOutput output = run(x, List.of(), Optional.empty());
        return sequences ? output.outputs() : output.last();
    }

    /**
     * Applies the cell with states.
     *
     * @param x the sequences
     * @param states initial states, [N, ...] each; none for zeros
     */
    public RecurrentOutput apply(Tensor x, List<Tensor> states) {
        return Trace.of(x).enter(this, () -> run(x, states, Optional.empty()));
    }

    /**
     * Applies the cell to sequences of unequal length: beyond the end of a sequence states stay and outputs are zero.
     *
     * @param x the sequences, filled up to one length
     * @param states initial states, [N, ...] each; none for zeros
     * @param lengths how long each sequence is: [N], int32 or int64
     */
    public RecurrentOutput apply(Tensor x, List<Tensor> states, Tensor lengths) {
        RecurrentStack.requireLengths("recurrence", x, lengths, timeMajor);
        return Trace.of(x).enter(this, () -> run(x, states, Optional.of(lengths)));
    }

    private RecurrentOutput run(Tensor input, List<Tensor> states, Optional<Tensor> lengths) {
        Layers.requireRank("recurrence", input, 2, Integer.MAX_VALUE);
        Tensor x = timeMajor ? input : input.transpose(0, 1);
        Shape sample = x.shape().subShape(2, x.rank());
        List<Shape> shapes = cell.states(sample).stream()
                .map(s -> s.insert(0, x.dim(1)))
                .toList();
        List<Shape> given = states.stream().map(Tensor::shape).toList();
        if (!states.isEmpty() && !given.equals(shapes)) {
            throw Layers.error(
                    input,
                    "recurrence: the input %s needs initial states of shapes %s, got %s"
                            .formatted(input.type(), shapes, given));
        }
        Trace trace = Trace.of(input);
        List<Tensor> initial = states.isEmpty()
                ? shapes.stream()
                        .map(s -> input.graph().zeros(new TensorType(trace.dtype(), s)))
                        .toList()
                : states;
        List<Tensor> parameters = cell.parameters(trace, sample);
        List<Tensor> results = RecurrentStack.scan(x, initial, parameters, lengths, reverse, s -> {
            RecurrentCell.Step step = cell.step(s.scanned(0), s.carries(), s.fixed().subList(0, parameters.size()));
            return new ScanStep.Next(step.states(), List.of(step.output()));
        });
        Tensor outputs = results.getFirst();
        Tensor last = lengths.filter(l -> !reverse)
                .map(l -> lastInside(outputs, l))
                .orElseGet(() -> outputs.at(0, reverse ? 0 : -1));
        return new RecurrentOutput(
                timeMajor ? outputs : outputs.transpose(0, 1), results.subList(1, results.size()), last);
    }

    /** The output at the end of each sequence: outputs beyond are zero, so that a sum over the one place will do. */
    private static Tensor lastInside(Tensor outputs, Tensor lengths) {
        Shape rows = outputs.shape().subShape(0, 2);
        Tensor time = outputs.graph().iota(new TensorType(lengths.dtype(), rows), 0);
        Tensor end = time.eq(lengths.sub(1));
        int[] dims = new int[outputs.rank()];
        java.util.Arrays.fill(dims, 1);
        dims[0] = rows.dim(0);
        dims[1] = rows.dim(1);
        return end.reshape(dims).select(outputs, outputs.like(0)).sum(0);
    }
}
