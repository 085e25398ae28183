package io.tandem.autodiff;

import io.tandem.graph.Graph;
import io.tandem.graph.GraphException;
import io.tandem.graph.Tensor;
import io.tandem.reference.Interpreter;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Compares gradients with difference quotients, in float64 on the reference.
 *
 * <p>For a function f with inputs x, the loss L(x) = Σ r·f(x) with random weights r is one number that depends on all
 * results. Its gradient g is compared with (L(x + h d) - L(x - h d)) / 2h, along a random direction d in all inputs at
 * once, and for few inputs also along each axis alone. The same is done for S(x) = Σ v·g(x) with random weights v,
 * whose gradient takes derivatives of the gradient's own operations: the second order.
 *
 * <p>The step is h = 1e-5. The quotient's truncation error is h²/6 times the third derivative, about 2e-11 for
 * functions on the scale of 1; its rounding error is about 1e-16 |L| / h = 1e-11 |L|, where |L| is the sum of the
 * terms' sizes. A difference is a fault above {@value #TOLERANCE} times the larger of 1, both numbers, and |L|: far
 * above the noise, and far below what a wrong factor or a forgotten term makes of inputs on the scale of 1. Inputs must
 * be further than h from kinks.
 */
public final class GradientCheck {
    private static final double STEP = 1e-5;
    private static final double TOLERANCE = 1e-7;

    /** Up to this many elements of all inputs, each is checked alone. */
    private static final int ALL_ELEMENTS = 64;

    private GradientCheck() {}

    /**
     * A gradient that differs from the difference quotient.
     *
     * @param order 1 for the gradient, 2 for the gradient of the gradient
     * @param input number of the input; -1 for the direction through all inputs
     * @param index position of the element in the input; empty for the direction
     * @param gradient what differentiation yields
     * @param quotient what the values yield
     */
    public record Fault(int order, int input, List<Integer> index, double gradient, double quotient) {
        @Override
        public String toString() {
            String where = input < 0 ? "along a direction" : "at input %d, element %s".formatted(input, index);
            return "order %d %s: gradient %s, difference quotient %s".formatted(order, where, gradient, quotient);
        }
    }

    /**
     * What a check found.
     *
     * @param name what was checked
     * @param comparisons number of numbers compared
     * @param worst largest difference, relative to the scale of the numbers
     * @param faults the differences that are too large
     */
    public record Report(String name, int comparisons, double worst, List<Fault> faults) {
        /** Whether there is no fault. */
        public boolean passed() {
            return faults.isEmpty();
        }

        /** The name with the result in one line, then each fault in one. */
        @Override
        public String toString() {
            return "%s: %d comparisons, worst difference %.2g, %d faults"
                    .formatted(name, comparisons, worst, faults.size())
                    + faults.stream().map(fault -> "\n  " + fault).collect(Collectors.joining());
        }
    }

    /**
     * Checks first and second derivatives.
     *
     * @param name what is checked, for the report
     * @param f from the inputs to the results; it must add the same operations each time
     * @param inputs values; floating ones must be of float64 and are differentiated, others are held fixed
     * @throws GraphException if there is nothing to differentiate, or a floating input is not of float64
     */
    public static Report check(String name, Function<List<Tensor>, List<Tensor>> f, List<NDArray> inputs) {
        List<Integer> floating = new ArrayList<>();
        for (int i = 0; i < inputs.size(); i++) {
            DType dtype = inputs.get(i).dtype();
            if (dtype == DType.F64) {
                floating.add(i);
            } else if (dtype.isFloating()) {
                throw new GraphException("%s: gradients are checked in float64, input %d is %s"
                        .formatted(name, i, inputs.get(i).type()));
            }
        }
        if (floating.isEmpty()) {
            throw new GraphException(name + ": no input is floating, there is nothing to differentiate");
        }
        return new Comparison(name, f, inputs, floating).report();
    }

    /** One check in progress. */
    private static final class Comparison {
        private final String name;
        private final List<NDArray> inputs;
        private final List<Integer> floating;
        private final Graph values;
        private final Graph gradients;
        private final List<Fault> faults = new ArrayList<>();
        private double worst;
        private int comparisons;

        Comparison(String name, Function<List<Tensor>, List<Tensor>> f, List<NDArray> inputs, List<Integer> floating) {
            this.name = name;
            this.inputs = inputs;
            this.floating = floating;
            this.values = build(f, false);
            this.gradients = build(f, true);
        }

