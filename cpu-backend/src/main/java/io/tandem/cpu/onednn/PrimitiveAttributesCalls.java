package io.tandem.cpu.onednn;

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
    private static final MethodHandle CREATE = Calls.function("dnnl_primitive_attr_create", 1);
    private static final MethodHandle DESTROY = Calls.function("dnnl_primitive_attr_destroy", 1);
    private static final MethodHandle FP_MATH =
            Calls.function("dnnl_primitive_attr_set_fpmath_mode", 2);
    private static final MethodHandle ACCUMULATION =
            Calls.function("dnnl_primitive_attr_set_accumulation_mode", 2);
    private static final MethodHandle SCRATCHPAD =
            Calls.function("dnnl_primitive_attr_set_scratchpad_mode", 2);
    private static final MethodHandle DETERMINISTIC =
            Calls.function("dnnl_primitive_attr_set_deterministic", 2);

    private PrimitiveAttributesCalls() {}

    /** Bound only when there are post-operations. */
    private static final class PostOps {
        static final MethodHandle CREATE = Calls.function("dnnl_post_ops_create", 1);
        static final MethodHandle DESTROY = Calls.function("dnnl_post_ops_destroy", 1);
        static final MethodHandle SET = Calls.function("dnnl_primitive_attr_set_post_ops", 2);
        static final MethodHandle SUM =
                Calls.function("dnnl_post_ops_append_sum", 1, 1, 2);
        static final MethodHandle ELTWISE =
                Calls.function("dnnl_post_ops_append_eltwise", 2, 2, 0);
        static final MethodHandle BINARY =
                Calls.function("dnnl_post_ops_append_binary", 3);
    }

    /** Native attributes, which the caller destroys. */
    static long create(PrimitiveAttributes values, CallScope scope) {
        MemorySegment out = scope.result();
        Calls.check("dnnl_primitive_attr_create", values::toString, () -> (long) CREATE.invokeExact(out.address()));
        long handle = out.get(JAVA_LONG, 0);
        try {
            Calls.check("dnnl_primitive_attr_set_fpmath_mode", () -> values.fpMath().name(),
                    () -> (long) FP_MATH.invokeExact(handle, (long) values.fpMath().ordinal()));
            Calls.check("dnnl_primitive_attr_set_accumulation_mode", () -> values.accumulation().name(),
                    () -> (long) ACCUMULATION.invokeExact(handle, (long) values.accumulation().ordinal()));
            Calls.check("dnnl_primitive_attr_set_scratchpad_mode", () -> values.scratchpad().name(),
                    () -> (long) SCRATCHPAD.invokeExact(handle, (long) values.scratchpad().ordinal()));
            Calls.check("dnnl_primitive_attr_set_deterministic", () -> "" + values.deterministic(),
                    () -> (long) DETERMINISTIC.invokeExact(handle, values.deterministic() ? 1L : 0L));
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
        Calls.check("dnnl_primitive_attr_destroy", () -> "", () -> (long) DESTROY.invokeExact(handle));
    }

    private static void setPostOps(long attributes, List<PostOp> postOps, CallScope scope) {
        MemorySegment out = scope.result();
        Calls.check("dnnl_post_ops_create", postOps::toString, () -> (long) PostOps.CREATE.invokeExact(out.address()));
        long chain = out.get(JAVA_LONG, 0);
        try {
            for (PostOp postOp : postOps) {
                append(chain, postOp, scope);
            }
            Calls.check("dnnl_primitive_attr_set_post_ops", postOps::toString,
                    () -> (long) PostOps.SET.invokeExact(attributes, chain));
        } finally {
            Calls.check("dnnl_post_ops_destroy", postOps::toString, () -> (long) PostOps.DESTROY.invokeExact(chain));
        }
    }

    private static void append(long chain, PostOp postOp, CallScope scope) {
        switch (postOp) {
            case SumPostOp(float scale) -> Calls.check("dnnl_post_ops_append_sum", postOp::toString,
                    () -> (long) PostOps.SUM.invokeExact(chain, scale, 0L, 0L));
            case EltwisePostOp(EltwiseFunction function, float alpha, float beta) -> Calls.check(
                    "dnnl_post_ops_append_eltwise", postOp::toString,
                    () -> (long) PostOps.ELTWISE.invokeExact(chain, (long) function.code(), alpha, beta));
            case BinaryPostOp(BinaryFunction function, MemoryDescriptor source) -> {
                long descriptor = scope.descriptor(source);
                Calls.check("dnnl_post_ops_append_binary", postOp::toString,
                        () -> (long) PostOps.BINARY.invokeExact(chain, (long) function.code(), descriptor));
            }
        }
    }
}
