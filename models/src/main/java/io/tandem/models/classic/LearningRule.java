package io.tandem.models.classic;

import io.tandem.graph.Tensor;

/**
 * How a unit learns from one sample without a gradient: Δw = signal · x and Δb = signal · 1, since a bias is a weight on a
 * constant input of 1.
 */
public sealed interface LearningRule {
    /** The learning rate η. */
    double rate();

    /**
     * What the inputs are multiplied by.
     *
     * @param output what the units yield, [units]
     * @param target what they should yield, [units]
     * @return [units]
     */
    Tensor signal(Tensor output, Tensor target);

    /**
     * The changes of the weights for one sample.
     *
     * @param x the inputs, [inputs]
     * @param output what the units yield, [units]
     * @param target what they should yield, [units]
     * @return [units, inputs]
     */
    default Tensor weightChange(Tensor x, Tensor output, Tensor target) {
        return signal(output, target).expandDims(1).mul(x.expandDims(0));
    }

    /**
     * Hebb's rule: Δw = η x y, where the activity y of a unit is the one that the target imposes (Hebb, 1949). Weights grow
     * without bound: the rule looks at no output.
     */
    record Hebb(double rate) implements LearningRule {
        /** Checks the rate. */
        public Hebb {
            requirePositive("Hebb's rule", rate);
        }

        @Override
        public Tensor signal(Tensor output, Tensor target) {
            return target.mul(rate);
        }
    }

    /**
     * The perceptron rule: Δw = η (y - ŷ) x with target y and output ŷ (Rosenblatt, 1958). A right output changes nothing, a
     * low one raises the sum of its inputs, a high one lowers it.
     */
    record PerceptronRule(double rate) implements LearningRule {
        /** Checks the rate. */
        public PerceptronRule {
            requirePositive("the perceptron rule", rate);
        }

        @Override
        public Tensor signal(Tensor output, Tensor target) {
            return target.sub(output).mul(rate);
        }
    }

    /** Hebb's rule. */
    static LearningRule hebb(double rate) {
        return new Hebb(rate);
    }

    /** The perceptron rule. */
    static LearningRule perceptron(double rate) {
        return new PerceptronRule(rate);
    }

    private static void requirePositive(String rule, double rate) {
        if (!(rate > 0 && Double.isFinite(rate))) {
            throw new IllegalArgumentException(rule + ": the learning rate must be positive, got " + rate);
        }
    }
}
