package io.tandem.cpu.onednn;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.tandem.cpu.foreign.ForeignFunction;
import io.tandem.cpu.onednn.PrimitiveAttributes.BinaryPostOp;
import io.tandem.cpu.onednn.PrimitiveAttributes.EltwisePostOp;
import io.tandem.cpu.onednn.PrimitiveAttributes.PostOp;
import io.tandem.cpu.onednn.PrimitiveAttributes.SumPostOp;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.List;

/** The C functions on primitive attributes. */
final class PrimitiveAttributesCalls {
    private static final ForeignFunction CREATE = Calls.function("dnnl_primitive_attr_create");
    private static final ForeignFunction DESTROY = Calls.function("dnnl_primitive_attr_destroy");
    private static final ForeignFunction FP_MATH =
            Calls.function("dnnl_primitive_attr_set_fpmath_mode");
    private static final ForeignFunction ACCUMULATION =
            Calls.function("dnnl_primitive_attr_set_accumulation_mode");
    private static final ForeignFunction SCRATCHPAD =
            Calls.function("dnnl_primitive_attr_set_scratchpad_mode");
    private static final ForeignFunction DETERMINISTIC =
            Calls.function("dnnl_primitive_attr_set_deterministic");

    private PrimitiveAttributesCalls() {}

    /** Bound only when there are post-operations. */
    private static final class PostOps {
        static final ForeignFunction CREATE = Calls.function("dnnl_post_ops_create");
        static final ForeignFunction DESTROY = Calls.function("dnnl_post_ops_destroy");
        static final ForeignFunction SET = Calls.function("dnnl_primitive_attr_set_post_ops");
        static final MethodHandle SUM =
                Calls.function("dnnl_post_ops_append_sum", 1, 1, 2);
        static final MethodHandle ELTWISE =
                Calls.function("dnnl_post_ops_append_eltwise", 2, 2, 0);
        static final ForeignFunction BINARY =
                Calls.function("dnnl_post_ops_append_binary");
    }

    /** Native attributes, which the caller destroys. */
    static long create(PrimitiveAttributes values, CallScope scope) {
        MemorySegment out = scope.result();
        Calls.check(CREATE, values::toString, out.address());
        long handle = out.get(JAVA_LONG, 0);
        try {
            Calls.check(FP_MATH, () -> values.fpMath().name(), handle, values.fpMath().ordinal());
            Calls.check(ACCUMULATION, () -> values.accumulation().name(), handle, values.accumulation().ordinal());
            Calls.check(SCRATCHPAD, () -> values.scratchpad().name(), handle, values.scratchpad().ordinal());
            Calls.check(DETERMINISTIC, () -> "" + values.deterministic(), handle, values.deterministic() ? 1L : 0L);
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
        Calls.check(DESTROY, () -> "", handle);
    }

    private static void setPostOps(long attributes, List<PostOp> postOps, CallScope scope) {
        MemorySegment out = scope.result();
        Calls.check(PostOps.CREATE, postOps::toString, out.address());
        long chain = out.get(JAVA_LONG, 0);
        try {
            for (PostOp postOp : postOps) {
                append(chain, postOp, scope);
            }
            Calls.check(PostOps.SET, postOps::toString, attributes, chain);
        } finally {
            Calls.check(PostOps.DESTROY, postOps::toString, chain);
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
                Calls.check(PostOps.BINARY, postOp::toString, chain, function.code(), descriptor);
            }
        }
    }
}
