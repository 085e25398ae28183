package io.tandem.oracle;

import io.tandem.graph.Tensor;
import io.tandem.tensor.DType;
import java.util.Optional;

/** Elementwise operators of two or three operands, with broadcasting. */
final class TorchBinary {
    private TorchBinary() {}

    static Optional<Object> apply(TorchCall c) {
        if (c.count() < 2 || !c.isTensor(0) && !c.isTensor(1)) {
            return Optional.empty();
        }
        if (c.function().equals("where")) {
            Tensor like = c.isTensor(1) ? c.tensor(1) : c.tensor(2);
            return Optional.of(c.tensor(0).select(c.operand(1, "self", like), c.operand(2, "other", like)));
        }
        Tensor like = c.isTensor(0) ? c.tensor(0) : c.tensor(1);
        if (c.isTensor(0) && c.isTensor(1) && c.tensor(1).dtype().isFloating()) {
            like = c.tensor(1);
        }
        if (c.get(1, "other").filter(v -> v instanceof TorchCall.Ref || v instanceof Number).isEmpty()) {
            return Optional.empty();
        }
        Tensor a = as(c.operand(0, "self", like), like);
        Tensor b = as(c.operand(1, "other", like), like);
        Tensor y = switch (c.function()) {
            case "add" -> a.add(scaled(c, b));
            case "sub", "subtract" -> a.sub(scaled(c, b));
            case "rsub" -> b.sub(scaled(c, a));
            case "mul", "multiply" -> a.mul(b);
            case "div", "divide", "true_divide", "divide_" -> divide(c, a, b);
            case "floor_divide" -> a.div(b).floor();
            case "pow", "float_power" -> a.pow(b);
            case "maximum", "fmax" -> a.maximum(b);
            case "minimum", "fmin" -> a.minimum(b);
            case "max" -> c.isTensor(0) && c.isTensor(1) ? a.maximum(b) : null;
            case "min" -> c.isTensor(0) && c.isTensor(1) ? a.minimum(b) : null;
            case "fmod" -> a.remainder(b);
            case "remainder" -> a.sub(b.mul(a.div(b).floor()));
            case "hypot" -> a.square().add(b.square()).sqrt();
            case "logaddexp" -> a.maximum(b).add(a.sub(b).abs().neg().exp().log1p());
            case "xlogy" -> a.eq(0).select(a.like(0), a.mul(a.eq(0).select(b.like(1), b).log()));
            case "heaviside" -> a.eq(0).select(b, a.gt(0).cast(a.dtype()));
            case "eq" -> a.eq(b);
            case "ne", "not_equal" -> a.ne(b);
            case "lt", "less" -> a.lt(b);
            case "le", "less_equal" -> a.le(b);
            case "gt", "greater" -> a.gt(b);
            case "ge", "greater_equal" -> a.ge(b);
            case "logical_and" -> TorchElementwise.truth(a).and(TorchElementwise.truth(b));
            case "logical_or" -> TorchElementwise.truth(a).or(TorchElementwise.truth(b));
            case "logical_xor" -> TorchElementwise.truth(a).xor(TorchElementwise.truth(b));
            case "bitwise_and" -> a.and(b);
            case "bitwise_or" -> a.or(b);
            case "bitwise_xor" -> a.xor(b);
            case "lerp" -> a.add(c.operand(2, "weight", a).mul(b.sub(a)));
            case "addcmul" -> a.add(b.mul(c.tensor(2)).mul(c.number(3, "value", 1)));
            case "addcdiv" -> a.add(b.div(c.tensor(2)).mul(c.number(3, "value", 1)));
            case "prelu" -> {
                Tensor slope = b.rank() == 1 && b.dim(0) > 1 && a.rank() > 1
                        ? b.reshape(io.tandem.tensor.Shape.of(b.dim(0))
                                .concat(io.tandem.tensor.Shape.of(java.util.Collections.nCopies(a.rank() - 2, 1))))
                        : b;
                yield a.gt(0).select(a, a.mul(slope));
            }
            default -> null;
        };
        return Optional.ofNullable(y);
    }

    private static Tensor as(Tensor x, Tensor like) {
        return x.dtype() == like.dtype() || x.dtype() == DType.BOOL ? x : x.cast(like.dtype());
    }

    private static Tensor scaled(TorchCall c, Tensor x) {
        double alpha = c.number(2, "alpha", 1);
        return alpha == 1 ? x : x.mul(alpha);
    }

    private static Tensor divide(TorchCall c, Tensor a, Tensor b) {
        Tensor quotient = a.div(b);
        return switch (c.text(2, "rounding_mode", "")) {
            case "floor" -> quotient.floor();
            case "trunc" -> TorchElementwise.trunc(quotient);
            default -> quotient;
        };
    }
}
