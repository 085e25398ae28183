package io.tandem.cpu.onednn;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.tandem.cpu.onednn.PrimitiveAttributes.BinaryPostOp;
import io.tandem.cpu.onednn.PrimitiveAttributes.EltwisePostOp;
import io.tandem.cpu.onednn.PrimitiveAttributes.PostOp;
import io.tandem.cpu.onednn.PrimitiveAttributes.SumPostOp;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.List;

/** The C functions on primitive attributes. */
final class PrimitiveAttributesCalls {
    private static final MethodHandle CREATE = Calls.status("dnnl_primitive_attr_create", ADDRESS);
    private static final MethodHandle DESTROY = Calls.status("dnnl_primitive_attr_destroy", JAVA_LONG);
    private static final MethodHandle FP_MATH =
            Calls.status("dnnl_primitive_attr_set_fpmath_mode", JAVA_LONG, JAVA_INT);
    private static final MethodHandle ACCUMULATION =
            Calls.status("dnnl_primitive_attr_set_accumulation_mode", JAVA_LONG, JAVA_INT);
    private static final MethodHandle SCRATCHPAD =
            Calls.status("dnnl_primitive_attr_set_scratchpad_mode", JAVA_LONG, JAVA_INT);
    private static final MethodHandle DETERMINISTIC =
            Calls.status("dnnl_primitive_attr_set_deterministic", JAVA_LONG, JAVA_INT);

    private PrimitiveAttributesCalls() {}

    /** Bound only when there are post-operations. */
    private static final class PostOps {
        static final MethodHandle CREATE = Calls.status("dnnl_post_ops_create", ADDRESS);
        static final MethodHandle DESTROY = Calls.status("dnnl_post_ops_destroy", JAVA_LONG);
        static final MethodHandle SET = Calls.status("dnnl_primitive_attr_set_post_ops", JAVA_LONG, JAVA_LONG);
        static final MethodHandle SUM =
                Calls.status("dnnl_post_ops_append_sum", JAVA_LONG, JAVA_FLOAT, JAVA_INT, JAVA_INT);
        static final MethodHandle ELTWISE =
                Calls.status("dnnl_post_ops_append_eltwise", JAVA_LONG, JAVA_INT, JAVA_FLOAT, JAVA_FLOAT);
        static final MethodHandle BINARY =
                Calls.status("dnnl_post_ops_append_binary", JAVA_LONG, JAVA_INT, JAVA_LONG);
    }

    /** Native attributes, which the caller destroys. */
    static long create(PrimitiveAttributes values, CallScope scope) {
        MemorySegment out = scope.result();
        Calls.check("dnnl_primitive_attr_create", values::toString, () -> (int) CREATE.invokeExact(out));
        long handle = out.get(JAVA_LONG, 0);
        try {
            Calls.check("dnnl_primitive_attr_set_fpmath_mode", () -> values.fpMath().name(),
                    () -> (int) FP_MATH.invokeExact(handle, values.fpMath().ordinal()));
            Calls.check("dnnl_primitive_attr_set_accumulation_mode", () -> values.accumulation().name(),
                    () -> (int) ACCUMULATION.invokeExact(handle, values.accumulation().ordinal()));
            Calls.check("dnnl_primitive_attr_set_scratchpad_mode", () -> values.scratchpad().name(),
                    () -> (int) SCRATCHPAD.invokeExact(handle, values.scratchpad().ordinal()));
            Calls.check("dnnl_primitive_attr_set_deterministic", () -> "" + values.deterministic(),
                    () -> (int) DETERMINISTIC.invokeExact(handle, values.deterministic() ? 1 : 0));
            if (!values.postOps().isEmpty()) {
                setPostOps(handle, values.postOps(), scope);
            }
            return handle;
        } catch (RuntimeException e) {
            destroy(handle);
            throw e;
        }
    }

    static void destroy(long handle) {
        Calls.check("dnnl_primitive_attr_destroy", () -> "", () -> (int) DESTROY.invokeExact(handle));
    }

    private static void setPostOps(long attributes, List<PostOp> postOps, CallScope scope) {
        MemorySegment out = scope.result();
        Calls.check("dnnl_post_ops_create", postOps::toString, () -> (int) PostOps.CREATE.invokeExact(out));
        long chain = out.get(JAVA_LONG, 0);
        try {
            for (PostOp postOp : postOps) {
                append(chain, postOp, scope);
            }
            Calls.check("dnnl_primitive_attr_set_post_ops", postOps::toString,
                    () -> (int) PostOps.SET.invokeExact(attributes, chain));
        } finally {
            Calls.check("dnnl_post_ops_destroy", postOps::toString, () -> (int) PostOps.DESTROY.invokeExact(chain));
        }
    }

    private static void append(long chain, PostOp postOp, CallScope scope) {
        switch (postOp) {
            case SumPostOp(float scale) -> Calls.check("dnnl_post_ops_append_sum", postOp::toString,
                    () -> (int) PostOps.SUM.invokeExact(chain, scale, 0, 0));
            case EltwisePostOp(EltwiseFunction function, float alpha, float beta) -> Calls.check(
                    "dnnl_post_ops_append_eltwise", postOp::toString,
                    () -> (int) PostOps.ELTWISE.invokeExact(chain, function.code(), alpha, beta));
            case BinaryPostOp(BinaryFunction function, MemoryDescriptor source) -> {
                long descriptor = scope.descriptor(source);
                Calls.check("dnnl_post_ops_append_binary", postOp::toString,
                        () -> (int) PostOps.BINARY.invokeExact(chain, function.code(), descriptor));
            }
        }
    }
}
