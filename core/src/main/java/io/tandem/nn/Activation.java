package io.tandem.nn;

import io.tandem.graph.Composites;
import io.tandem.graph.Distribution;
import io.tandem.graph.Tensor;

/**
 * The usual activations without parameters: elementwise functions, and softmax and its logarithm along an axis. Input
 * and output have the same shape. Derivatives at kinks are PyTorch's. See also {@link PRelu} and {@link Maxout}.
 */
public sealed interface Activation extends Layer {

    /** x itself. */
    record Linear() implements Activation {}

    /** max(0, x); its derivative at 0 is 0. */
    record Relu() implements Activation {}

    /** x where positive, {@code slope} x elsewhere (Maas et al., 2013). */
    record LeakyRelu(double slope) implements Activation {}

    /** x where positive, {@code alpha} (e^x - 1) elsewhere (Clevert et al., 2016). */
    record Elu(double alpha) implements Activation {}

    /** ELU with the factors that keep mean 0 and variance 1 (Klambauer et al., 2017). */
    record Selu() implements Activation {}

    /** x where positive, {@code alpha} (e^(x / alpha) - 1) elsewhere (Barron, 2017). */
    record Celu(double alpha) implements Activation {}

    /** ln(1 + e^x), without overflow (Dugas et al., 2001). */
    record Softplus() implements Activation {}

    /** x / (1 + |x|). */
    record Softsign() implements Activation {}

    /** The logistic function 1 / (1 + e^-x). */
    record Sigmoid() implements Activation {}

    /** The logarithm of the logistic function, without underflow. */
    record LogSigmoid() implements Activation {}

    /** Hyperbolic tangent. */
    record Tanh() implements Activation {}

    /** The range from {@code low} to {@code high}: x limited to it. */
    record HardTanh(double low, double high) implements Activation {}

    /** x / 6 + 1/2, limited to the range from 0 to 1. */
    record HardSigmoid() implements Activation {}

    /** x times the hard sigmoid (Howard et al., 2019). */
    record HardSwish() implements Activation {}

    /** x times the logistic function, also known as swish (Hendrycks and Gimpel, 2016). */
    record Silu() implements Activation {}

    /** x tanh(softplus(x)) (Misra, 2019). */
    record Mish() implements Activation {}

    /** x Φ(x), exact or in the form with tanh (Hendrycks and Gimpel, 2016). */
    record Gelu(boolean tanhForm) implements Activation {}

    /** Softmax along an axis: positive numbers with sum 1. */
    record Softmax(int axis) implements Activation {}

    /** Logarithm of the softmax along an axis. */
    record LogSoftmax(int axis) implements Activation {}

    /** 1 where x is at least 0, 0 elsewhere; without derivative. */
    record Heaviside() implements Activation {}

    /** -1, 0 or 1; without derivative. */
    record Sign() implements Activation {}

    /** 1 where x is at least 0, -1 elsewhere; without derivative. */
    record BipolarStep() implements Activation {}

    /**
     * In training max(0, x + noise), with normal noise of variance sigmoid(x); in inference max(0, x) (Nair and Hinton,
     * 2010).
     */
    record NoisyRelu() implements Activation {}

    /** x itself. */
    static Activation linear() {
        return new Linear();
    }

    /** max(0, x). */
    static Activation relu() {
        return new Relu();
    }

    /** max(0, x) limited to at most 6; its derivative is 0 at both ends. */
    static Activation relu6() {
        return new HardTanh(0, 6);
    }

    /** Leaky ReLU with slope 0.01. */
    static Activation leakyRelu() {
        return leakyRelu(0.01);
    }

    /** Leaky ReLU with the given slope of the negative part. */
    static Activation leakyRelu(double slope) {
        return new LeakyRelu(slope);
    }

    /** ELU with alpha 1. */
    static Activation elu() {
        return elu(1);
    }

    /** ELU: x where positive, alpha (e^x - 1) elsewhere. */
    static Activation elu(double alpha) {
        return new Elu(alpha);
    }

    /** SELU. */
    static Activation selu() {
        return new Selu();
    }

    /** CELU with alpha 1. */
    static Activation celu() {
        return celu(1);
    }

    /** CELU: x where positive, alpha (e^(x / alpha) - 1) elsewhere. */
    static Activation celu(double alpha) {
        return new Celu(alpha);
    }

    /** ln(1 + e^x). */
    static Activation softplus() {
        return new Softplus();
    }

    /** x / (1 + |x|). */
    static Activation softsign() {
        return new Softsign();
    }

    /** The logistic function. */
    static Activation sigmoid() {
        return new Sigmoid();
    }

    /** The logarithm of the logistic function. */
    static Activation logSigmoid() {
        return new LogSigmoid();
    }

    /** Hyperbolic tangent. */
    static Activation tanh() {
        return new Tanh();
    }

    /** x limited to the range from -1 to 1. */
    static Activation hardTanh() {
        return hardTanh(-1, 1);
    }

