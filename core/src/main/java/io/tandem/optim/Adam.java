package io.tandem.optim;

import io.tandem.graph.Tensor;
import java.util.List;

/**
 * Adam (Kingma and Ba, 2015), and with decoupled weight decay AdamW (Loshchilov and Hutter, 2019).
 *
 * @param rate learning rate
 * @param beta1 share of the first moment that is kept
 * @param beta2 share of the second moment that is kept
 * @param epsilon added to the root of the corrected second moment
 * @param weightDecay factor of the decay
 * @param decoupled whether the decay shrinks the parameter before the step (AdamW) instead of entering the gradient
 * @param amsgrad whether the largest second moment so far is used (Reddi et al., 2018)
 */
public record Adam(
        Schedule rate,
        double beta1,
        double beta2,
        double epsilon,
        double weightDecay,
        boolean decoupled,
        boolean amsgrad)
        implements Optimizer {
    /** Checks the numbers. */
    public Adam {
        Updates.requireDecay("Adam", weightDecay);
        if (beta1 < 0 || beta1 >= 1 || beta2 < 0 || beta2 >= 1 || epsilon < 0) {
            throw new IllegalArgumentException(
                    "Adam: betas must be from 0 to below 1 and epsilon not negative, got " + beta1 + ", " + beta2
                            + " and " + epsilon);
        }
    }

    /** Adam with betas 0.9 and 0.999 and epsilon 1e-8. */
    public static Adam of(double rate) {
        return of(Schedule.constant(rate));
    }

    /** Adam with betas 0.9 and 0.999 and epsilon 1e-8. */
    public static Adam of(Schedule rate) {
        return new Adam(rate, 0.9, 0.999, 1e-8, 0, false, false);
    }

    /** AdamW: Adam with decoupled weight decay. */
    public static Adam adamW(double rate, double weightDecay) {
        return of(rate).withDecoupledWeightDecay(weightDecay);
    }

    /** With other betas. */
    public Adam withBetas(double first, double second) {
        return new Adam(rate, first, second, epsilon, weightDecay, decoupled, amsgrad);
    }

    /** With another epsilon. */
    public Adam withEpsilon(double value) {
        return new Adam(rate, beta1, beta2, value, weightDecay, decoupled, amsgrad);
    }

    /** With weight decay that enters the gradient. */
    public Adam withWeightDecay(double factor) {
        return new Adam(rate, beta1, beta2, epsilon, factor, false, amsgrad);
    }

    /** With decoupled weight decay: AdamW. */
    public Adam withDecoupledWeightDecay(double factor) {
        return new Adam(rate, beta1, beta2, epsilon, factor, true, amsgrad);
    }

    /** With the largest second moment so far. */
    public Adam withAmsgrad() {
        return new Adam(rate, beta1, beta2, epsilon, weightDecay, decoupled, true);
    }

    @Override
    public List<Slot> slots() {
        return amsgrad
                ? List.of(new Slot("moment1", 0), new Slot("moment2", 0), new Slot("largest", 0))
                : List.of(new Slot("moment1", 0), new Slot("moment2", 0));
    }

    @Override
    public Update update(Context context, Tensor param, Tensor gradient, List<Tensor> slots) {
        Tensor one = context.step().like(1);
        Tensor correction1 = one.sub(one.mul(beta1).pow(context.step()));
        Tensor correction2 = one.sub(one.mul(beta2).pow(context.step()));
        Tensor stepSize = Updates.as(context.rate().div(correction1), param);
        Tensor rootCorrection = Updates.as(correction2.sqrt(), param);

        Tensor g = weightDecay != 0 && !decoupled ? gradient.add(param.mul(weightDecay)) : gradient;
        Tensor moment1 = Updates.flush(slots.get(0).mul(beta1).add(g.mul(1 - beta1)));
        Tensor moment2 = Updates.flush(slots.get(1).mul(beta2).add(g.mul(g).mul(1 - beta2)));
        Tensor second = amsgrad ? slots.get(2).maximum(moment2) : moment2;
        Tensor direction = moment1.div(second.sqrt().div(rootCorrection).add(epsilon));
        Tensor before = weightDecay != 0 && decoupled
                ? param.mul(Updates.as(context.rate().mul(-weightDecay).add(1), param))
                : param;
        Tensor after = before.sub(direction.mul(stepSize));
        return new Update(after, amsgrad ? List.of(moment1, moment2, second) : List.of(moment1, moment2));
    }
}
