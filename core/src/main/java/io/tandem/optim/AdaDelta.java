package io.tandem.optim;

import io.tandem.graph.Tensor;
import java.util.List;

/**
 * AdaDelta (Zeiler, 2012): steps in units of the root of a running mean of former squared steps.
 *
 * @param rate factor of the step, as a rule 1
 * @param decay share of the running means that is kept
 * @param epsilon added below both roots
 * @param weightDecay added to the gradient as weightDecay times the parameter
 */
public record AdaDelta(Schedule rate, double decay, double epsilon, double weightDecay) implements Optimizer {
    /** Checks the numbers. */
    public AdaDelta {
        Updates.requireDecay("AdaDelta", weightDecay);
        if (decay < 0 || decay >= 1 || epsilon < 0) {
            throw new IllegalArgumentException(
                    "AdaDelta: decay must be from 0 to below 1 and epsilon not negative, got " + decay + " and "
                            + epsilon);
        }
    }

    /** AdaDelta with rate 1, decay 0.9 and epsilon 1e-6. */
    public static AdaDelta of() {
        return of(1);
    }

    /** AdaDelta with decay 0.9 and epsilon 1e-6. */
    public static AdaDelta of(double rate) {
        return new AdaDelta(Schedule.constant(rate), 0.9, 1e-6, 0);
    }

    /** With another share of the running means that is kept. */
    public AdaDelta withDecay(double share) {
        return new AdaDelta(rate, share, epsilon, weightDecay);
    }

    /** With another epsilon. */
    public AdaDelta withEpsilon(double value) {
        return new AdaDelta(rate, decay, value, weightDecay);
    }

    /** With weight decay, added to the gradient. */
    public AdaDelta withWeightDecay(double factor) {
        return new AdaDelta(rate, decay, epsilon, factor);
    }

    @Override
    public List<Slot> slots() {
        return List.of(new Slot("square", 0), new Slot("step", 0));
    }

    @Override
    public Update update(Context context, Tensor param, Tensor gradient, List<Tensor> slots) {
        Tensor g = weightDecay == 0 ? gradient : gradient.add(param.mul(weightDecay));
        Tensor square = Updates.flush(slots.get(0).mul(decay).add(g.mul(g).mul(1 - decay)));
        Tensor step = slots.get(1)
                .add(epsilon)
                .sqrt()
                .div(square.add(epsilon).sqrt())
                .mul(g);
        Tensor steps = Updates.flush(slots.get(1).mul(decay).add(step.mul(step).mul(1 - decay)));
        return new Update(param.sub(step.mul(Updates.as(context.rate(), param))), List.of(square, steps));
    }
}
