package io.tandem.optim;

import io.tandem.graph.Tensor;
import java.util.List;

/**
 * Stochastic gradient descent, with momentum (Polyak, 1964) or Nesterov's form of it (Sutskever et al., 2013). The
 * velocity is v = momentum v + (1 - dampening) g, starting with the first gradient; the step is rate v, or rate (g +
 * momentum v) in Nesterov's form.
 *
 * @param rate learning rate
 * @param momentum share of the velocity that is kept; 0 for none
 * @param dampening share of the gradient that does not enter the velocity
 * @param nesterov whether Nesterov's form is used
 * @param weightDecay added to the gradient as weightDecay times the parameter
 */
public record Sgd(Schedule rate, double momentum, double dampening, boolean nesterov, double weightDecay)
        implements Optimizer {
    /** Checks the numbers. */
    public Sgd {
        Updates.requireDecay("SGD", weightDecay);
        if (momentum < 0 || nesterov && (momentum == 0 || dampening != 0)) {
            throw new IllegalArgumentException(
                    "SGD: momentum must not be negative; Nesterov needs momentum above 0 and no dampening");
        }
    }

    /** Plain gradient descent. */
    public static Sgd of(double rate) {
        return of(Schedule.constant(rate));
    }

    /** Plain gradient descent. */
    public static Sgd of(Schedule rate) {
        return new Sgd(rate, 0, 0, false, 0);
    }

    /** With momentum, as a rule 0.9. */
    public Sgd withMomentum(double share) {
        return new Sgd(rate, share, dampening, nesterov, weightDecay);
    }

    /** With momentum in Nesterov's form. */
    public Sgd withNesterov(double share) {
        return new Sgd(rate, share, 0, true, weightDecay);
    }

    /** With weight decay, added to the gradient. */
    public Sgd withWeightDecay(double factor) {
        return new Sgd(rate, momentum, dampening, nesterov, factor);
    }

    @Override
    public List<Slot> slots() {
        return momentum == 0 ? List.of() : List.of(new Slot("velocity", 0));
    }

    @Override
    public Update update(Context context, Tensor param, Tensor gradient, List<Tensor> slots) {
        Tensor g = weightDecay == 0 ? gradient : gradient.add(param.mul(weightDecay));
        Tensor scaled = Updates.as(context.rate(), param);
        if (momentum == 0) {
            return new Update(param.sub(g.mul(scaled)), List.of());
        }
        Tensor entering = g;
        if (dampening != 0) {
            // The first gradient enters whole.
            Tensor share = context.step().le(1).select(context.step().like(1), context.step().like(1 - dampening));
            entering = g.mul(Updates.as(share, param));
        }
        Tensor velocity = Updates.flush(slots.getFirst().mul(momentum).add(entering));
        Tensor direction = nesterov ? g.add(velocity.mul(momentum)) : velocity;
        return new Update(param.sub(direction.mul(scaled)), List.of(velocity));
    }
}