        /** A graph with the losses of both orders and the sizes of their terms, or with both gradients. */
        private Graph build(Function<List<Tensor>, List<Tensor>> f, boolean withGradients) {
            Graph graph = new Graph();
            List<Tensor> x = IntStream.range(0, inputs.size())
                    .mapToObj(i -> graph.input("x" + i, inputs.get(i).type()))
                    .toList();
            List<Tensor> wrt = floating.stream().map(x::get).toList();
            List<Tensor> results = f.apply(x).stream()
                    .filter(y -> y.dtype() == DType.F64)
                    .toList();
            if (results.isEmpty()) {
                throw new GraphException(name + ": no result is of float64, there is nothing to differentiate");
            }
            List<Tensor> weights = weights(graph, results, 1);
            Tensor loss = total(results, weights, false);
            List<Tensor> first = Gradients.of(loss, wrt);
            List<Tensor> firstWeights = weights(graph, first, 2);
            Tensor firstLoss = total(first, firstWeights, false);
            if (withGradients) {
                List<Tensor> second = Gradients.of(firstLoss, wrt);
                for (int i = 0; i < wrt.size(); i++) {
                    graph.output("first" + i, first.get(i));
                    graph.output("second" + i, second.get(i));
                }
            } else {
                graph.output("loss1", loss);
                graph.output("size1", total(results, weights, true));
                graph.output("loss2", firstLoss);
                graph.output("size2", total(first, firstWeights, true));
            }
            return graph.freeze();
        }

        private static List<Tensor> weights(Graph graph, List<Tensor> tensors, long seed) {
            SplittableRandom random = new SplittableRandom(seed);
            return tensors.stream()
                    .map(t -> graph.constant(NDArray.generate(t.type(), i -> random.nextDouble(-1, 1))))
                    .toList();
        }

        private static Tensor total(List<Tensor> tensors, List<Tensor> weights, boolean sizes) {
            List<Tensor> terms = IntStream.range(0, tensors.size())
                    .mapToObj(i -> tensors.get(i).mul(weights.get(i)))
                    .map(term -> (sizes ? term.abs() : term).sum())
                    .toList();
            return terms.stream().reduce(Tensor::add).orElseThrow();
        }

        Report report() {
            Map<String, NDArray> exact = new Interpreter().run(gradients, bind(inputs));
            Map<String, NDArray> at = new Interpreter().run(values, bind(inputs));
            SplittableRandom random = new SplittableRandom(3);
            List<double[]> direction = floating.stream()
                    .map(i -> random.doubles(inputs.get(i).shape().size(), -1, 1).toArray())
                    .toList();
            compare(exact, at, direction, -1, -1);
            long elements =
                    floating.stream().mapToLong(i -> inputs.get(i).shape().size()).sum();
            if (elements <= ALL_ELEMENTS) {
                for (int k = 0; k < floating.size(); k++) {
                    for (int element = 0; element < direction.get(k).length; element++) {
                        List<double[]> axis = floating.stream()
                                .map(i -> new double[Math.toIntExact(inputs.get(i).shape().size())])
                                .toList();
                        axis.get(k)[element] = 1;
                        compare(exact, at, axis, k, element);
                    }
                }
            }
            return new Report(name, comparisons, worst, List.copyOf(faults));
        }

        private void compare(
                Map<String, NDArray> exact, Map<String, NDArray> at, List<double[]> direction, int input, int element) {
            Map<String, NDArray> above = new Interpreter().run(values, bind(moved(direction, STEP)));
            Map<String, NDArray> below = new Interpreter().run(values, bind(moved(direction, -STEP)));
            for (int order = 1; order <= 2; order++) {
                String loss = "loss" + order;
                double quotient = (above.get(loss).item() - below.get(loss).item()) / (2 * STEP);
                double gradient = 0;
                for (int k = 0; k < direction.size(); k++) {
                    double[] g = exact.get((order == 1 ? "first" : "second") + k).toDoubles();
                    for (int i = 0; i < g.length; i++) {
                        gradient += g[i] * direction.get(k)[i];
                    }
                }
                double scale = Math.max(1, at.get("size" + order).item());
                scale = Math.max(scale, Math.max(Math.abs(gradient), Math.abs(quotient)));
                double difference = Math.abs(gradient - quotient) / scale;
                comparisons++;
                worst = Math.max(worst, difference);
                // Written so that NaN is a fault.
                if (!(difference <= TOLERANCE)) {
                    faults.add(new Fault(
                            order,
                            input < 0 ? -1 : floating.get(input),
                            input < 0 ? List.of() : index(inputs.get(floating.get(input)), element),
                            gradient,
                            quotient));
                }
            }
        }

        private List<NDArray> moved(List<double[]> direction, double step) {
            List<NDArray> moved = new ArrayList<>(inputs);
            for (int k = 0; k < direction.size(); k++) {
                double[] d = direction.get(k);
                NDArray x = inputs.get(floating.get(k));
                moved.set(floating.get(k), NDArray.generate(x.type(), i -> x.getDouble(i) + step * d[i]));
            }
            return moved;
        }

        /** The values that the graph has inputs for. */
        private static Map<String, NDArray> bind(List<NDArray> values) {
            return IntStream.range(0, values.size()).boxed().collect(Collectors.toMap(i -> "x" + i, values::get));
        }

        private static List<Integer> index(NDArray array, int flat) {
            long[] strides = array.shape().strides();
            int[] index = new int[strides.length];
            long rest = flat;
            for (int i = 0; i < index.length; i++) {
                index[i] = (int) (rest / strides[i]);
                rest %= strides[i];
            }
            return Arrays.stream(index).boxed().toList();
        }
    }
}
