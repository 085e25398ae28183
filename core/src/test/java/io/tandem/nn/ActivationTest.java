package io.tandem.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.autodiff.Gradients;
import io.tandem.graph.Graph;
import io.tandem.graph.Tensor;
import io.tandem.reference.Interpreter;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Tag("contract")
class ActivationTest {
    private static final double[] POINTS = {-800, -30, -6.5, -3.2, -2.5, -1, -0.3, 0.2, 1, 2, 2.9, 4.5, 6.2, 25, 800};

    /** Activations with their value and derivative by textbook formulas, in forms that are exact enough everywhere. */
    private enum Formula {
        LINEAR(Activation.linear(), x -> x, x -> 1),
        RELU(Activation.relu(), x -> Math.max(0, x), x -> x > 0 ? 1 : 0),
        RELU6(Activation.relu6(), x -> Math.clamp(x, 0, 6), x -> x > 0 && x < 6 ? 1 : 0),
        LEAKY_RELU(Activation.leakyRelu(), x -> x > 0 ? x : 0.01 * x, x -> x > 0 ? 1 : 0.01),
        ELU(Activation.elu(1.5), x -> x > 0 ? x : 1.5 * Math.expm1(x), x -> x > 0 ? 1 : 1.5 * Math.exp(x)),
        SELU(
                Activation.selu(),
                x -> 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * Math.expm1(x)),
                x -> 1.0507009873554805 * (x > 0 ? 1 : 1.6732632423543772 * Math.exp(x))),
        CELU(Activation.celu(2), x -> x > 0 ? x : 2 * Math.expm1(x / 2), x -> x > 0 ? 1 : Math.exp(x / 2)),
        SOFTPLUS(Activation.softplus(), ActivationTest::softplus, ActivationTest::logistic),
        SOFTSIGN(Activation.softsign(), x -> x / (1 + Math.abs(x)), x -> 1 / Math.pow(1 + Math.abs(x), 2)),
        SIGMOID(Activation.sigmoid(), ActivationTest::logistic, x -> logistic(x) * logistic(-x)),
        LOG_SIGMOID(Activation.logSigmoid(), x -> -softplus(-x), x -> logistic(-x)),
        TANH(Activation.tanh(), Math::tanh, x -> 1 - Math.tanh(x) * Math.tanh(x)),
        HARD_TANH(Activation.hardTanh(-2, 3), x -> Math.clamp(x, -2, 3), x -> x > -2 && x < 3 ? 1 : 0),
        HARD_SIGMOID(
                Activation.hardSigmoid(), x -> Math.clamp(x / 6 + 0.5, 0, 1), x -> x > -3 && x < 3 ? 1 / 6.0 : 0),
        HARD_SWISH(
                Activation.hardSwish(),
                x -> x * Math.clamp(x / 6 + 0.5, 0, 1),
                x -> x <= -3 ? 0 : x >= 3 ? 1 : x / 3 + 0.5),
        SILU(Activation.silu(), x -> x * logistic(x), x -> logistic(x) * (1 + x * logistic(-x))),
        MISH(Activation.mish(), x -> x * Math.tanh(softplus(x)), x -> {
            double t = Math.tanh(softplus(x));
            return t + x * logistic(x) * (1 - t * t);
        });

        private final Activation activation;
        private final DoubleUnaryOperator value;
        private final DoubleUnaryOperator derivative;

