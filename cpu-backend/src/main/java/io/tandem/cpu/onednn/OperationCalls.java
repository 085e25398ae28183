package io.tandem.cpu.onednn;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.tandem.cpu.foreign.ForeignFunction;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * The C functions that make a primitive descriptor of each operation. Each family has a holder of its own, so that a
 * process links what it uses.
 */
final class OperationCalls {
    static final long BACKWARD = 128;
    static final long BACKWARD_DATA = 160;
    private static final long CONVOLUTION_DIRECT = 1;

    private OperationCalls() {}

    private static final class Products {
        static final ForeignFunction MATMUL = Calls.function("dnnl_matmul_primitive_desc_create");
    }

    private static final class Convolutions {
        static final ForeignFunction FORWARD = Calls.function("dnnl_convolution_forward_primitive_desc_create");
        static final ForeignFunction DATA = Calls.function("dnnl_convolution_backward_data_primitive_desc_create");
        static final ForeignFunction WEIGHTS =
                Calls.function("dnnl_convolution_backward_weights_primitive_desc_create");
    }

    private static final class Poolings {
        static final ForeignFunction FORWARD = Calls.function("dnnl_pooling_forward_primitive_desc_create");
        static final ForeignFunction BACKWARD = Calls.function("dnnl_pooling_backward_primitive_desc_create");
    }

    private static final class BatchNormalizations {
        static final MethodHandle FORWARD =
                Calls.function("dnnl_batch_normalization_forward_primitive_desc_create", 5, 1, 2);
        static final MethodHandle BACKWARD =
                Calls.function("dnnl_batch_normalization_backward_primitive_desc_create", 6, 1, 3);
    }

    private static final class LayerNormalizations {
        static final MethodHandle FORWARD =
                Calls.function("dnnl_layer_normalization_forward_primitive_desc_create", 6, 1, 2);
        static final MethodHandle BACKWARD =
                Calls.function("dnnl_layer_normalization_backward_primitive_desc_create", 7, 1, 3);
    }

    private static final class Softmaxes {
        static final ForeignFunction FORWARD = Calls.function("dnnl_softmax_forward_primitive_desc_create");
        static final ForeignFunction BACKWARD = Calls.function("dnnl_softmax_backward_primitive_desc_create");
    }

    private static final class Eltwises {
        static final MethodHandle FORWARD = Calls.function("dnnl_eltwise_forward_primitive_desc_create", 6, 2, 1);
        static final MethodHandle BACKWARD = Calls.function("dnnl_eltwise_backward_primitive_desc_create", 6, 2, 2);
    }

    private static final class Copies {
        static final ForeignFunction REORDER = Calls.function("dnnl_reorder_primitive_desc_create");
    }

    private static final class Sums {
        static final ForeignFunction SUM = Calls.function("dnnl_sum_primitive_desc_create");
    }

    /** The address of a new primitive descriptor. */
    static long create(Engine engine, Operation operation, PrimitiveAttributes attributes, CallScope scope) {
        MemorySegment out = scope.result();
        long on = engine.handle();
        long how = attributes.equals(PrimitiveAttributes.DEFAULT) ? 0 : scope.attributes(attributes);
        switch (operation) {
            case MatMul op -> matMul(op, out, on, how, scope);
            case Convolution op -> convolution(op, out, on, how, scope);
            case Pooling op -> pooling(op, out, on, how, scope);
            case BatchNormalization op -> batchNormalization(op, out, on, how, scope);
            case LayerNormalization op -> layerNormalization(op, out, on, how, scope);
            case Softmax op -> softmax(op, out, on, how, scope);
            case Eltwise op -> eltwise(op, out, on, how, scope);
            case Lstm op -> RecurrentCalls.lstm(op, out, on, how, scope);
            case Gru op -> RecurrentCalls.gru(op, out, on, how, scope);
            case VanillaRnn op -> RecurrentCalls.vanilla(op, out, on, how, scope);
            case Reorder op -> reorder(op, out, on, how, scope);
            case Sum op -> sum(op, out, on, how, scope);
        }
        return out.get(JAVA_LONG, 0);
    }

    private static void matMul(MatMul op, MemorySegment out, long engine, long attributes, CallScope scope) {
        long src = scope.descriptor(op.src());
        long weights = scope.descriptor(op.weights());
        long bias = scope.descriptor(op.bias());
        long dst = scope.descriptor(op.dst());
        Calls.check(Products.MATMUL, op::toString, out.address(), engine, src, weights, bias, dst, attributes);
    }

