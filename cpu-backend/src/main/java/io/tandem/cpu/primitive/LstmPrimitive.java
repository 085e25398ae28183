package io.tandem.cpu.primitive;

import io.tandem.cpu.kernel.Place;
import io.tandem.cpu.kernel.StepKernel;
import io.tandem.cpu.kernel.StepPlaces;
import io.tandem.cpu.onednn.Argument;
import io.tandem.cpu.onednn.DataType;
import io.tandem.cpu.onednn.Direction;
import io.tandem.cpu.onednn.Lstm;
import io.tandem.cpu.onednn.Memory;
import io.tandem.cpu.onednn.MemoryDescriptor;
import io.tandem.cpu.onednn.PrimitiveDescriptor;
import io.tandem.cpu.onednn.Propagation;
import io.tandem.graph.CompositeKind;
import io.tandem.tensor.Shape;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** An LSTM layer over a sequence and its gradient by oneDNN; float32. */
final class LstmPrimitive {
    private static final List<Argument> OPERANDS = List.of(
            Argument.SRC_LAYER,
            Argument.SRC_ITER,
            Argument.SRC_ITER_C,
            Argument.WEIGHTS_LAYER,
            Argument.WEIGHTS_ITER,
            Argument.BIAS);
    private static final List<Argument> RESULTS =
            List.of(Argument.DST_LAYER, Argument.DST_ITER, Argument.DST_ITER_C);
    private static final List<Argument> COTANGENTS =
            List.of(Argument.DIFF_DST_LAYER, Argument.DIFF_DST_ITER, Argument.DIFF_DST_ITER_C);
    private static final List<Argument> GRADIENTS = List.of(
            Argument.DIFF_SRC_LAYER,
            Argument.DIFF_SRC_ITER,
            Argument.DIFF_SRC_ITER_C,
            Argument.DIFF_WEIGHTS_LAYER,
            Argument.DIFF_WEIGHTS_ITER,
            Argument.DIFF_BIAS);

    private LstmPrimitive() {}

    /** How the operands and results of one layer lie in row-major memory. */
    private record Layer(int steps, int batch, int inputs, int units) {
        static Layer of(Shape x, Shape h0) {
            return new Layer(x.dim(0), x.dim(1), x.dim(2), h0.dim(1));
        }

        Lstm.Tensors tensors() {
            return Lstm.Tensors.of(steps, batch, inputs, units);
        }

        /** The row-major forms of operands, in order. */
        List<MemoryDescriptor> operands() {
            Lstm.Tensors t = tensors();
            return List.of(
                    t.srcLayer(),
                    t.srcIter(),
                    t.srcIterC(),
                    Lstm.matrixWeights(DataType.F32, inputs, units),
                    Lstm.matrixWeights(DataType.F32, units, units),
                    t.bias());
        }

        List<MemoryDescriptor> results() {
            Lstm.Tensors t = tensors();
            return List.of(t.dstLayer(), t.dstIter(), t.dstIterC());
        }
    }

    static PrimitiveDescriptor describe(
            OneDnnContext context, Propagation propagation, boolean reverse, Shape x, Shape h0) {
        return context.engine()
                .describe(
                        new Lstm.Forward(
                                propagation, direction(reverse), Layer.of(x, h0).tensors()),
                        context.attributes());
    }

    static Direction direction(boolean reverse) {
        return reverse ? Direction.REVERSE : Direction.FORWARD;
    }

    static StepKernel forward(OneDnnContext context, boolean reverse, boolean residual, StepPlaces places) {
        List<Place> in = places.operands();
        Layer layer = Layer.of(in.get(0).type().shape(), in.get(1).type().shape());
        Propagation propagation = residual ? Propagation.TRAINING : Propagation.INFERENCE;
        try (PrimitiveKernel.Builder builder = PrimitiveKernel.builder(context);
                PrimitiveDescriptor descriptor = describe(
                        context, propagation, reverse, in.get(0).type().shape(), in.get(1).type().shape())) {
            Map<Argument, Memory> memories = new LinkedHashMap<>();
            for (int i = 0; i < OPERANDS.size(); i++) {
                MemoryDescriptor wanted = descriptor.layout(OPERANDS.get(i));
                memories.put(OPERANDS.get(i), builder.operand(in.get(i), layer.operands().get(i), wanted));
            }
            for (int i = 0; i < RESULTS.size(); i++) {
                memories.put(RESULTS.get(i), builder.at(places.results().get(i), layer.results().get(i)));
            }
            if (residual) {
                descriptor.workspace().ifPresent(d ->
                        memories.put(Argument.WORKSPACE, builder.at(places.results().getLast(), d)));
            }
            builder.execute(descriptor, memories);
            return builder.label(descriptor).build();
        }
    }

    /** Operands: those of the forward step, its results, given cotangents, the residual. */
    static StepKernel gradient(
            OneDnnContext context, CompositeKind.Gradient kind, boolean reverse, StepPlaces places) {
        List<Place> in = places.operands();
        Shape x = in.get(0).type().shape();
        Shape h0 = in.get(1).type().shape();
        Layer layer = Layer.of(x, h0);
        Lstm.Tensors tensors = layer.tensors();
        try (PrimitiveKernel.Builder builder = PrimitiveKernel.builder(context);
                PrimitiveDescriptor hint = describe(context, Propagation.TRAINING, reverse, x, h0);
                PrimitiveDescriptor descriptor = context.engine()
                        .describe(
                                new Lstm.Backward(direction(reverse), tensors, tensors, hint),
                                context.attributes())) {
            Map<Argument, Memory> memories = new LinkedHashMap<>();
            for (int i = 0; i < OPERANDS.size(); i++) {
                MemoryDescriptor wanted = descriptor.layout(OPERANDS.get(i));
                memories.put(OPERANDS.get(i), builder.operand(in.get(i), layer.operands().get(i), wanted));
            }
            for (int i = 0; i < RESULTS.size(); i++) {
                MemoryDescriptor plain = layer.results().get(i);
                memories.put(RESULTS.get(i), builder.at(in.get(OPERANDS.size() + i), plain));
                int given = kind.given().indexOf(i);
                Memory cotangent = given < 0
                        ? builder.zeros(plain)
                        : builder.at(in.get(OPERANDS.size() + RESULTS.size() + given), plain);
                memories.put(COTANGENTS.get(i), cotangent);
            }
            descriptor.workspace().ifPresent(d -> memories.put(Argument.WORKSPACE, builder.at(in.getLast(), d)));
            PrimitiveKernel.Results results = new PrimitiveKernel.Results(builder);
            for (int i = 0; i < GRADIENTS.size(); i++) {
                MemoryDescriptor wanted = descriptor.layout(GRADIENTS.get(i));
                int at = kind.wanted().indexOf(i);
                memories.put(
                        GRADIENTS.get(i),
                        at < 0
                                ? builder.temporary(wanted)
                                : results.at(places.results().get(at), layer.operands().get(i), wanted));
            }
            builder.execute(descriptor, memories);
            results.finish();
            return builder.label(descriptor).build();
        }
    }
}