        Formula(Activation activation, DoubleUnaryOperator value, DoubleUnaryOperator derivative) {
            this.activation = activation;
            this.value = value;
            this.derivative = derivative;
        }
    }

    private static double logistic(double x) {
        return x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x));
    }

    private static double softplus(double x) {
        return Math.max(0, x) + Math.log1p(Math.exp(-Math.abs(x)));
    }

    @ParameterizedTest
    @EnumSource
    void valuesAndDerivatives(Formula formula) {
        for (DType dtype : List.of(DType.F32, DType.F64)) {
            double tolerance = dtype == DType.F32 ? 1e-6 : 1e-14;
            double[][] both = valueAndDerivative(formula.activation, dtype, POINTS);
            for (int i = 0; i < POINTS.length; i++) {
                double x = dtype.round(POINTS[i]);
                double value = formula.value.applyAsDouble(x);
                double derivative = formula.derivative.applyAsDouble(x);
                assertEquals(value, both[0][i], tolerance * Math.max(1, Math.abs(value)), formula + " of " + x);
                assertEquals(derivative, both[1][i], 4 * tolerance, "derivative of " + formula + " at " + x);
            }
        }
    }

    @Test
    void derivativesAtKinksAreThoseOfPyTorch() {
        assertEquals(0, derivativeAt(Activation.relu(), 0));
        assertEquals(0.01, derivativeAt(Activation.leakyRelu(), 0), 1e-15);
        assertEquals(1, derivativeAt(Activation.elu(), 0));
        assertEquals(0.5, derivativeAt(Activation.softplus(), 0));
        assertEquals(0, derivativeAt(Activation.relu6(), 6));
        assertEquals(0, derivativeAt(Activation.relu6(), 0));
        assertEquals(1, derivativeAt(Activation.softsign(), 0));
    }

    @Test
    void tanhIsAScaledSigmoid() {
        double[] z = {-2, -0.5, 0, 0.7, 3};
        double[] tanh = valueAndDerivative(Activation.tanh(), DType.F64, z)[0];
        double[] twice = java.util.Arrays.stream(z).map(v -> 2 * v).toArray();
        double[] sigmoid = valueAndDerivative(Activation.sigmoid(), DType.F64, twice)[0];
        for (int i = 0; i < z.length; i++) {
            assertEquals(2 * sigmoid[i] - 1, tanh[i], 1e-15);
        }
    }

    @Test
    void stepFunctions() {
        double[] x = {-2, -1e-9, 0, 3};
        assertArrayEquals(new double[] {0, 0, 1, 1}, valueAndDerivative(Activation.heaviside(), DType.F32, x)[0]);
        assertArrayEquals(new double[] {-1, -1, 0, 1}, valueAndDerivative(Activation.sign(), DType.F32, x)[0]);
        assertArrayEquals(new double[4], valueAndDerivative(Activation.heaviside(), DType.F32, x)[1]);
    }

    @Test
    void softmaxIsAProbability() {
        NDArray x = NDArray.of(Shape.of(2, 3), 1000, 1001, 1002, -3, 0, 3);
        NDArray y = LayerRun.output(Activation.softmax(), Mode.INFERENCE, x);
        for (int row = 0; row < 2; row++) {
            double sum = 0;
            for (int i = 0; i < 3; i++) {
                double p = y.getDouble(3 * row + i);
                assertTrue(p >= 0 && p <= 1);
                sum += p;
            }
            assertEquals(1, sum, 1e-6);
        }
        NDArray logs = LayerRun.output(Activation.logSoftmax(), Mode.INFERENCE, x);
        for (int i = 0; i < 6; i++) {
            assertEquals(Math.log(y.getDouble(i)), logs.getDouble(i), 1e-5);
        }
    }

    @Test
    void noisyReluHasNoiseOfTheRightVarianceInTraining() {
        NDArray x = NDArray.full(io.tandem.tensor.TensorType.f32(20_000, 1), 10);
        NDArray y = LayerRun.output(Activation.noisyRelu(), Mode.TRAINING, x);
        double mean = 0;
        double square = 0;
        for (int i = 0; i < 20_000; i++) {
            double d = y.getDouble(i) - 10;
            mean += d / 20_000;
            square += d * d / 20_000;
        }
        assertEquals(0, mean, 0.03);
        assertEquals(1, square, 0.05);
        assertEquals(x, LayerRun.output(Activation.noisyRelu(), Mode.INFERENCE, x));
    }

    @Test
    void maxoutTakesTheLargestOfEachGroup() {
        NDArray x = NDArray.of(Shape.of(1, 6), 1, 5, 2, -3, -1, -2);
        assertArrayEquals(
                new float[] {5, -1}, LayerRun.output(Maxout.of(3), Mode.INFERENCE, x).toFloats());
        NDArray image = NDArray.of(Shape.of(1, 4, 1, 2), 1, 2, 3, 0, 7, 7, 8, 6);
        assertArrayEquals(
                new float[] {3, 2, 8, 7},
                LayerRun.output(Maxout.of(2).withAxis(1), Mode.INFERENCE, image).toFloats());
    }

    private static double derivativeAt(Activation activation, double x) {
        return valueAndDerivative(activation, DType.F64, x)[1][0];
    }

    private static double[][] valueAndDerivative(Activation activation, DType dtype, double... points) {
        Graph graph = new Graph();
        NDArray x = NDArray.ofDoubles(Shape.of(points.length), points).cast(dtype);
        Tensor input = graph.input("x", x.type());
        Tensor y = activation.forward(input);
        graph.output("y", y);
        graph.output("dy", Gradients.of(y.sum(), List.of(input)).getFirst());
        var results = new Interpreter().run(graph, java.util.Map.of("x", x));
        return new double[][] {results.get("y").toDoubles(), results.get("dy").toDoubles()};
    }
}
