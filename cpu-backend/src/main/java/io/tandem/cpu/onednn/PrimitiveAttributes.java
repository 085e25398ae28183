package io.tandem.cpu.onednn;

import java.util.ArrayList;
import java.util.List;

/**
 * How a primitive computes, beside what it computes. An immutable value.
 *
 * @param fpMath how float32 products may be computed
 * @param accumulation in which type sums are held
 * @param scratchpad who owns the memory that the primitive needs while it runs
 * @param deterministic whether two runs must give the same bits
 * @param postOps what is applied to each element of the destination before it is stored, in this order
 */
public record PrimitiveAttributes(
        FpMath fpMath, Accumulation accumulation, Scratchpad scratchpad, boolean deterministic, List<PostOp> postOps) {
    private static final float HUGE = 0x1p127f;

    /** Exact float32, scratchpad of the library, no post-operations. */
    public static final PrimitiveAttributes DEFAULT =
            new PrimitiveAttributes(FpMath.STRICT, Accumulation.STRICT, Scratchpad.LIBRARY, false, List.of());

    /** Copies the list. */
    public PrimitiveAttributes {
        postOps = List.copyOf(postOps);
    }

    /** How float32 inputs of products may be rounded. */
    public enum FpMath {
        /** Not at all. */
        STRICT,
        /** To bf16. */
        BF16,
        /** To f16. */
        F16,
        /** To any smaller type. */
        ANY,
        /** To TF32. */
        TF32
    }

    /** In which type sums are held. */
    public enum Accumulation {
        /** Float32, or float64 for float64. */
        STRICT,
        /** As strict, but a partial sum may be kept in the destination's type. */
        RELAXED,
        /** Whatever is fastest. */
        ANY,
        /** int32. */
        S32,
        /** Float32. */
        F32,
        /** f16. */
        F16
    }

    /** Who owns the memory that a primitive needs while it runs. */
    public enum Scratchpad {
        /** oneDNN, one per primitive. */
        LIBRARY,
        /** The caller, who binds it as {@link Argument#SCRATCHPAD}; primitives that run in turn can share one. */
        USER
    }

    /** One operation on each element of the destination. */
    public sealed interface PostOp permits EltwisePostOp, BinaryPostOp, SumPostOp {}

    /**
     * An elementwise function.
     *
     * @param function the function
     * @param alpha its first parameter, see {@link EltwiseFunction}
     * @param beta its second parameter
     */
    public record EltwisePostOp(EltwiseFunction function, float alpha, float beta) implements PostOp {}

    /**
     * The destination combined with a tensor, which is bound as {@link Argument#postOpSource(int)} with the index of
     * this operation in the list. Sizes of 1 are broadcast.
     *
     * @param function the function; the destination is its first operand
     * @param source the second operand
     */
    public record BinaryPostOp(BinaryFunction function, MemoryDescriptor source) implements PostOp {}

    /**
     * Adds what the destination held before.
     *
     * @param scale factor of the earlier values
     */
    public record SumPostOp(float scale) implements PostOp {}

    /** These attributes with another mode for float32 products. */
    public PrimitiveAttributes withFpMath(FpMath mode) {
        return new PrimitiveAttributes(mode, accumulation, scratchpad, deterministic, postOps);
    }

    /** These attributes with another type of sums. */
    public PrimitiveAttributes withAccumulation(Accumulation mode) {
        return new PrimitiveAttributes(fpMath, mode, scratchpad, deterministic, postOps);
    }

    /** These attributes with the scratchpad owned by the caller. */
    public PrimitiveAttributes withUserScratchpad() {
        return new PrimitiveAttributes(fpMath, accumulation, Scratchpad.USER, deterministic, postOps);
    }

    /** These attributes with the demand for the same bits in each run. */
    public PrimitiveAttributes withDeterministic(boolean value) {
        return new PrimitiveAttributes(fpMath, accumulation, scratchpad, value, postOps);
    }

    /** These attributes with a further elementwise function. */
    public PrimitiveAttributes then(EltwiseFunction function, float alpha, float beta) {
        return append(new EltwisePostOp(function, alpha, beta));
    }

    /** These attributes with a further elementwise function, its parameters 0. */
    public PrimitiveAttributes then(EltwiseFunction function) {
        return then(function, 0, 0);
    }

    /**
     * These attributes with ReLU, of which NaN is NaN: {@link EltwiseFunction#RELU} makes 0 of it. As the absolute value of x
     * times a step, x clipped to 0..1 after multiplication with a huge number. Only of minus infinity it makes NaN, too.
     */
    public PrimitiveAttributes thenRelu() {
        return then(EltwiseFunction.HARD_SWISH, HUGE, 0).then(EltwiseFunction.ABS);
    }

    /** These attributes with a further binary operation; see {@link BinaryPostOp}. */
    public PrimitiveAttributes then(BinaryFunction function, MemoryDescriptor source) {
        return append(new BinaryPostOp(function, source));
    }

    /** These attributes with the destination's earlier values times a factor added. */
    public PrimitiveAttributes thenSum(float scale) {
        return append(new SumPostOp(scale));
    }

    private PrimitiveAttributes append(PostOp postOp) {
        List<PostOp> all = new ArrayList<>(postOps);
        all.add(postOp);
        return new PrimitiveAttributes(fpMath, accumulation, scratchpad, deterministic, all);
    }
}
