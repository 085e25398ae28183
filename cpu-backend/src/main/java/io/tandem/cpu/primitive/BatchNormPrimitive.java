package io.tandem.cpu.primitive;

import io.tandem.cpu.kernel.Place;
import io.tandem.cpu.kernel.StepKernel;
import io.tandem.cpu.kernel.StepPlaces;
import io.tandem.cpu.onednn.Argument;
import io.tandem.cpu.onednn.BatchNormalization;
import io.tandem.cpu.onednn.DataType;
import io.tandem.cpu.onednn.Memory;
import io.tandem.cpu.onednn.MemoryDescriptor;
import io.tandem.cpu.onednn.PrimitiveDescriptor;
import io.tandem.cpu.onednn.Propagation;
import io.tandem.graph.CompositeKind;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Batch normalization in training and its gradient by oneDNN, in row-major or channels-last memory. */
final class BatchNormPrimitive {
    private static final Set<BatchNormalization.Flag> FLAGS =
            Set.of(BatchNormalization.Flag.SCALE, BatchNormalization.Flag.SHIFT);

    private BatchNormPrimitive() {}

    /** Operands x, scale, shift; results y, mean, variance. */
    static Optional<StepKernel> forward(OneDnnContext context, double epsilon, StepPlaces places) {
        Place x = places.operands().get(0);
        MemoryDescriptor layout = OneDnnLayout.at(x);
        MemoryDescriptor channels = channels(x);
        try (PrimitiveKernel.Builder builder = PrimitiveKernel.builder(context);
                PrimitiveDescriptor descriptor = describe(context, layout, epsilon)) {
            Map<Argument, Memory> memories = new LinkedHashMap<>();
            memories.put(Argument.SRC, builder.at(x, layout));
            memories.put(Argument.SCALE, builder.at(places.operands().get(1), channels));
            memories.put(Argument.SHIFT, builder.at(places.operands().get(2), channels));
            PrimitiveKernel.Results results = new PrimitiveKernel.Results(builder);
            memories.put(Argument.DST, results.at(places.result(), OneDnnLayout.at(places.result()), layout));
            memories.put(Argument.MEAN, builder.at(places.results().get(1), channels));
            memories.put(Argument.VARIANCE, builder.at(places.results().get(2), channels));
            builder.execute(descriptor, memories);
            results.finish();
            return Optional.of(builder.label(descriptor).build());
        }
    }

    /** Operands x, scale, shift, y, mean, variance, cotangent of y; results those cotangents that are wanted. */
    static Optional<StepKernel> gradient(
            OneDnnContext context, CompositeKind.Gradient kind, double epsilon, StepPlaces places) {
        List<Place> in = places.operands();
        Place x = in.get(0);
        Place dy = in.get(6);
        MemoryDescriptor layout = OneDnnLayout.at(x);
        MemoryDescriptor channels = channels(x);
        try (PrimitiveKernel.Builder builder = PrimitiveKernel.builder(context);
                PrimitiveDescriptor hint = describe(context, layout, epsilon);
                PrimitiveDescriptor descriptor = context.engine()
                        .describe(
                                new BatchNormalization.Backward(
                                        layout, layout, layout, (float) epsilon, FLAGS, hint),
                                context.attributes())) {
            Map<Argument, Memory> memories = new LinkedHashMap<>();
            memories.put(Argument.SRC, builder.at(x, layout));
            memories.put(Argument.MEAN, builder.at(in.get(4), channels));
            memories.put(Argument.VARIANCE, builder.at(in.get(5), channels));
            memories.put(Argument.SCALE, builder.at(in.get(1), channels));
            memories.put(Argument.DIFF_DST, builder.operand(dy, OneDnnLayout.at(dy), layout));
            PrimitiveKernel.Results results = new PrimitiveKernel.Results(builder);
            List<Argument> arguments = List.of(Argument.DIFF_SRC, Argument.DIFF_SCALE, Argument.DIFF_SHIFT);
            for (int i = 0; i < arguments.size(); i++) {
                MemoryDescriptor wanted = i == 0 ? layout : channels;
                int at = kind.wanted().indexOf(i);
                if (at < 0) {
                    memories.put(arguments.get(i), builder.temporary(wanted));
                } else {
                    Place place = places.results().get(at);
                    MemoryDescriptor seen = i == 0 ? OneDnnLayout.at(place) : channels;
                    memories.put(arguments.get(i), results.at(place, seen, wanted));
                }
            }
            builder.execute(descriptor, memories);
            results.finish();
            return Optional.of(builder.label(descriptor).build());
        }
    }

    private static PrimitiveDescriptor describe(OneDnnContext context, MemoryDescriptor layout, double epsilon) {
        return context.engine()
                .describe(
                        new BatchNormalization.Forward(
                                Propagation.TRAINING, layout, layout, (float) epsilon, FLAGS),
                        context.attributes());
    }

    private static MemoryDescriptor channels(Place x) {
        return MemoryDescriptor.of(DataType.F32, x.type().shape().dim(1));
    }
}
