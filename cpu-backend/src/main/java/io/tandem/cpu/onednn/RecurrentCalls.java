package io.tandem.cpu.onednn;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** The C functions that make primitive descriptors of recurrent layers. */
final class RecurrentCalls {
    /** Gradients of weights are written instead of added to what is there. */
    private static final int OVERWRITE_WEIGHT_GRADIENTS = 1;
    private static final long NONE = 0;

    private RecurrentCalls() {}

    private static final class Lstms {
        static final MethodHandle FORWARD = function("dnnl_lstm_forward_primitive_desc_create",
                List.of(JAVA_INT, JAVA_INT), 11, List.of(JAVA_INT, JAVA_LONG));
        static final MethodHandle BACKWARD = function("dnnl_lstm_backward_primitive_desc_create",
                List.of(JAVA_INT, JAVA_INT), 22, List.of(JAVA_INT, JAVA_LONG, JAVA_LONG));
    }

    private static final class Grus {
        static final MethodHandle FORWARD = function("dnnl_lbr_gru_forward_primitive_desc_create",
                List.of(JAVA_INT, JAVA_INT), 7, List.of(JAVA_INT, JAVA_LONG));
        static final MethodHandle BACKWARD = function("dnnl_lbr_gru_backward_primitive_desc_create",
                List.of(JAVA_INT, JAVA_INT), 14, List.of(JAVA_INT, JAVA_LONG, JAVA_LONG));
    }

    private static final class Vanillas {
        static final MethodHandle FORWARD = function("dnnl_vanilla_rnn_forward_primitive_desc_create",
                List.of(JAVA_INT, JAVA_INT, JAVA_INT), 7, List.of(JAVA_INT, JAVA_FLOAT, JAVA_FLOAT, JAVA_LONG));
        static final MethodHandle BACKWARD = function("dnnl_vanilla_rnn_backward_primitive_desc_create",
                List.of(JAVA_INT, JAVA_INT, JAVA_INT), 14,
                List.of(JAVA_INT, JAVA_FLOAT, JAVA_FLOAT, JAVA_LONG, JAVA_LONG));
    }

    /** A function of result, engine, some numbers, descriptors, and some numbers more. */
    private static MethodHandle function(String name, List<MemoryLayout> before, int descriptors,
            List<MemoryLayout> after) {
        List<MemoryLayout> all = new ArrayList<>(List.of(ADDRESS, JAVA_LONG));
        all.addAll(before);
        all.addAll(Collections.nCopies(descriptors, JAVA_LONG));
        all.addAll(after);
        return Calls.status(name, all.toArray(new MemoryLayout[0]));
    }

    static void lstm(Lstm operation, MemorySegment out, long engine, long attributes, CallScope scope) {
        int direction = operation.direction().code();
        switch (operation) {
            case Lstm.Forward op -> {
                long[] t = handles(op.tensors(), scope);
                Calls.check("dnnl_lstm_forward_primitive_desc_create", op::toString,
                        () -> (int) Lstms.FORWARD.invokeExact(out, engine, op.propagation().code(), direction, t[0],
                                t[1], t[2], t[3], t[4], NONE, NONE, t[5], t[6], t[7], t[8], 0, attributes));
            }
            case Lstm.Backward op -> {
                long[] t = handles(op.tensors(), scope);
                long[] g = handles(op.gradients(), scope);
                long hint = op.forward().handle();
                Calls.check("dnnl_lstm_backward_primitive_desc_create", op::toString,
                        () -> (int) Lstms.BACKWARD.invokeExact(out, engine, OperationCalls.BACKWARD, direction, t[0],
                                t[1], t[2], t[3], t[4], NONE, NONE, t[5], t[6], t[7], t[8], g[0], g[1], g[2], g[3],
                                g[4], NONE, NONE, g[5], g[6], g[7], g[8], OVERWRITE_WEIGHT_GRADIENTS, hint,
                                attributes));
            }
        }
    }

    static void gru(Gru operation, MemorySegment out, long engine, long attributes, CallScope scope) {
        int direction = operation.direction().code();
        switch (operation) {
            case Gru.Forward op -> {
                long[] t = handles(op.tensors(), scope);
                Calls.check("dnnl_lbr_gru_forward_primitive_desc_create", op::toString,
                        () -> (int) Grus.FORWARD.invokeExact(out, engine, op.propagation().code(), direction, t[0],
                                t[1], t[2], t[3], t[4], t[5], t[6], 0, attributes));
            }
            case Gru.Backward op -> {
                long[] t = handles(op.tensors(), scope);
                long[] g = handles(op.gradients(), scope);
                long hint = op.forward().handle();
                Calls.check("dnnl_lbr_gru_backward_primitive_desc_create", op::toString,
                        () -> (int) Grus.BACKWARD.invokeExact(out, engine, OperationCalls.BACKWARD, direction, t[0],
                                t[1], t[2], t[3], t[4], t[5], t[6], g[0], g[1], g[2], g[3], g[4], g[5], g[6],
                                OVERWRITE_WEIGHT_GRADIENTS, hint, attributes));
            }
        }
    }

    static void vanilla(VanillaRnn operation, MemorySegment out, long engine, long attributes, CallScope scope) {
        int direction = operation.direction().code();
        int activation = operation.activation().code();
        switch (operation) {
            case VanillaRnn.Forward op -> {
                long[] t = handles(op.tensors(), scope);
                Calls.check("dnnl_vanilla_rnn_forward_primitive_desc_create", op::toString,
                        () -> (int) Vanillas.FORWARD.invokeExact(out, engine, op.propagation().code(), activation,
                                direction, t[0], t[1], t[2], t[3], t[4], t[5], t[6], 0, 0f, 0f, attributes));
            }
            case VanillaRnn.Backward op -> {
                long[] t = handles(op.tensors(), scope);
                long[] g = handles(op.gradients(), scope);
                long hint = op.forward().handle();
                Calls.check("dnnl_vanilla_rnn_backward_primitive_desc_create", op::toString,
                        () -> (int) Vanillas.BACKWARD.invokeExact(out, engine, OperationCalls.BACKWARD, activation,
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
