package io.tandem.cpu.primitive;

import io.tandem.cpu.kernel.NativeMemory;
import io.tandem.cpu.kernel.Place;
import io.tandem.cpu.kernel.StepKernel;
import io.tandem.cpu.kernel.StepPlaces;
import io.tandem.cpu.onednn.Argument;
import io.tandem.cpu.onednn.DataType;
import io.tandem.cpu.onednn.Direction;
import io.tandem.cpu.onednn.Gru;
import io.tandem.cpu.onednn.Memory;
import io.tandem.cpu.onednn.MemoryDescriptor;
import io.tandem.cpu.onednn.PrimitiveDescriptor;
import io.tandem.cpu.onednn.Propagation;
import io.tandem.cpu.onednn.RecurrentTensors;
import io.tandem.graph.CompositeKind;
import io.tandem.tensor.Shape;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A GRU layer over a sequence and its gradient by oneDNN; float32. Tandem's gates come in the order reset, update, new,
 * oneDNN's in the order update, reset, new; and oneDNN has the two biases of reset and update as one.
 */
final class GruPrimitive {
    private static final int GATES = 3;
    private static final int BIASES = 4;

    private GruPrimitive() {}

    private record Layer(int steps, int batch, int inputs, int units) {
        static Layer of(Shape x, Shape h0) {
            return new Layer(x.dim(0), x.dim(1), x.dim(2), h0.dim(1));
        }

        RecurrentTensors tensors() {
            return Gru.tensors(steps, batch, inputs, units);
        }

        MemoryDescriptor inputWeights() {
            return Gru.matrixWeights(DataType.F32, inputs, units);
        }

        MemoryDescriptor recurrentWeights() {
            return Gru.matrixWeights(DataType.F32, units, units);
        }
    }

    static PrimitiveDescriptor describe(
            OneDnnContext context, Propagation propagation, boolean reverse, Shape x, Shape h0) {
        return context.engine()
                .describe(
                        new Gru.Forward(
                                propagation,
                                direction(reverse),
                                Layer.of(x, h0).tensors()),
                        context.attributes());
    }

    private static Direction direction(boolean reverse) {
        return reverse ? Direction.REVERSE : Direction.FORWARD;
    }

    /** Operands x, h0, input weights, recurrent weights, input bias, recurrent bias. */
    static StepKernel forward(OneDnnContext context, boolean reverse, boolean residual, StepPlaces places) {
        List<Place> in = places.operands();
        Shape x = in.get(0).type().shape();
        Shape h0 = in.get(1).type().shape();
        Propagation propagation = residual ? Propagation.TRAINING : Propagation.INFERENCE;
        try (PrimitiveKernel.Builder builder = PrimitiveKernel.builder(context);
                PrimitiveDescriptor descriptor = describe(context, propagation, reverse, x, h0)) {
            Layer layer = Layer.of(x, h0);
            Map<Argument, Memory> memories = operands(builder, descriptor, layer, in);
            memories.put(Argument.DST_LAYER, builder.at(places.results().get(0), layer.tensors().dstLayer()));
            memories.put(Argument.DST_ITER, builder.at(places.results().get(1), layer.tensors().dstIter()));
            if (residual) {
                descriptor.workspace()
                        .ifPresent(d -> memories.put(Argument.WORKSPACE, builder.at(places.results().getLast(), d)));
            }
            builder.execute(descriptor, memories);
            return builder.label(descriptor).build();
        }
    }

    private static Map<Argument, Memory> operands(
            PrimitiveKernel.Builder builder, PrimitiveDescriptor descriptor, Layer layer, List<Place> in) {
        RecurrentTensors tensors = layer.tensors();
        Map<Argument, Memory> memories = new LinkedHashMap<>();
        memories.put(Argument.SRC_LAYER, builder.at(in.get(0), tensors.srcLayer()));
        memories.put(Argument.SRC_ITER, builder.at(in.get(1), tensors.srcIter()));
        memories.put(
                Argument.WEIGHTS_LAYER,
                weights(builder, in.get(2), layer.inputWeights(), descriptor.layout(Argument.WEIGHTS_LAYER)));
        memories.put(
                Argument.WEIGHTS_ITER,
                weights(builder, in.get(3), layer.recurrentWeights(), descriptor.layout(Argument.WEIGHTS_ITER)));
        Memory bias = builder.temporary(descriptor.layout(Argument.BIAS));
        builder.then(() -> joinBiases(
                in.get(4).address(), in.get(5).address(), bias.segment().address(), layer.units));
        memories.put(Argument.BIAS, bias);
        return memories;
    }

    /** Weights with reset and update exchanged, in the layout that a primitive wants. */
    private static Memory weights(
            PrimitiveKernel.Builder builder, Place place, MemoryDescriptor plain, MemoryDescriptor wanted) {
        Memory exchanged = builder.temporary(plain);
        builder.then(() -> exchange(place.address(), exchanged.segment().address(), plain.size()));
        if (plain.equals(wanted)) {
            return exchanged;
        }
        Memory there = builder.temporary(wanted);
        builder.reorder(exchanged, there);
        return there;
    }

    private static void exchange(long from, long to, long bytes) {
        long gate = bytes / GATES;
        NativeMemory.copy(from, to + gate, gate);
        NativeMemory.copy(from + gate, to, gate);
        NativeMemory.copy(from + 2 * gate, to + 2 * gate, gate);
    }

