package io.tandem.graph;

import io.tandem.tensor.DType;

/** What {@link Op.Random} draws. */
public enum Distribution {
    /** 32 random bits as an int32; equal on every device. */
    BITS(DType.I32),
    /** Uniform in [0, 1): the upper 24 bits times 2^-24, as float32; equal on every device. */
    UNIFORM(DType.F32),
    /** Standard normal as float32 by the Box-Muller transform (1958); equal within rounding on every device. */
    NORMAL(DType.F32);

    private final DType dtype;

    Distribution(DType dtype) {
        this.dtype = dtype;
    }

    /** The element type of the result. */
    public DType dtype() {
        return dtype;
    }
}
