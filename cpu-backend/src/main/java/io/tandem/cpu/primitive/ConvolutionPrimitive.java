package io.tandem.cpu.primitive;

import io.tandem.compile.Plan;
import io.tandem.cpu.kernel.Place;
import io.tandem.cpu.kernel.StepKernel;
import io.tandem.cpu.kernel.StepPlaces;
import io.tandem.cpu.onednn.Argument;
import io.tandem.cpu.onednn.Convolution;
import io.tandem.cpu.onednn.DataType;
import io.tandem.cpu.onednn.Memory;
import io.tandem.cpu.onednn.MemoryDescriptor;
import io.tandem.cpu.onednn.PrimitiveAttributes;
import io.tandem.cpu.onednn.PrimitiveDescriptor;
import io.tandem.cpu.onednn.Propagation;
import io.tandem.cpu.onednn.WindowGeometry;
import io.tandem.graph.ConvolutionGeometry;
import io.tandem.graph.Op;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * Convolution and its adjoints by oneDNN. Filters are reordered from their row-major form before each run, and
 * gradients
 * of filters back; they are small beside the work.
 */
final class ConvolutionPrimitive {
    private ConvolutionPrimitive() {}

    static Optional<StepKernel> forward(
            OneDnnContext context, Op.Convolution op, Optional<Plan.Epilogue> epilogue,
            StepPlaces places) {
        Place x = places.operands().get(0);
        Place w = places.operands().get(1);
        Place y = places.result();
        if (!possible(op.geometry(), x, w, y)) {
            return Optional.empty();
        }
        Filter filter = new Filter(op.geometry(), w.type());
        Optional<MemoryDescriptor> bias = epilogue.filter(Plan.Epilogue::bias)
                .map(e -> MemoryDescriptor.of(OneDnnLayout.type(y.type()), y.type().shape().dim(1)));
        boolean relu = epilogue.flatMap(Plan.Epilogue::activation).isPresent();
        PrimitiveAttributes attributes = relu ? context.attributes().thenRelu() : context.attributes();
        try (PrimitiveKernel.Builder builder = PrimitiveKernel.builder(context);
                PrimitiveDescriptor descriptor = fastest(layouts -> context.engine()
                        .describe(
                                new Convolution.Forward(
                                        Propagation.TRAINING,
                                        layouts.apply(OneDnnLayout.factor(context, x)),
                                        filter.open(context),
                                        bias,
                                        layouts.apply(OneDnnLayout.preferred(y)),
                                        geometry(op.geometry())),
                                attributes))) {
            if (descriptor.isReference() && isRowMajor(places)) {
                return Optional.empty();
            }
            Map<Argument, Memory> memories = new LinkedHashMap<>();
            memories.put(Argument.SRC, builder.operand(x, OneDnnLayout.at(x), descriptor.layout(Argument.SRC)));
            memories.put(
                    Argument.WEIGHTS, builder.operand(w, filter.plain(), descriptor.layout(Argument.WEIGHTS)));
            bias.ifPresent(d -> memories.put(Argument.BIAS, builder.at(places.operands().get(2), d)));
            PrimitiveKernel.Results results = new PrimitiveKernel.Results(builder);
            memories.put(Argument.DST, results.at(y, OneDnnLayout.at(y), descriptor.layout(Argument.DST)));
            builder.execute(descriptor, memories);
            results.finish();
            return Optional.of(builder.label(descriptor).build());
        }
    }

    static Optional<StepKernel> inputGradient(
            OneDnnContext context, Op.ConvolutionInputGradient op, StepPlaces places) {
        Place w = places.operands().get(0);
        Place dy = places.operands().get(1);
        Place dx = places.result();
        if (!possible(op.geometry(), dx, w, dy)) {
            return Optional.empty();
        }
        Filter filter = new Filter(op.geometry(), w.type());
        WindowGeometry geometry = geometry(op.geometry());
        MemoryDescriptor preferredX = OneDnnLayout.preferred(dx);
        MemoryDescriptor preferredY = OneDnnLayout.factor(context, dy);
        try (PrimitiveKernel.Builder builder = PrimitiveKernel.builder(context);
                PrimitiveDescriptor hint = hint(context, dx, filter, dy, geometry);
                PrimitiveDescriptor descriptor = fastest(layouts -> context.engine()
                        .describe(
                                new Convolution.BackwardData(
                                        layouts.apply(preferredX),
                                        filter.open(context),
                                        layouts.apply(preferredY),
                                        geometry,
                                        hint),
                                context.attributes()))) {
            if (descriptor.isReference() && isRowMajor(places)) {
                return Optional.empty();
            }
            Map<Argument, Memory> memories = new LinkedHashMap<>();
            memories.put(
                    Argument.DIFF_DST, builder.operand(dy, OneDnnLayout.at(dy), descriptor.layout(Argument.DIFF_DST)));
            memories.put(
                    Argument.WEIGHTS, builder.operand(w, filter.plain(), descriptor.layout(Argument.WEIGHTS)));
            PrimitiveKernel.Results results = new PrimitiveKernel.Results(builder);
            memories.put(Argument.DIFF_SRC, results.at(dx, OneDnnLayout.at(dx), descriptor.layout(Argument.DIFF_SRC)));
            builder.execute(descriptor, memories);
            results.finish();
            return Optional.of(builder.label(descriptor).build());
        }
    }

