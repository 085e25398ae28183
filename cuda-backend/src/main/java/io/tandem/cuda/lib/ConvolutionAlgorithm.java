package io.tandem.cuda.lib;

import java.util.Objects;

/**
 * One way to compute one pass of a convolution.
 *
 * @param pass          the pass that it computes
 * @param id            the library's number of the algorithm
 * @param math          units that it computes with
 * @param workspace     bytes of workspace that the call needs
 * @param deterministic whether it gives the same bits on every run
 */
public record ConvolutionAlgorithm(
        ConvolutionPass pass, int id, MathType math, long workspace, boolean deterministic) {

    /** Refuses missing values. */
    public ConvolutionAlgorithm {
        Objects.requireNonNull(pass, "pass");
        Objects.requireNonNull(math, "math");
    }
}