    private static void convolution(Convolution operation, MemorySegment out, long engine, long attributes,
            CallScope scope) {
        long stride = scope.longs(operation.geometry().stride());
        long gaps = scope.longs(operation.geometry().gaps());
        long begin = scope.longs(operation.geometry().padBegin());
        long end = scope.longs(operation.geometry().padEnd());
        switch (operation) {
            case Convolution.Forward op -> {
                long src = scope.descriptor(op.src());
                long weights = scope.descriptor(op.weights());
                long bias = scope.descriptor(op.bias());
                long dst = scope.descriptor(op.dst());
                Calls.check(Convolutions.FORWARD, op::toString, out.address(), engine,
                        op.propagation().code(),
                        CONVOLUTION_DIRECT, src, weights, bias, dst, stride, gaps, begin, end, attributes);
            }
            case Convolution.BackwardData op -> {
                long diffSrc = scope.descriptor(op.diffSrc());
                long weights = scope.descriptor(op.weights());
                long diffDst = scope.descriptor(op.diffDst());
                long hint = op.forward().handle();
                Calls.check(Convolutions.DATA, op::toString, out.address(), engine, CONVOLUTION_DIRECT, diffSrc,
                        weights,
                        diffDst, stride, gaps, begin, end, hint, attributes);
            }
            case Convolution.BackwardWeights op -> {
                long src = scope.descriptor(op.src());
                long diffWeights = scope.descriptor(op.diffWeights());
                long diffBias = scope.descriptor(op.diffBias());
                long diffDst = scope.descriptor(op.diffDst());
                long hint = op.forward().handle();
                Calls.check(Convolutions.WEIGHTS, op::toString, out.address(), engine, CONVOLUTION_DIRECT, src,
                        diffWeights,
                        diffBias, diffDst, stride, gaps, begin, end, hint, attributes);
            }
        }
    }

    private static void pooling(Pooling operation, MemorySegment out, long engine, long attributes, CallScope scope) {
        long kind = operation.kind().code();
        long window = scope.longs(operation.window());
        long stride = scope.longs(operation.geometry().stride());
        long gaps = scope.longs(operation.geometry().gaps());
        long begin = scope.longs(operation.geometry().padBegin());
        long end = scope.longs(operation.geometry().padEnd());
        switch (operation) {
            case Pooling.Forward op -> {
                long src = scope.descriptor(op.src());
                long dst = scope.descriptor(op.dst());
                Calls.check(Poolings.FORWARD, op::toString, out.address(), engine, op.propagation().code(),
                        kind, src, dst,
                        stride, window, gaps, begin, end, attributes);
            }
            case Pooling.Backward op -> {
                long diffSrc = scope.descriptor(op.diffSrc());
                long diffDst = scope.descriptor(op.diffDst());
                long hint = op.forward().handle();
                Calls.check(Poolings.BACKWARD, op::toString, out.address(), engine, kind, diffSrc, diffDst,
                        stride, window,
                        gaps, begin, end, hint, attributes);
            }
        }
    }

    private static void batchNormalization(BatchNormalization operation, MemorySegment out, long engine,
            long attributes, CallScope scope) {
        switch (operation) {
            case BatchNormalization.Forward op -> {
                long src = scope.descriptor(op.src());
                long dst = scope.descriptor(op.dst());
                Calls.check("dnnl_batch_normalization_forward_primitive_desc_create", op::toString,
                        () -> (long) BatchNormalizations.FORWARD.invokeExact(out.address(), engine,
                                (long) op.propagation().code(), src,
                                dst, op.epsilon(), (long) BatchNormalization.Flag.codes(op.flags()), attributes));
            }
            case BatchNormalization.Backward op -> {
                long diffSrc = scope.descriptor(op.diffSrc());
                long diffDst = scope.descriptor(op.diffDst());
                long src = scope.descriptor(op.src());
                long hint = op.forward().handle();
                long flags = BatchNormalization.Flag.codes(op.flags());
                boolean parameters = op.flags().contains(BatchNormalization.Flag.SCALE)
                        || op.flags().contains(BatchNormalization.Flag.SHIFT);
                Calls.check("dnnl_batch_normalization_backward_primitive_desc_create", op::toString,
                        () -> (long) BatchNormalizations.BACKWARD.invokeExact(out.address(), engine,
                                parameters ? BACKWARD : BACKWARD_DATA, diffSrc, diffDst, src, op.epsilon(), flags, hint,
                                attributes));
            }
        }
    }