    static Optional<StepKernel> filterGradient(
            OneDnnContext context, Op.ConvolutionFilterGradient op, StepPlaces places) {
        Place x = places.operands().get(0);
        Place dy = places.operands().get(1);
        Place dw = places.result();
        if (!possible(op.geometry(), x, dw, dy)) {
            return Optional.empty();
        }
        Filter filter = new Filter(op.geometry(), dw.type());
        WindowGeometry geometry = geometry(op.geometry());
        MemoryDescriptor preferredX = OneDnnLayout.factor(context, x);
        MemoryDescriptor preferredY = OneDnnLayout.factor(context, dy);
        try (PrimitiveKernel.Builder builder = PrimitiveKernel.builder(context);
                PrimitiveDescriptor hint = hint(context, x, filter, dy, geometry);
                PrimitiveDescriptor descriptor = fastest(layouts -> context.engine()
                        .describe(
                                new Convolution.BackwardWeights(
                                        layouts.apply(preferredX),
                                        filter.openResult(),
                                        Optional.empty(),
                                        layouts.apply(preferredY),
                                        geometry,
                                        hint),
                                context.attributes()))) {
            if (descriptor.isReference() && isRowMajor(places)) {
                return Optional.empty();
            }
            Map<Argument, Memory> memories = new LinkedHashMap<>();
            memories.put(Argument.SRC, builder.operand(x, OneDnnLayout.at(x), descriptor.layout(Argument.SRC)));
            memories.put(
                    Argument.DIFF_DST, builder.operand(dy, OneDnnLayout.at(dy), descriptor.layout(Argument.DIFF_DST)));
            PrimitiveKernel.Results results = new PrimitiveKernel.Results(builder);
            memories.put(
                    Argument.DIFF_WEIGHTS,
                    results.at(dw, filter.plain(), descriptor.layout(Argument.DIFF_WEIGHTS)));
            builder.execute(descriptor, memories);
            results.finish();
            return Optional.of(builder.label(descriptor).build());
        }
    }

    /**
     * A primitive for the layouts that activations have; where the library has no fast code for these, one for layouts of its
     * own choice, to and from which they are copied.
     */
    private static PrimitiveDescriptor fastest(
            Function<UnaryOperator<MemoryDescriptor>, PrimitiveDescriptor> describe) {
        PrimitiveDescriptor direct = describe.apply(UnaryOperator.identity());
        if (!direct.isReference()) {
            return direct;
        }
        direct.close();
        return describe.apply(MemoryDescriptor::withAnyLayout);
    }

    /** The forward primitive that a gradient belongs to. */
    private static PrimitiveDescriptor hint(
            OneDnnContext context, Place x, Filter filter, Place y, WindowGeometry geometry) {
        return fastest(layouts -> context.engine()
                .describe(
                        new Convolution.Forward(
                                Propagation.TRAINING,
                                layouts.apply(OneDnnLayout.factor(context, x)),
                                filter.open(context),
                                Optional.empty(),
                                layouts.apply(OneDnnLayout.factor(context, y)),
                                geometry),
                        context.attributes()));
    }

    /** Whether kernels in Java could take over. */
    private static boolean isRowMajor(StepPlaces places) {
        return Stream.concat(places.operands().stream(), places.results().stream())
                .allMatch(p -> p.layout() instanceof Plan.RowMajor);
    }

    private static boolean possible(ConvolutionGeometry geometry, Place x, Place w, Place y) {
        return geometry.axes() >= 1
                && geometry.axes() <= 3
                && x.type().bytes() > 0
                && w.type().bytes() > 0
                && y.type().bytes() > 0;
    }

    static WindowGeometry geometry(ConvolutionGeometry g) {
        return new WindowGeometry(g.stride(), g.dilation(), g.padLow(), g.padHigh());
    }

    /** A row-major filter [O, C / groups, ...], which oneDNN sees as [groups, O / groups, C / groups, ...]. */
    private record Filter(DataType type, long[] dims) {
        Filter(ConvolutionGeometry geometry, TensorType filter) {
            this(OneDnnLayout.type(filter), dims(geometry.groups(), filter.shape()));
        }

        private static long[] dims(int groups, Shape shape) {
            return OneDnnLayout.dims(groups == 1 ? shape : shape.with(0, shape.dim(0) / groups).insert(0, groups));
        }

        /** As a factor, in the layout that oneDNN likes. */
        MemoryDescriptor open(OneDnnContext context) {
            return MemoryDescriptor.any(context.factor(type), dims);
        }

        /** As a result, in the layout that oneDNN likes. */
        MemoryDescriptor openResult() {
            return MemoryDescriptor.any(type, dims);
        }

        MemoryDescriptor plain() {
            return MemoryDescriptor.of(type, dims);
        }
    }
}
