package io.tandem.optim;

import io.tandem.graph.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * RMSProp (Tieleman and Hinton, 2012): gradients divided by the root of a running mean of their squares; with momentum,
 * and centered (Graves, 2013), which subtracts the squared running mean of the gradients.
 *
 * @param rate learning rate
 * @param decay share of the running means that is kept
 * @param epsilon added to the root
 * @param momentum share of the velocity that is kept; 0 for none
 * @param centered whether the squared mean is subtracted
 * @param weightDecay added to the gradient as weightDecay times the parameter
 */
public record RmsProp(
        Schedule rate, double decay, double epsilon, double momentum, boolean centered, double weightDecay)
        implements Optimizer {
    /** Checks the numbers. */
    public RmsProp {
        Updates.requireDecay("RMSProp", weightDecay);
        if (decay < 0 || decay >= 1 || epsilon < 0 || momentum < 0) {
            throw new IllegalArgumentException(
                    "RMSProp: decay must be from 0 to below 1, epsilon and momentum not negative, got " + decay + ", "
                            + epsilon + " and " + momentum);
        }
    }

    /** RMSProp with decay 0.99 and epsilon 1e-8, as a rule with a rate of 0.01 or below. */
    public static RmsProp of(double rate) {
        return of(Schedule.constant(rate));
    }

    /** RMSProp with decay 0.99 and epsilon 1e-8. */
    public static RmsProp of(Schedule rate) {
        return new RmsProp(rate, 0.99, 1e-8, 0, false, 0);
    }

    /** With another share of the running means that is kept. */
    public RmsProp withDecay(double share) {
        return new RmsProp(rate, share, epsilon, momentum, centered, weightDecay);
    }

    /** With another epsilon. */
    public RmsProp withEpsilon(double value) {
        return new RmsProp(rate, decay, value, momentum, centered, weightDecay);
    }

    /** With momentum. */
    public RmsProp withMomentum(double share) {
        return new RmsProp(rate, decay, epsilon, share, centered, weightDecay);
    }

    /** With the squared mean of the gradients subtracted. */
    public RmsProp withCentering() {
        return new RmsProp(rate, decay, epsilon, momentum, true, weightDecay);
    }

    /** With weight decay, added to the gradient. */
    public RmsProp withWeightDecay(double factor) {
        return new RmsProp(rate, decay, epsilon, momentum, centered, factor);
    }

    @Override
    public List<Slot> slots() {
        List<Slot> slots = new ArrayList<>(List.of(new Slot("square", 0)));
        if (centered) {
            slots.add(new Slot("mean", 0));
        }
        if (momentum > 0) {
            slots.add(new Slot("velocity", 0));
        }
        return List.copyOf(slots);
    }

    @Override
    public Update update(Context context, Tensor param, Tensor gradient, List<Tensor> slots) {
        Tensor g = weightDecay == 0 ? gradient : gradient.add(param.mul(weightDecay));
        Tensor square = Updates.flush(slots.getFirst().mul(decay).add(g.mul(g).mul(1 - decay)));
        List<Tensor> after = new ArrayList<>(List.of(square));
        Tensor variance = square;
        if (centered) {
            Tensor mean = Updates.flush(slots.get(1).mul(decay).add(g.mul(1 - decay)));
            after.add(mean);
            // Rounding alone can make the difference negative.
            variance = square.sub(mean.mul(mean)).maximum(0);
        }
        Tensor direction = g.div(variance.sqrt().add(epsilon));
        if (momentum > 0) {
            direction = Updates.flush(slots.getLast().mul(momentum).add(direction));
            after.add(direction);
        }
        return new Update(param.sub(direction.mul(Updates.as(context.rate(), param))), List.copyOf(after));
    }
}
