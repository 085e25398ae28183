package io.tandem.oracle;

import io.tandem.graph.Tensor;
import io.tandem.nn.Activation;
import io.tandem.nn.CrossEntropy;
import io.tandem.nn.LossReduction;
import io.tandem.nn.Losses;
import java.util.Optional;

/** Losses: by Tandem's where there are any. */
final class TorchLosses {
    private TorchLosses() {}

    static Optional<Object> apply(TorchCall c) {
        return Optional.ofNullable(switch (c.function()) {
            case "mse_loss" -> Losses.squaredError(reduction(c, 2)).of(c.tensor(0), c.tensor(1));
            case "l1_loss" -> Losses.absoluteError(reduction(c, 2)).of(c.tensor(0), c.tensor(1));
            case "smooth_l1_loss" ->
                Losses.smoothL1(c.number(3, "beta", 1), reduction(c, 2)).of(c.tensor(0), c.tensor(1));
            case "huber_loss" -> Losses.huber(c.number(3, "delta", 1), reduction(c, 2)).of(c.tensor(0), c.tensor(1));
            case "cross_entropy_loss", "cross_entropy" -> crossEntropy(c, false);
            case "nll_loss", "nll_loss_nd", "nll_loss2d" -> crossEntropy(c, true);
            case "binary_cross_entropy" -> {
                Tensor each = Losses.binaryCrossEntropy(LossReduction.NONE).of(c.tensor(0), c.tensor(1));
                yield reduce(c, 3, c.optional(2, "weight").map(each::mul).orElse(each));
            }
            case "binary_cross_entropy_with_logits" -> binaryFromLogits(c);
            case "kl_div" -> {
                Tensor y = c.tensor(0);
                Tensor t = c.tensor(1);
                if (c.flag(3, "log_target", false)) {
                    yield reduce(c, 2, t.exp().mul(t.sub(y)));
                }
                yield Losses.klDivergence(reduction(c, 2)).of(y, t);
            }
            case "hinge_embedding_loss" -> {
                Tensor x = c.tensor(0);
                Tensor t = c.tensor(1);
                Tensor far = x.rsub(c.number(2, "margin", 1)).relu();
                yield reduce(c, 3, t.eq(1).select(x, far));
            }
            case "soft_margin_loss" -> reduce(
                    c, 2, Activation.softplus().forward(c.tensor(0).mul(c.tensor(1)).neg()));
            case "margin_ranking_loss" -> reduce(
                    c,
                    4,
                    c.tensor(2)
                            .neg()
                            .mul(c.tensor(0).sub(c.tensor(1)))
                            .add(c.number(3, "margin", 0))
                            .relu());
            case "poisson_nll_loss" -> {
                if (!c.flag(2, "log_input", true) || c.flag(3, "full", false)) {
                    throw new NotCovered("poisson_nll_loss in this form");
                }
                yield reduce(c, 5, c.tensor(0).exp().sub(c.tensor(1).mul(c.tensor(0))));
            }
            case "cosine_embedding_loss" -> {
                Tensor a = c.tensor(0);
                Tensor b = c.tensor(1);
                Tensor squares = a.square().sum(-1).add(1e-12).mul(b.square().sum(-1).add(1e-12));
                Tensor cosine = a.mul(b).sum(-1).div(squares.sqrt());
                Tensor far = cosine.sub(c.number(3, "margin", 0)).relu();
                yield reduce(c, 4, c.tensor(2).gt(0).select(cosine.rsub(1), far));
            }
            case "triplet_margin_loss" -> {
                double p = c.number(4, "p", 2);
                double epsilon = c.number(5, "eps", 1e-6);
                Tensor near = TorchProducts.distance(c.tensor(0), c.tensor(1), p, epsilon, false);
                Tensor far = TorchProducts.distance(c.tensor(0), c.tensor(2), p, epsilon, false);
                if (c.flag(6, "swap", false)) {
                    far = far.minimum(TorchProducts.distance(c.tensor(1), c.tensor(2), p, epsilon, false));
                }
                yield reduce(c, 7, near.sub(far).add(c.number(3, "margin", 1)).relu());
            }
            case "multi_margin_loss" -> {
                Tensor x = c.tensor(0);
                if (c.number(2, "p", 1) != 1 || c.get(4, "weight").isPresent()) {
                    throw new NotCovered("multi_margin_loss in this form");
                }
                Tensor own = c.tensor(1).oneHot(x.dim(1), x.dtype());
                Tensor label = x.mul(own).sum(1).expandDims(1);
                Tensor each = x.sub(label).add(c.number(3, "margin", 1)).relu().mul(own.rsub(1));
                yield reduce(c, 5, each.sum(1).mul(1.0 / x.dim(1)));
            }
            default -> null;
        });
    }

    private static LossReduction reduction(TorchCall c, int index) {
        return switch (c.text(index, "reduction", "1")) {
            case "0", "none" -> LossReduction.NONE;
            case "1", "mean" -> LossReduction.MEAN;
            case "2", "sum" -> LossReduction.SUM;
            default -> throw new NotCovered("reduction " + c.text(index, "reduction", ""));
        };
    }

    private static Tensor reduce(TorchCall c, int index, Tensor losses) {
        return switch (reduction(c, index)) {
            case NONE -> losses;
            case MEAN -> losses.mean();
            case SUM -> losses.sum();
        };
    }

    private static Tensor crossEntropy(TorchCall c, boolean fromLogs) {
        CrossEntropy loss = Losses.crossEntropy()
                .withReduction(reduction(c, 3))
                .withIgnoredLabel(c.integer(4, "ignore_index", -100))
                .withClassAxis(c.tensor(0).rank() == 1 ? 0 : 1);
        if (fromLogs) {
            loss = loss.fromLogProbabilities();
        } else {
            loss = loss.withLabelSmoothing(c.number(5, "label_smoothing", 0));
        }
        if (c.get(2, "weight").isPresent()) {
            loss = loss.withClassWeights(c.constant(2, "weight").orElseThrow());
        }
        return loss.of(c.tensor(0), c.tensor(1));
    }

    private static Tensor binaryFromLogits(TorchCall c) {
        Tensor x = c.tensor(0);
        Tensor t = c.tensor(1);
        Tensor each;
        if (c.get(3, "pos_weight").isPresent()) {
            var weight = c.constant(3, "pos_weight").orElseThrow();
            if (weight.shape().size() == 1) {
                each = Losses.binaryCrossEntropyFromLogits(weight.getDouble(0), LossReduction.NONE).of(x, t);
            } else {
                Tensor factor = c.tensor(3).sub(1).mul(t).add(1);
                each = x.mul(t.rsub(1)).add(Activation.softplus().forward(x.neg()).mul(factor));
            }
        } else {
            each = Losses.binaryCrossEntropyFromLogits(LossReduction.NONE).of(x, t);
        }
        return reduce(c, 4, c.optional(2, "weight").map(each::mul).orElse(each));
    }
}
