package io.tandem.cpu.primitive;

import io.tandem.cpu.kernel.Place;
import io.tandem.cpu.kernel.StepKernel;
import io.tandem.cpu.kernel.StepPlaces;
import io.tandem.cpu.onednn.Argument;
import io.tandem.cpu.onednn.Memory;
import io.tandem.cpu.onednn.MemoryDescriptor;
import io.tandem.cpu.onednn.PrimitiveDescriptor;
import io.tandem.cpu.onednn.Propagation;
import io.tandem.cpu.onednn.WindowGeometry;
import io.tandem.graph.Op;
import io.tandem.graph.PoolGeometry;
import io.tandem.graph.Pooling;
import io.tandem.tensor.Shape;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Pooling and its gradient by oneDNN; the gradient of a maximum needs what the forward primitive leaves. */
final class PoolPrimitive {
    private static final int CHANNEL_BLOCK = 16;
    private static final int LARGEST_BYTE_WINDOW = 255;

    private PoolPrimitive() {}

    /** At least the bytes that the forward primitive leaves for the gradient of a maximum, in any layout. */
    static long residualBytes(PoolGeometry geometry, Shape input) {
        long size = input.dim(0) * Math.ceilDiv((long) input.dim(1), CHANNEL_BLOCK) * CHANNEL_BLOCK;
        long window = 1;
        for (int axis = 0; axis < geometry.axes(); axis++) {
            size *= geometry.outputSize(axis, input.dim(axis + 2));
            window *= geometry.window().get(axis);
        }
        return size * (window <= LARGEST_BYTE_WINDOW ? 1 : 4);
    }

    /** Whether oneDNN means the same by a pool. */
    static boolean supports(Pooling pooling, PoolGeometry geometry, Shape input) {
        if (geometry.axes() < 1 || geometry.axes() > 3 || input.size() == 0) {
            return false;
        }
        for (int axis = 0; axis < geometry.axes(); axis++) {
            int high = padHigh(geometry, axis, input.dim(axis + 2));
            int reach = geometry.dilation().get(axis) * (geometry.window().get(axis) - 1) + 1;
            // A last window that hangs over the padding: there the mean counts less than oneDNN would. With dilation a
            // window can lie in the padding altogether, which oneDNN leaves open.
            if (high > geometry.padHigh().get(axis) && pooling == Pooling.AVERAGE_INCLUDING_PADDING
                    || high >= reach
                    || geometry.dilation().get(axis) > 1 && geometry.padLow().get(axis) + high > 0) {
                return false;
            }
        }
        return true;
    }

    /** The padding after an axis with which rounding down gives the size that the geometry has. */
    private static int padHigh(PoolGeometry geometry, int axis, int input) {
        int reach = geometry.dilation().get(axis) * (geometry.window().get(axis) - 1) + 1;
        int needed = (geometry.outputSize(axis, input) - 1) * geometry.stride().get(axis)
                + reach
                - input
                - geometry.padLow().get(axis);
        return Math.max(needed, geometry.padHigh().get(axis));
    }

    static Optional<StepKernel> forward(OneDnnContext context, Op.Pool op, StepPlaces places) {
        Place x = places.operands().getFirst();
        Place y = places.result();
        Optional<Place> residual =
                places.results().size() > 1 ? Optional.of(places.results().get(1)) : Optional.empty();
        Propagation propagation = residual.isPresent() ? Propagation.TRAINING : Propagation.INFERENCE;
        if (op.pooling() != Pooling.MAX) {
            propagation = Propagation.TRAINING;
        }
        io.tandem.cpu.onednn.Pooling.Forward operation = operation(
                propagation, op.pooling(), op.geometry(), OneDnnLayout.at(x), OneDnnLayout.at(y));
        try (PrimitiveKernel.Builder builder = PrimitiveKernel.builder(context);
                PrimitiveDescriptor descriptor = context.engine().describe(operation, context.attributes())) {
            Map<Argument, Memory> memories = new LinkedHashMap<>();
            memories.put(Argument.SRC, builder.at(x, operation.src()));
            memories.put(Argument.DST, builder.at(y, operation.dst()));
            descriptor.workspace().ifPresent(d -> memories.put(Argument.WORKSPACE, workspace(builder, residual, d)));
            builder.execute(descriptor, memories);
            return Optional.of(builder.label(descriptor).build());
        }
    }

    static Optional<StepKernel> gradient(OneDnnContext context, Op.PoolGradient op, boolean kept, StepPlaces places) {
        if (op.pooling() == Pooling.MAX && !kept) {
            return Optional.empty();
        }
        Place dx = places.result();
        Place dy = places.operands().get(op.pooling() == Pooling.MAX ? 1 : 0);
        Optional<Place> residual = kept ? Optional.of(places.operands().getLast()) : Optional.empty();
        io.tandem.cpu.onednn.Pooling.Forward forward = operation(
                Propagation.TRAINING, op.pooling(), op.geometry(), OneDnnLayout.at(dx), OneDnnLayout.at(dy));
        try (PrimitiveKernel.Builder builder = PrimitiveKernel.builder(context);
                PrimitiveDescriptor hint = context.engine().describe(forward, context.attributes());
                PrimitiveDescriptor descriptor = context.engine()
                        .describe(
                                new io.tandem.cpu.onednn.Pooling.Backward(
                                        forward.kind(),
                                        forward.src(),
                                        forward.dst(),
                                        forward.window(),
                                        forward.geometry(),
                                        hint),
                                context.attributes())) {
            Map<Argument, Memory> memories = new LinkedHashMap<>();
            memories.put(Argument.DIFF_DST, builder.at(dy, forward.dst()));
            memories.put(Argument.DIFF_SRC, builder.at(dx, forward.src()));
            descriptor.workspace().ifPresent(d -> memories.put(Argument.WORKSPACE, workspace(builder, residual, d)));
            builder.execute(descriptor, memories);
            return Optional.of(builder.label(descriptor).build());
        }
    }

    private static Memory workspace(
            PrimitiveKernel.Builder builder, Optional<Place> residual, MemoryDescriptor descriptor) {
        if (residual.isEmpty()) {
            return builder.temporary(descriptor);
        }
        if (descriptor.size() > residual.get().type().bytes()) {
            throw new IllegalStateException("a pool keeps " + descriptor.size() + " bytes, planned were "
                    + residual.get().type().bytes());
        }
        return builder.at(residual.get(), descriptor);
    }

    private static io.tandem.cpu.onednn.Pooling.Forward operation(
            Propagation propagation,
            Pooling pooling,
            PoolGeometry geometry,
            MemoryDescriptor x,
            MemoryDescriptor y) {
        List<Integer> high = new ArrayList<>();
        for (int axis = 0; axis < geometry.axes(); axis++) {
            high.add(padHigh(geometry, axis, Math.toIntExact(x.dim(axis + 2))));
        }
        io.tandem.cpu.onednn.Pooling.Kind kind = switch (pooling) {
            case MAX -> io.tandem.cpu.onednn.Pooling.Kind.MAX;
            case AVERAGE -> io.tandem.cpu.onednn.Pooling.Kind.AVERAGE_EXCLUDE_PADDING;
            case AVERAGE_INCLUDING_PADDING -> io.tandem.cpu.onednn.Pooling.Kind.AVERAGE_INCLUDE_PADDING;
        };
        return new io.tandem.cpu.onednn.Pooling.Forward(
                propagation,
                kind,
                x,
                y,
                geometry.window(),
                new WindowGeometry(geometry.stride(), geometry.dilation(), geometry.padLow(), high));
    }
}
