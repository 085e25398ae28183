package io.tandem.cpu.onednn;

import io.tandem.cpu.foreign.ForeignFunction;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** The C functions that make primitive descriptors of recurrent layers. */
final class RecurrentCalls {
    /** Gradients of weights are written instead of added to what is there. */
    private static final long OVERWRITE_WEIGHT_GRADIENTS = 1;
    private static final long NONE = 0;

    private RecurrentCalls() {}

    private static final class Lstms {
        static final ForeignFunction FORWARD = Calls.function("dnnl_lstm_forward_primitive_desc_create");
        static final ForeignFunction BACKWARD = Calls.function("dnnl_lstm_backward_primitive_desc_create");
    }

    private static final class Grus {
        static final ForeignFunction FORWARD = Calls.function("dnnl_lbr_gru_forward_primitive_desc_create");
        static final ForeignFunction BACKWARD = Calls.function("dnnl_lbr_gru_backward_primitive_desc_create");
    }

    private static final class Vanillas {
        static final MethodHandle FORWARD = Calls.function("dnnl_vanilla_rnn_forward_primitive_desc_create", 13, 2, 1);
        static final MethodHandle BACKWARD =
                Calls.function("dnnl_vanilla_rnn_backward_primitive_desc_create", 20, 2, 2);
    }

    static void lstm(Lstm operation, MemorySegment out, long engine, long attributes, CallScope scope) {
        long direction = operation.direction().code();
        switch (operation) {
            case Lstm.Forward op -> {
                long[] t = handles(op.tensors(), scope);
                Calls.check(Lstms.FORWARD, op::toString, out.address(), engine, op.propagation().code(),
                        direction, t[0],
                        t[1], t[2], t[3], t[4], NONE, NONE, t[5], t[6], t[7], t[8], NONE, attributes);
            }
            case Lstm.Backward op -> {
                long[] t = handles(op.tensors(), scope);
                long[] g = handles(op.gradients(), scope);
                long hint = op.forward().handle();
                Calls.check(Lstms.BACKWARD, op::toString, out.address(), engine, OperationCalls.BACKWARD,
                        direction, t[0],
                        t[1], t[2], t[3], t[4], NONE, NONE, t[5], t[6], t[7], t[8], g[0], g[1], g[2], g[3],
                        g[4], NONE, NONE, g[5], g[6], g[7], g[8], OVERWRITE_WEIGHT_GRADIENTS, hint,
                        attributes);
            }
        }
    }

    static void gru(Gru operation, MemorySegment out, long engine, long attributes, CallScope scope) {
        long direction = operation.direction().code();
        switch (operation) {
            case Gru.Forward op -> {
                long[] t = handles(op.tensors(), scope);
                Calls.check(Grus.FORWARD, op::toString, out.address(), engine, op.propagation().code(),
                        direction, t[0],
                        t[1], t[2], t[3], t[4], t[5], t[6], NONE, attributes);
            }
            case Gru.Backward op -> {
                long[] t = handles(op.tensors(), scope);
                long[] g = handles(op.gradients(), scope);
                long hint = op.forward().handle();
                Calls.check(Grus.BACKWARD, op::toString, out.address(), engine, OperationCalls.BACKWARD,
                        direction, t[0],
                        t[1], t[2], t[3], t[4], t[5], t[6], g[0], g[1], g[2], g[3], g[4], g[5], g[6],
                        OVERWRITE_WEIGHT_GRADIENTS, hint, attributes);
            }
        }
    }

    static void vanilla(VanillaRnn operation, MemorySegment out, long engine, long attributes, CallScope scope) {
        long direction = operation.direction().code();
        long activation = operation.activation().code();
        switch (operation) {
            case VanillaRnn.Forward op -> {
                long[] t = handles(op.tensors(), scope);
                Calls.check("dnnl_vanilla_rnn_forward_primitive_desc_create", op::toString,
                        () -> (long) Vanillas.FORWARD.invokeExact(out.address(), engine, (long) op.propagation().code(),
                                activation,
                                direction, t[0], t[1], t[2], t[3], t[4], t[5], t[6], NONE, 0f, 0f, attributes));
            }
            case VanillaRnn.Backward op -> {
                long[] t = handles(op.tensors(), scope);
                long[] g = handles(op.gradients(), scope);
                long hint = op.forward().handle();
                Calls.check("dnnl_vanilla_rnn_backward_primitive_desc_create", op::toString,
                        () -> (long) Vanillas.BACKWARD.invokeExact(out.address(), engine, OperationCalls.BACKWARD,
                                activation,
                                direction, t[0], t[1], t[2], t[3], t[4], t[5], t[6], g[0], g[1], g[2], g[3], g[4], g[5],
                                g[6], OVERWRITE_WEIGHT_GRADIENTS, 0f, 0f, hint, attributes));
            }
        }
    }

    private static long[] handles(Lstm.Tensors t, CallScope scope) {
        return handles(scope, t.srcLayer(), t.srcIter(), t.srcIterC(), t.weightsLayer(), t.weightsIter(), t.bias(),
                t.dstLayer(), t.dstIter(), t.dstIterC());
    }

    private static long[] handles(RecurrentTensors t, CallScope scope) {
        return handles(scope, t.srcLayer(), t.srcIter(), t.weightsLayer(), t.weightsIter(), t.bias(), t.dstLayer(),
                t.dstIter());
    }

    private static long[] handles(CallScope scope, MemoryDescriptor... descriptors) {
        long[] handles = new long[descriptors.length];
        for (int i = 0; i < handles.length; i++) {
            handles[i] = scope.descriptor(descriptors[i]);
        }
        return handles;
    }
}