    /** x limited to the range from low to high; the derivative is 0 at both ends. */
    static Activation hardTanh(double low, double high) {
        return new HardTanh(low, high);
    }

    /** x / 6 + 1/2, limited to the range from 0 to 1. */
    static Activation hardSigmoid() {
        return new HardSigmoid();
    }

    /** x times the hard sigmoid. */
    static Activation hardSwish() {
        return new HardSwish();
    }

    /** x sigmoid(x), also known as swish. */
    static Activation silu() {
        return new Silu();
    }

    /** x tanh(softplus(x)). */
    static Activation mish() {
        return new Mish();
    }

    /** GELU, exact. */
    static Activation gelu() {
        return new Gelu(false);
    }

    /** GELU in the form with tanh, as GPT-2 has it. */
    static Activation geluTanh() {
        return new Gelu(true);
    }

    /** Softmax along the last axis. */
    static Activation softmax() {
        return softmax(-1);
    }

    /** Softmax along an axis. */
    static Activation softmax(int axis) {
        return new Softmax(axis);
    }

    /** Logarithm of the softmax along the last axis. */
    static Activation logSoftmax() {
        return logSoftmax(-1);
    }

    /** Logarithm of the softmax along an axis. */
    static Activation logSoftmax(int axis) {
        return new LogSoftmax(axis);
    }

    /** 1 where x is at least 0, 0 elsewhere. */
    static Activation heaviside() {
        return new Heaviside();
    }

    /** -1, 0 or 1. */
    static Activation sign() {
        return new Sign();
    }

    /** 1 where x is at least 0, -1 elsewhere: the sign with a decision at 0. */
    static Activation bipolarStep() {
        return new BipolarStep();
    }

    /** ReLU with noise in training. */
    static Activation noisyRelu() {
        return new NoisyRelu();
    }

    /** Adds this function to the graph of {@code x}; unlike other layers it also works outside of a model's trace. */
    @Override
    default Tensor forward(Tensor x) {
        return switch (this) {
            case Linear l -> x;
            case Relu r -> x.relu();
            case LeakyRelu(double slope) -> x.gt(0).select(x, x.mul(slope));
            case Elu(double alpha) -> exponential(x, alpha, 1);
            case Selu s -> exponential(x, 1.6732632423543772848170429916717, 1)
                    .mul(1.0507009873554804934193349852946);
            case Celu(double alpha) -> exponential(x, alpha, alpha);
            case Softplus s -> softplus(x);
            case Softsign s -> x.div(x.abs().add(1));
            case Sigmoid s -> x.sigmoid();
            case LogSigmoid l -> softplus(x.neg()).neg();
            case Tanh t -> x.tanh();
            case HardTanh(double low, double high) -> limit(x, low, high);
            case HardSigmoid h -> limit(x.add(3), 0, 6).mul(1.0 / 6);
            case HardSwish h -> x.mul(x.add(3).clamp(0, 6)).mul(1.0 / 6);
            case Silu s -> x.mul(x.sigmoid());
            case Mish m -> x.mul(softplus(x).tanh());
            case Gelu(boolean tanhForm) -> Composites.gelu(x, tanhForm);
            case Softmax(int axis) -> x.softmax(axis);
            case LogSoftmax(int axis) -> x.logSoftmax(axis);
            case Heaviside h -> x.ge(0).cast(x.dtype());
            case Sign s -> x.sign();
            case BipolarStep b -> x.ge(0).select(x.like(1), x.like(-1));
            case NoisyRelu n -> noisy(x);
        };
    }

    /** x where positive, alpha (e^(x / scale) - 1) elsewhere; the exponent is never positive. */
    private static Tensor exponential(Tensor x, double alpha, double scale) {
        Tensor positive = x.gt(0);
        Tensor low = positive.select(x.like(0), x);
        Tensor scaled = scale == 1 ? low : low.mul(1 / scale);
        return positive.select(x, alpha == 1 ? scaled.expm1() : scaled.expm1().mul(alpha));
    }

    /** max(0, x) + ln(1 + e^-|x|), with the right derivative at 0. */
    private static Tensor softplus(Tensor x) {
        Tensor positive = x.gt(0);
        Tensor exponent = positive.select(x.neg(), x);
        return positive.select(x, x.like(0)).add(exponent.exp().log1p());
    }

    /** x from low to high; the derivative is 0 at both ends. */
    private static Tensor limit(Tensor x, double low, double high) {
        Tensor above = x.le(low).select(x.like(low), x);
        return above.ge(high).select(x.like(high), above);
    }

    private static Tensor noisy(Tensor x) {
        Trace trace = Trace.of(x);
        if (trace.mode() != Mode.TRAINING) {
            return x.relu();
        }
        Tensor noise = trace.random(Distribution.NORMAL, x.shape()).cast(x.dtype());
        return x.add(x.sigmoid().sqrt().stopGradient().mul(noise)).relu();
    }
}
