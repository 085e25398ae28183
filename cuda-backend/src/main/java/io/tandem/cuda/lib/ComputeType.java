package io.tandem.cuda.lib;

/** How a matrix product is computed and accumulated. */
public enum ComputeType {
    /** IEEE single throughout for single operands; single accumulation for 16-bit operands. */
    F32,
    /** As {@link #F32}, with no reordering that could change the result between algorithms. */
    F32_PEDANTIC,
    /** Single operands rounded to TF32 (10-bit mantissa), single accumulation, on tensor cores. */
    F32_FAST_TF32,
    /** Single operands rounded to BF16, single accumulation, on tensor cores. */
    F32_FAST_BF16,
    /** Single operands rounded to F16, single accumulation, on tensor cores. */
    F32_FAST_F16,
    /** IEEE double. */
    F64
}
