package io.tandem.oracle;

import io.tandem.graph.Tensor;
import io.tandem.nn.Activation;
import io.tandem.tensor.DType;
import java.util.Optional;

/** Elementwise operators of one tensor. */
final class TorchElementwise {
    private TorchElementwise() {}

    static Optional<Object> apply(TorchCall c) {
        if (!c.isTensor(0)) {
            return Optional.empty();
        }
        Tensor x = c.tensor(0);
        Tensor y = switch (c.function()) {
            case "abs", "absolute" -> x.abs();
            case "neg", "negative" -> x.neg();
            case "exp" -> x.exp();
            case "exp2" -> x.mul(Math.log(2)).exp();
            case "log" -> x.log();
            case "log2" -> x.log().mul(1 / Math.log(2));
            case "log10" -> x.log().mul(1 / Math.log(10));
            case "log1p" -> x.log1p();
            case "expm1" -> x.expm1();
            case "sqrt" -> x.sqrt();
            case "rsqrt" -> x.rsqrt();
            case "square" -> x.square();
            case "reciprocal" -> x.reciprocal();
            case "sin" -> x.sin();
            case "cos" -> x.cos();
            case "tan" -> x.sin().div(x.cos());
            case "sinh" -> x.expm1().add(x.expm1().div(x.exp())).mul(0.5);
            case "cosh" -> x.exp().add(x.neg().exp()).mul(0.5);
            case "atanh" -> x.log1p().sub(x.neg().log1p()).mul(0.5);
            case "asinh" -> x.abs().add(x.square().add(1).sqrt()).log().mul(x.sign());
            case "acosh" -> x.add(x.square().sub(1).sqrt()).log();
            case "tanh" -> Activation.tanh().forward(x);
            case "sigmoid", "expit" -> Activation.sigmoid().forward(x);
            case "logit" -> logit(c, x);
            case "erf" -> x.erf();
            case "erfc" -> x.erf().rsub(1);
            case "floor" -> x.floor();
            case "ceil" -> x.ceil();
            case "round" -> x.round();
            case "trunc", "fix" -> trunc(x);
            case "frac" -> x.sub(trunc(x));
            case "sign", "sgn" -> Activation.sign().forward(x);
            case "relu" -> Activation.relu().forward(x);
            case "relu6" -> Activation.relu6().forward(x);
            case "leaky_relu" -> Activation.leakyRelu(c.number(1, "negative_slope", 0.01)).forward(x);
            case "elu" -> {
                if (c.number(2, "scale", 1) != 1 || c.number(3, "input_scale", 1) != 1) {
                    throw new NotCovered("elu with scales");
                }
                yield Activation.elu(c.number(1, "alpha", 1)).forward(x);
            }
            case "selu" -> Activation.selu().forward(x);
            case "celu" -> Activation.celu(c.number(1, "alpha", 1)).forward(x);
            case "softplus" -> {
                double beta = c.number(1, "beta", 1);
                yield beta == 1
                        ? Activation.softplus().forward(x)
                        : Activation.softplus().forward(x.mul(beta)).mul(1 / beta);
            }
            case "softsign" -> Activation.softsign().forward(x);
            case "silu", "swish" -> Activation.silu().forward(x);
            case "mish" -> Activation.mish().forward(x);
            case "gelu" ->
                c.text(1, "approximate", "none").equals("tanh")
                        ? Activation.geluTanh().forward(x)
                        : Activation.gelu().forward(x);
            case "hardtanh" ->
                Activation.hardTanh(c.number(1, "min_val", -1), c.number(2, "max_val", 1))
                        .forward(x);
            case "hardsigmoid" -> Activation.hardSigmoid().forward(x);
            case "hardswish" -> Activation.hardSwish().forward(x);
            case "log_sigmoid", "logsigmoid" -> Activation.logSigmoid().forward(x);
            case "tanhshrink" -> x.sub(x.tanh());
            case "hardshrink" -> x.abs().gt(c.number(1, "lambd", 0.5)).select(x, x.like(0));
            case "softshrink" -> {
                double lambda = c.number(1, "lambd", 0.5);
                yield x.gt(lambda).select(x.sub(lambda), x.lt(-lambda).select(x.add(lambda), x.like(0)));
            }
            case "threshold" ->
                x.gt(c.number(1, "threshold", 0)).select(x, x.like(c.number(2, "value", 0)));
            case "glu" -> {
                int axis = x.shape().axis(c.integer(1, "dim", -1));
                var halves = x.split(axis, 2);
                yield halves.get(0).mul(halves.get(1).sigmoid());
            }
            case "softmax", "_softmax" -> x.softmax(c.integer(1, "dim", -1));
            case "log_softmax", "_log_softmax" -> x.logSoftmax(c.integer(1, "dim", -1));
            case "softmin" -> x.neg().softmax(c.integer(1, "dim", -1));
            case "clamp", "clip" -> clamp(c, x);
            case "clamp_min", "clamp_max" -> limit(x, c.operand(1, c.function().substring(6), x), c.function());
            case "isnan" -> x.ne(x);
            case "isfinite" -> x.isFinite();
            case "isinf" -> x.abs().eq(Double.POSITIVE_INFINITY);
            case "logical_not", "bitwise_not" -> truth(x).not();
            case "nan_to_num" -> x.ne(x).select(x.like(c.number(1, "nan", 0)), x);
            case "clone", "contiguous", "alias", "requires_grad", "positive" -> x;
            case "deg2rad" -> x.mul(Math.PI / 180);
            case "rad2deg" -> x.mul(180 / Math.PI);
            case "entr" -> x.mul(x.log()).neg();
            case "detach" -> x.stopGradient();
            case "zeros_like" -> x.graph().zeros(x.type());
            case "ones_like" -> x.graph().full(x.type(), 1);
            case "full_like" -> x.graph().full(x.type(), c.number(1, "fill_value", 0));
            case "sinc" -> {
                Tensor angle = x.mul(Math.PI);
                Tensor zero = x.eq(0);
                Tensor safe = zero.select(x.like(1), angle);
                yield zero.select(x.like(1), safe.sin().div(safe));
            }
            default -> null;
        };
        return Optional.ofNullable(y);
    }

    private static Tensor logit(TorchCall c, Tensor x) {
        double margin = c.number(1, "eps", -1);
        Tensor p = margin < 0 ? x : x.clamp(margin, 1 - margin);
        return p.log().sub(p.neg().log1p());
    }

    static Tensor trunc(Tensor x) {
        return x.lt(0).select(x.ceil(), x.floor());
    }

    private static Tensor clamp(TorchCall c, Tensor x) {
        if (c.get(1, "min").orElse(null) instanceof Number && c.get(2, "max").orElse(null) instanceof Number) {
            return x.clamp(c.number(1, "min", 0), c.number(2, "max", 0));
        }
        Tensor y = x;
        if (c.get(1, "min").isPresent()) {
            y = limit(y, c.operand(1, "min", x), "clamp_min");
        }
        if (c.get(2, "max").isPresent()) {
            y = limit(y, c.operand(2, "max", x), "clamp_max");
        }
        return y;
    }

    /** The gradient flows where the limit is not exceeded. */
    private static Tensor limit(Tensor x, Tensor limit, String kind) {
        return (kind.equals("clamp_min") ? x.lt(limit) : x.gt(limit)).select(limit, x);
    }

    static Tensor truth(Tensor x) {
        return x.dtype() == DType.BOOL ? x : x.ne(x.like(0));
    }
}
