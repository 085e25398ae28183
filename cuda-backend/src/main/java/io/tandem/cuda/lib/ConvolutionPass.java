package io.tandem.cuda.lib;

/** Which of a convolution's three computations. */
public enum ConvolutionPass {
    /** Output from input and filter. */
    FORWARD,
    /** Gradient of the input from filter and output gradient. */
    BACKWARD_DATA,
    /** Gradient of the filter from input and output gradient. */
    BACKWARD_FILTER
}