    private static void joinBiases(long input, long recurrent, long joined, int units) {
        for (int i = 0; i < units; i++) {
            put(joined, i, get(input, units + i) + get(recurrent, units + i));
            put(joined, units + i, get(input, i) + get(recurrent, i));
            put(joined, 2 * units + i, get(input, 2 * units + i));
            put(joined, 3 * units + i, get(recurrent, 2 * units + i));
        }
    }

    private static void divideBias(long joined, long bias, int newGate, int units) {
        NativeMemory.copy(joined + 4L * units, bias, 4L * units);
        NativeMemory.copy(joined, bias + 4L * units, 4L * units);
        NativeMemory.copy(joined + 4L * newGate * units, bias + 8L * units, 4L * units);
    }

    private static float get(long address, int index) {
        return NativeMemory.getFloat(address + 4L * index);
    }

    private static void put(long address, int index, float value) {
        NativeMemory.putFloat(address + 4L * index, value);
    }

    /** Operands: those of the forward step, its results, given cotangents, the residual. */
    static StepKernel gradient(
            OneDnnContext context, CompositeKind.Gradient kind, boolean reverse, StepPlaces places) {
        List<Place> in = places.operands();
        Shape x = in.get(0).type().shape();
        Shape h0 = in.get(1).type().shape();
        Layer layer = Layer.of(x, h0);
        RecurrentTensors tensors = layer.tensors();
        try (PrimitiveKernel.Builder builder = PrimitiveKernel.builder(context);
                PrimitiveDescriptor hint = describe(context, Propagation.TRAINING, reverse, x, h0);
                PrimitiveDescriptor descriptor = context.engine()
                        .describe(
                                new Gru.Backward(direction(reverse), tensors, tensors, hint),
                                context.attributes())) {
            Map<Argument, Memory> memories = operands(builder, descriptor, layer, in);
            memories.put(Argument.DST_LAYER, builder.at(in.get(6), tensors.dstLayer()));
            memories.put(Argument.DST_ITER, builder.at(in.get(7), tensors.dstIter()));
            memories.put(Argument.DIFF_DST_LAYER, cotangent(builder, kind, 0, in, tensors.dstLayer()));
            memories.put(Argument.DIFF_DST_ITER, cotangent(builder, kind, 1, in, tensors.dstIter()));
            descriptor.workspace().ifPresent(d -> memories.put(Argument.WORKSPACE, builder.at(in.getLast(), d)));
            PrimitiveKernel.Results results = new PrimitiveKernel.Results(builder);
            memories.put(
                    Argument.DIFF_SRC_LAYER, wanted(builder, kind, 0, places, tensors.srcLayer(), results));
            memories.put(Argument.DIFF_SRC_ITER, wanted(builder, kind, 1, places, tensors.srcIter(), results));
            Memory inputWeights = builder.temporary(descriptor.layout(Argument.DIFF_WEIGHTS_LAYER));
            Memory recurrentWeights = builder.temporary(descriptor.layout(Argument.DIFF_WEIGHTS_ITER));
            Memory bias = builder.temporary(descriptor.layout(Argument.DIFF_BIAS));
            memories.put(Argument.DIFF_WEIGHTS_LAYER, inputWeights);
            memories.put(Argument.DIFF_WEIGHTS_ITER, recurrentWeights);
            memories.put(Argument.DIFF_BIAS, bias);
            builder.execute(descriptor, memories);
            results.finish();
            weightGradient(builder, kind, 2, places, inputWeights, layer.inputWeights());
            weightGradient(builder, kind, 3, places, recurrentWeights, layer.recurrentWeights());
            biasGradient(builder, kind, 4, places, bias, GATES - 1, layer.units);
            biasGradient(builder, kind, 5, places, bias, BIASES - 1, layer.units);
            return builder.label(descriptor).build();
        }
    }

    private static Memory cotangent(
            PrimitiveKernel.Builder builder,
            CompositeKind.Gradient kind,
            int result,
            List<Place> in,
            MemoryDescriptor d) {
        int given = kind.given().indexOf(result);
        return given < 0 ? builder.zeros(d) : builder.at(in.get(8 + given), d);
    }

    private static Memory wanted(
            PrimitiveKernel.Builder builder,
            CompositeKind.Gradient kind,
            int operand,
            StepPlaces places,
            MemoryDescriptor plain,
            PrimitiveKernel.Results results) {
        int at = kind.wanted().indexOf(operand);
        return at < 0 ? builder.temporary(plain) : results.at(places.results().get(at), plain, plain);
    }

    private static void weightGradient(
            PrimitiveKernel.Builder builder,
            CompositeKind.Gradient kind,
            int operand,
            StepPlaces places,
            Memory gradient,
            MemoryDescriptor plain) {
        int at = kind.wanted().indexOf(operand);
        if (at >= 0) {
            Memory matrix = gradient.descriptor().equals(plain) ? gradient : builder.temporary(plain);
            if (matrix != gradient) {
                builder.reorder(gradient, matrix);
            }
            Place result = places.results().get(at);
            builder.then(() -> exchange(matrix.segment().address(), result.address(), plain.size()));
        }
    }

    private static void biasGradient(
            PrimitiveKernel.Builder builder,
            CompositeKind.Gradient kind,
            int operand,
            StepPlaces places,
            Memory bias,
            int newGate,
            int units) {
        int at = kind.wanted().indexOf(operand);
        if (at >= 0) {
            Place result = places.results().get(at);
            builder.then(() -> divideBias(bias.segment().address(), result.address(), newGate, units));
        }
    }
}
