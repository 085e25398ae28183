package io.tandem.cuda.lib;

/** Which units cuDNN may compute with. */
public enum MathType {
    /** No tensor cores: IEEE single products for single operands. */
    FMA,
    /** Tensor cores for 16-bit operands, and TF32 for single operands on devices from 8.0 on. */
    DEFAULT,
    /** Tensor cores for 16-bit operands. */
    TENSOR_OP,
    /** Tensor cores, converting single operands to 16 bits where that helps. */
    TENSOR_OP_ALLOW_CONVERSION
}
