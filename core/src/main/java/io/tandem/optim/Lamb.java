package io.tandem.optim;

import io.tandem.graph.Tensor;
import java.util.List;

/**
 * LAMB (You et al., 2020): Adam's direction, with decoupled weight decay, scaled for each parameter to the parameter's
 * own norm; made for large batches.
 *
 * @param rate learning rate
 * @param beta1 share of the first moment that is kept
 * @param beta2 share of the second moment that is kept
 * @param epsilon added to the root of the second moment
 * @param weightDecay factor of the parameter in the direction
 */
public record Lamb(Schedule rate, double beta1, double beta2, double epsilon, double weightDecay)
        implements Optimizer {
    /** Checks the numbers. */
    public Lamb {
        Updates.requireDecay("LAMB", weightDecay);
        if (beta1 < 0 || beta1 >= 1 || beta2 < 0 || beta2 >= 1 || epsilon < 0) {
            throw new IllegalArgumentException("LAMB: betas must be from 0 to below 1 and epsilon not negative, got "
                    + beta1 + ", " + beta2 + " and " + epsilon);
        }
    }

    /** LAMB with betas 0.9 and 0.999, epsilon 1e-6 and weight decay 0.01. */
    public static Lamb of(double rate) {
        return of(Schedule.constant(rate));
    }

    /** LAMB with betas 0.9 and 0.999, epsilon 1e-6 and weight decay 0.01. */
    public static Lamb of(Schedule rate) {
        return new Lamb(rate, 0.9, 0.999, 1e-6, 0.01);
    }

    /** With another weight decay. */
    public Lamb withWeightDecay(double factor) {
        return new Lamb(rate, beta1, beta2, epsilon, factor);
    }

    @Override
    public List<Slot> slots() {
        return List.of(new Slot("moment1", 0), new Slot("moment2", 0));
    }

    @Override
    public Update update(Context context, Tensor param, Tensor gradient, List<Tensor> slots) {
        Tensor one = context.step().like(1);
        Tensor correction1 = one.sub(one.mul(beta1).pow(context.step()));
        Tensor correction2 = one.sub(one.mul(beta2).pow(context.step()));
        Tensor moment1 = Updates.flush(slots.get(0).mul(beta1).add(gradient.mul(1 - beta1)));
        Tensor moment2 = Updates.flush(slots.get(1).mul(beta2).add(gradient.mul(gradient).mul(1 - beta2)));
        Tensor mean = moment1.div(Updates.as(correction1, param));
        Tensor root = moment2.div(Updates.as(correction2, param)).sqrt();
        Tensor direction = mean.div(root.add(epsilon)).add(param.mul(weightDecay));
        Tensor size = norm(param);
        Tensor length = norm(direction);
        Tensor usable = size.gt(0).and(length.gt(0));
        Tensor ratio = usable.select(size.div(usable.select(length, length.like(1))), size.like(1));
        Tensor after = param.sub(direction.mul(ratio).mul(Updates.as(context.rate(), param)));
        return new Update(after, List.of(moment1, moment2));
    }

    private static Tensor norm(Tensor x) {
        return x.mul(x).sum().sqrt();
    }
}
