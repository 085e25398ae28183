package io.tandem.optim;

import io.tandem.graph.Tensor;
import java.util.function.Predicate;

/**
 * A penalty that is added to the loss.
 *
 * @param l1 factor of the sum of absolute values
 * @param l2 factor of the sum of squares (without one half)
 * @param applies to which parameters, by path
 */
public record Regularizer(double l1, double l2, Predicate<String> applies) {

    /** λ Σ |w| over weights (not biases). */
    public static Regularizer l1(double lambda) {
        return new Regularizer(lambda, 0, Regularizer::isWeight);
    }

    /** λ Σ w² over weights (not biases). */
    public static Regularizer l2(double lambda) {
        return new Regularizer(0, lambda, Regularizer::isWeight);
    }

    /** λ1 Σ |w| + λ2 Σ w² over weights (not biases). */
    public static Regularizer elasticNet(double lambda1, double lambda2) {
        return new Regularizer(lambda1, lambda2, Regularizer::isWeight);
    }

    /** This penalty on the parameters whose paths are chosen. */
    public Regularizer on(Predicate<String> paths) {
        return new Regularizer(l1, l2, paths);
    }

    /** The penalty of one parameter, a scalar. */
    public Tensor penalty(Tensor param) {
        Tensor squares = l2 == 0 ? param.like(0) : param.square().sum().mul(l2);
        return l1 == 0 ? squares : squares.add(param.abs().sum().mul(l1));
    }

    private static boolean isWeight(String path) {
        String name = path.substring(path.lastIndexOf('.') + 1);
        return name.toLowerCase(java.util.Locale.ROOT).contains("weight");
    }
}
