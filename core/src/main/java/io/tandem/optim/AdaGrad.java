package io.tandem.optim;

import io.tandem.graph.Tensor;
import java.util.List;

/**
 * AdaGrad (Duchi et al., 2011): the rate of each element falls with the root of the sum of its squared gradients.
 *
 * @param rate learning rate
 * @param rateDecay the rate of update n (from 0) is divided by 1 + n rateDecay
 * @param epsilon added to the root
 * @param weightDecay added to the gradient as weightDecay times the parameter
 * @param initialSum what the sums start with
 */
public record AdaGrad(Schedule rate, double rateDecay, double epsilon, double weightDecay, double initialSum)
        implements Optimizer {
    /** Checks the numbers. */
    public AdaGrad {
        Updates.requireDecay("AdaGrad", weightDecay);
        if (rateDecay < 0 || epsilon < 0 || initialSum < 0) {
            throw new IllegalArgumentException("AdaGrad: rate decay, epsilon and initial sum must not be negative, got "
                    + rateDecay + ", " + epsilon + " and " + initialSum);
        }
    }

    /** AdaGrad with epsilon 1e-10, as a rule with a rate of 0.01. */
    public static AdaGrad of(double rate) {
        return of(Schedule.constant(rate));
    }

    /** AdaGrad with epsilon 1e-10. */
    public static AdaGrad of(Schedule rate) {
        return new AdaGrad(rate, 0, 1e-10, 0, 0);
    }

    /** With a falling rate. */
    public AdaGrad withRateDecay(double factor) {
        return new AdaGrad(rate, factor, epsilon, weightDecay, initialSum);
    }

    /** With another epsilon. */
    public AdaGrad withEpsilon(double value) {
        return new AdaGrad(rate, rateDecay, value, weightDecay, initialSum);
    }

    /** With weight decay, added to the gradient. */
    public AdaGrad withWeightDecay(double factor) {
        return new AdaGrad(rate, rateDecay, epsilon, factor, initialSum);
    }

    /** With sums that start above zero. */
    public AdaGrad withInitialSum(double value) {
        return new AdaGrad(rate, rateDecay, epsilon, weightDecay, value);
    }

    @Override
    public List<Slot> slots() {
        return List.of(new Slot("sum", initialSum));
    }

    @Override
    public Update update(Context context, Tensor param, Tensor gradient, List<Tensor> slots) {
        Tensor g = weightDecay == 0 ? gradient : gradient.add(param.mul(weightDecay));
        Tensor falling = rateDecay == 0
                ? context.rate()
                : context.rate().div(context.step().sub(1).mul(rateDecay).add(1));
        Tensor sum = slots.getFirst().add(g.mul(g));
        Tensor direction = g.div(sum.sqrt().add(epsilon));
        return new Update(param.sub(direction.mul(Updates.as(falling, param))), List.of(sum));
    }
}
