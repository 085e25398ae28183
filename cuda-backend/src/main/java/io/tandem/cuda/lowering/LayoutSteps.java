package io.tandem.cuda.lowering;

import io.tandem.compile.Kernel;
import io.tandem.tensor.DType;
import io.tandem.tensor.Shape;
import java.util.List;

/** Makes copies between row-major tensors and those with channels innermost. */
final class LayoutSteps {
    private final LoweringContext context;
    private final Region scratch;

    LayoutSteps(LoweringContext context, Region scratch) {
        this.context = context;
        this.scratch = scratch;
    }

    /** A copy of a tensor into a place of the same type, whose layout may be another one. */
    StepKernel convert(Place from, Place to) {
        return from.channelsLast() == to.channelsLast() || from.isSameInBothLayouts()
                ? new Copy(context.stream(), from, to)
                : transpose(from, to);
    }

    /** A batch of transpositions: of channels by pixels, or of pixels by channels. */
    private StepKernel transpose(Place from, Place to) {
        Shape shape = from.shape();
        int channels = shape.dim(1);
        int pixels = Math.toIntExact(shape.subShape(2, shape.rank()).size());
        int rows = to.channelsLast() ? pixels : channels;
        int columns = to.channelsLast() ? channels : pixels;
        long plane = (long) channels * pixels;
        DType dtype = from.dtype();
        Kernel.Access read = new Kernel.Access(0, List.of(plane, 1L, (long) rows));
        Kernel kernel = new Kernel(
                Shape.of(shape.dim(0), rows, columns),
                Shape.of(),
                List.of(dtype),
                List.of(dtype),
                List.of(new Kernel.Load(dtype, 0, read)),
                List.of(new Kernel.Store(0, 0, new Kernel.Access(0, List.of(plane, (long) columns, 1L)))));
        return new FusedStep(context, kernel, List.of(from), List.of(to), scratch).requested();
    }

    /**
     * A place for a tensor in a layout: its own where its elements lie right, else new room, to and from which the
     * caller copies.
     */
    Place arranged(ScratchParts parts, Place place, boolean channelsLast) {
        return place.channelsLast() == channelsLast || place.isSameInBothLayouts()
                ? place.withChannelsLast(channelsLast)
                : parts.take(place.type()).withChannelsLast(channelsLast);
    }

    /** Adds to a list the copy of an operand to where {@link #arranged} wants it, if that is elsewhere. */
    void bring(List<StepKernel> steps, Place from, Place to) {
        if (from.region() != to.region() || from.offset() != to.offset()) {
            steps.add(convert(from, to));
        }
    }
}