    private static void layerNormalization(LayerNormalization operation, MemorySegment out, long engine,
            long attributes, CallScope scope) {
        switch (operation) {
            case LayerNormalization.Forward op -> {
                long src = scope.descriptor(op.src());
                long dst = scope.descriptor(op.dst());
                long statistics = scope.descriptor(op.statistics());
                Calls.check("dnnl_layer_normalization_forward_primitive_desc_create", op::toString,
                        () -> (long) LayerNormalizations.FORWARD.invokeExact(out.address(), engine,
                                (long) op.propagation().code(), src,
                                dst, statistics, op.epsilon(), (long) LayerNormalization.Flag.codes(op.flags()),
                                attributes));
            }
            case LayerNormalization.Backward op -> {
                long diffSrc = scope.descriptor(op.diffSrc());
                long diffDst = scope.descriptor(op.diffDst());
                long src = scope.descriptor(op.src());
                long statistics = scope.descriptor(op.statistics());
                long hint = op.forward().handle();
                long flags = LayerNormalization.Flag.codes(op.flags());
                boolean parameters = op.flags().contains(LayerNormalization.Flag.SCALE)
                        || op.flags().contains(LayerNormalization.Flag.SHIFT);
                Calls.check("dnnl_layer_normalization_backward_primitive_desc_create", op::toString,
                        () -> (long) LayerNormalizations.BACKWARD.invokeExact(out.address(), engine,
                                parameters ? BACKWARD : BACKWARD_DATA, diffSrc, diffDst, src, statistics, op.epsilon(),
                                flags, hint, attributes));
            }
        }
    }

    private static void softmax(Softmax operation, MemorySegment out, long engine, long attributes, CallScope scope) {
        switch (operation) {
            case Softmax.Forward op -> {
                long src = scope.descriptor(op.src());
                long dst = scope.descriptor(op.dst());
                Calls.check(Softmaxes.FORWARD, op::toString, out.address(), engine,
                        op.propagation().code(),
                        op.kind().code(), src, dst, op.axis(), attributes);
            }
            case Softmax.Backward op -> {
                long diffSrc = scope.descriptor(op.diffSrc());
                long diffDst = scope.descriptor(op.diffDst());
                long dst = scope.descriptor(op.dst());
                long hint = op.forward().handle();
                Calls.check(Softmaxes.BACKWARD, op::toString, out.address(), engine, op.kind().code(),
                        diffSrc, diffDst, dst,
                        op.axis(), hint, attributes);
            }
        }
    }

    private static void eltwise(Eltwise operation, MemorySegment out, long engine, long attributes, CallScope scope) {
        switch (operation) {
            case Eltwise.Forward op -> {
                long src = scope.descriptor(op.src());
                long dst = scope.descriptor(op.dst());
                Calls.check("dnnl_eltwise_forward_primitive_desc_create", op::toString,
                        () -> (long) Eltwises.FORWARD.invokeExact(out.address(), engine, (long) op.propagation().code(),
                                (long) op.function().code(), src, dst, op.alpha(), op.beta(), attributes));
            }
            case Eltwise.Backward op -> {
                long diffSrc = scope.descriptor(op.diffSrc());
                long diffDst = scope.descriptor(op.diffDst());
                long src = scope.descriptor(op.src());
                long hint = op.forward().handle();
                Calls.check("dnnl_eltwise_backward_primitive_desc_create", op::toString,
                        () -> (long) Eltwises.BACKWARD.invokeExact(out.address(), engine, (long) op.function().code(),
                                diffSrc, diffDst,
                                src, op.alpha(), op.beta(), hint, attributes));
            }
        }
    }

    private static void reorder(Reorder op, MemorySegment out, long engine, long attributes, CallScope scope) {
        long src = scope.descriptor(op.src());
        long dst = scope.descriptor(op.dst());
        Calls.check(Copies.REORDER, op::toString, out.address(), src, engine, dst, engine, attributes);
    }

    private static void sum(Sum op, MemorySegment out, long engine, long attributes, CallScope scope) {
        long dst = scope.descriptor(op.dst());
        long terms = scope.descriptors(op.terms());
        float[] values = new float[op.factors().size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = op.factors().get(i);
        }
        long factors = scope.floats(values);
        Calls.check(Sums.SUM, op::toString, out.address(), engine, dst,
                values.length, factors, terms, attributes);
    }
}
