package io.tandem.models.classic;

import io.tandem.nn.Activation;
import io.tandem.nn.Dense;
import io.tandem.nn.Initializers;
import io.tandem.nn.Sequential;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Networks of Heaviside units with known weights that compute Boolean functions of inputs 0 and 1. They are layers without
 * anything to learn: a model of them computes the function with its initial values.
 */
public final class LogicNetworks {
    private static final int MOST_INPUTS = 16;

    private LogicNetworks() {}

    /** One unit that is 1 where the weighted inputs reach a threshold: a bias of -threshold. */
    public static Sequential threshold(double threshold, double... weights) {
        return layer(new double[][] {weights}, -threshold);
    }

    /** A number of inputs that are all 1: weights 1, bias -inputs. */
    public static Sequential and(int inputs) {
        return threshold(requireInputs(inputs), ones(inputs));
    }

    /** A number of inputs of which at least one is 1: weights 1, bias -1. */
    public static Sequential or(int inputs) {
        requireInputs(inputs);
        return threshold(1, ones(inputs));
    }

    /** A number of inputs that are not all 1: weights -1, bias inputs - 1. */
    public static Sequential nand(int inputs) {
        double[] weights = new double[requireInputs(inputs)];
        Arrays.fill(weights, -1);
        return threshold(1.0 - inputs, weights);
    }

    /** Exactly one of two inputs: AND of OR and NAND, in two layers. */
    public static Sequential xor() {
        return Sequential.of(layer(new double[][] {{1, 1}, {-1, -1}}, -1, 1), and(2));
    }

    /** {@link #xor} with an output per answer: (1, 0) for true, (0, 1) for false. */
    public static Sequential oneHotXor() {
        // Of the hidden units or and nand: both are 1, or not.
        return Sequential.of(
                layer(new double[][] {{1, 1}, {-1, -1}}, -1, 1), layer(new double[][] {{1, 1}, {-1, -1}}, -2, 1));
    }

    /**
     * Any Boolean function with one hidden layer: its disjunctive normal form. A hidden unit per row of the truth table that
     * is true, which is 1 on that row alone, and an output unit that is 1 if one of them is.
     *
     * @param truth the truth table: element k is the answer for the inputs that are the binary digits of k, the first input
     *     the highest digit; 2, 4, 8... elements, up to 2^16
     * @throws IllegalArgumentException if the number of elements is no power of 2
     */
    public static Sequential ofTruthTable(boolean... truth) {
        int inputs = Integer.numberOfTrailingZeros(Math.max(1, truth.length));
        if (truth.length != 1 << inputs || inputs < 1 || inputs > MOST_INPUTS) {
            throw new IllegalArgumentException(
                    "a truth table of n inputs has 2^n rows, for n from 1 to %d; got %d rows"
                            .formatted(MOST_INPUTS, truth.length));
        }
        List<double[]> weights = new ArrayList<>();
        List<Double> biases = new ArrayList<>();
        for (int row = 0; row < truth.length; row++) {
            if (truth[row]) {
                int k = row;
                weights.add(IntStream.range(0, inputs)
                        .mapToDouble(i -> (k >> (inputs - 1 - i) & 1) == 1 ? 1 : -1)
                        .toArray());
                biases.add((double) -Integer.bitCount(row));
            }
        }
        if (weights.isEmpty()) {
            // Never true: one unit that no row reaches.
            weights.add(new double[inputs]);
            biases.add(-1.0);
        }
        return Sequential.of(
                layer(weights.toArray(double[][]::new),
                        biases.stream().mapToDouble(Double::doubleValue).toArray()),
                or(weights.size()));
    }

    /** Heaviside units with the given weights, one row per unit. */
    private static Sequential layer(double[][] weights, double... biases) {
        int inputs = weights[0].length;
        return Sequential.of(
                Dense.of(weights.length)
                        .withWeights(Initializers.of(NDArray.ofDoubles(
                                Shape.of(weights.length, inputs),
                                Arrays.stream(weights).flatMapToDouble(Arrays::stream).toArray())))
                        .withBias(Initializers.of(NDArray.ofDoubles(Shape.of(weights.length), biases))),
                Activation.heaviside());
    }

    private static double[] ones(int count) {
        double[] ones = new double[count];
        Arrays.fill(ones, 1);
        return ones;
    }

    private static int requireInputs(int inputs) {
        if (inputs < 1) {
            throw new IllegalArgumentException("a gate needs at least 1 input, got " + inputs);
        }
        return inputs;
    }
}
