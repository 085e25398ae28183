package io.tandem.cpu.onednn;

/** Elementwise functions of oneDNN; alpha and beta are 0 where not named. */
public enum EltwiseFunction {
    /** x if x is positive, otherwise alpha x. */
    RELU(32),
    /** Hyperbolic tangent. */
    TANH(33),
    /** x if x is positive, otherwise alpha (exp(x) - 1). */
    ELU(34),
    /** x squared. */
    SQUARE(35),
    /** |x|. */
    ABS(36),
    /** Square root. */
    SQRT(37),
    /** alpha x + beta. */
    LINEAR(38),
    /** log(1 + exp(alpha x)) / alpha: softplus for alpha 1. */
    SOFT_RELU(39),
    /** x clipped to 0..1 after alpha x + beta. */
    HARD_SIGMOID(40),
    /** 1 / (1 + exp(-x)). */
    LOGISTIC(41),
    /** exp(x). */
    EXP(42),
    /** GELU in the tanh form. */
    GELU_TANH(43),
    /** x / (1 + exp(-alpha x)). */
    SWISH(44),
    /** Natural logarithm. */
    LOG(45),
    /** x clipped to alpha..beta. */
    CLIP(46),
    /** alpha x to the power of beta. */
    POW(48),
    /** GELU in the exact form, with the error function. */
    GELU_ERF(49),
    /** x tanh(softplus(x)). */
    MISH(51),
    /** x times the hard sigmoid with alpha and beta. */
    HARD_SWISH(52);

    private final int code;

    EltwiseFunction(int code) {
        this.code = code;
    }

    int code() {
        return code;
    }
}
