package io.tandem.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.autodiff.Grad;
import io.tandem.autodiff.Gradients;
import io.tandem.backend.Device;
import io.tandem.data.ArrayDataset;
import io.tandem.nn.Activation;
import io.tandem.nn.Dense;
import io.tandem.nn.Initializers;
import io.tandem.nn.Maxout;
import io.tandem.nn.Mode;
import io.tandem.nn.Model;
import io.tandem.nn.PRelu;
import io.tandem.nn.Sequential;
import io.tandem.reference.Interpreter;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import io.tandem.train.DeadUnits;
import io.tandem.train.State;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Sections 2.2 and 2.3: activations with their derivatives, and dead units. */
@Tag("contract")
class Contract2_2ActivationsTest {
    private static final double[] POINTS = {-3, -1, -0.25, 0.5, 1, 2.5};

    private static void check(Activation f, DoubleUnaryOperator value, DoubleUnaryOperator derivative) {
        NDArray x = Reference.vector(POINTS);
        double[] values = Reference.map(f::forward, x);
        double[] slopes = Reference.map(Grad.grad(t -> f.forward(t).sum()), x);
        for (int i = 0; i < POINTS.length; i++) {
            assertEquals(value.applyAsDouble(POINTS[i]), values[i], 1e-13, f + " of " + POINTS[i]);
            assertEquals(derivative.applyAsDouble(POINTS[i]), slopes[i], 1e-13, f + "' of " + POINTS[i]);
        }
    }

    private static double sigmoid(double x) {
        return 1 / (1 + Math.exp(-x));
    }

    @Test
    void logisticAndTanh() {
        check(Activation.sigmoid(), x -> sigmoid(x), x -> sigmoid(x) * (1 - sigmoid(x)));
        check(Activation.tanh(), Math::tanh, x -> 1 - Math.tanh(x) * Math.tanh(x));
        check(Activation.tanh(), x -> 2 * sigmoid(2 * x) - 1, x -> 4 * sigmoid(2 * x) * (1 - sigmoid(2 * x)));
    }

    @Test
    void rectifiers() {
        check(Activation.relu(), x -> Math.max(0, x), x -> x > 0 ? 1 : 0);
        assertArrayEquals(
                new double[] {0},
                Reference.map(Grad.grad(t -> t.relu().sum()), Reference.vector(0)),
                "derivative of ReLU at 0");
        check(Activation.leakyRelu(), x -> x > 0 ? x : 0.01 * x, x -> x > 0 ? 1 : 0.01);
        check(Activation.elu(), x -> x > 0 ? x : Math.expm1(x), x -> x > 0 ? 1 : Math.exp(x));
        check(Activation.softplus(), x -> Math.log1p(Math.exp(x)), x -> sigmoid(x));
        check(Activation.silu(), x -> x * sigmoid(x), x -> sigmoid(x) * (1 + x * (1 - sigmoid(x))));
        check(Activation.linear(), x -> x, x -> 1);
    }

    /** GELU(1) = Φ(1) = 0.8413447, in the form with tanh 0.8411920 (Hendrycks and Gimpel, 2016). */
    @Test
    void gelu() {
        double root = Math.sqrt(2 / Math.PI);
        check(
                Activation.geluTanh(),
                x -> 0.5 * x * (1 + Math.tanh(root * (x + 0.044715 * x * x * x))),
                x -> {
                    double t = Math.tanh(root * (x + 0.044715 * x * x * x));
                    return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * root * (1 + 3 * 0.044715 * x * x);
                });
        assertEquals(0.8411920, Reference.map(Activation.geluTanh()::forward, Reference.vector(1))[0], 5e-8);
        double phi = 0.8413447460685429;
        assertEquals(phi, Reference.map(Activation.gelu()::forward, Reference.vector(1))[0], 1e-13);
        double density = Math.exp(-0.5) / Math.sqrt(2 * Math.PI);
        assertEquals(
                phi + density,
                Reference.map(Grad.grad(t -> Activation.gelu().forward(t).sum()), Reference.vector(1))[0],
                1e-13);
    }

    @Test
    void softmaxIsAProbabilityAndTellsANine() {
        // Ten logits, as of a classifier of digits: the last element is the probability of being a 9.
        double[] logits = {0, -1, 2, 0.5, 0, 0, 1, -2, 0, 4};
        double[] p = Reference.map(Activation.softmax(0)::forward, Reference.vector(logits));
        assertTrue(Arrays.stream(p).allMatch(v -> v >= 0 && v <= 1));
        assertEquals(1, Arrays.stream(p).sum(), 1e-14);
        assertEquals(
                Math.exp(4) / Arrays.stream(logits).map(Math::exp).sum(), p[9], 1e-14);
    }

    @Test
    void stepsAreForwardOnly() {
        for (Activation step : new Activation[] {
            Activation.heaviside(), Activation.sign(), Activation.bipolarStep()
        }) {
            double[] slopes = Reference.map(Grad.grad(t -> step.forward(t).sum()), Reference.vector(POINTS));
            assertArrayEquals(new double[POINTS.length], slopes, step.toString());
        }
    }

    @Test
    void maxoutTakesTheLargestAndItsGradientGoesThere() {
        NDArray x = NDArray.ofDoubles(Shape.of(1, 6), 1, 5, 2, -3, -1, -2);
        assertArrayEquals(new double[] {5, -1}, Reference.map(Maxout.of(3)::forward, x));
        assertArrayEquals(
                new double[] {0, 1, 0, 0, 1, 0}, Reference.map(Grad.grad(t -> Maxout.of(3).forward(t).sum()), x));
    }

    /** Noise of variance sigmoid(x): at x = 3 it is 0.9526, and max(0, ·) rarely bites. */
    @Test
    void noisyReluIsNoisyInTrainingAlone() {
        NDArray x = NDArray.full(TensorType.f32(40_000, 1), 3);
        Model model = Model.of(Activation.noisyRelu(), 1);
        double[] y = Reference.predict(model, Mode.TRAINING, x).toDoubles();
        assertTrue(Arrays.stream(y).allMatch(v -> v >= 0));
        double mean = Arrays.stream(y).average().orElseThrow();
        double variance = Arrays.stream(y).map(v -> (v - 3) * (v - 3)).average().orElseThrow();
        assertEquals(3, mean, 0.02);
        assertEquals(0.9526, variance, 0.03);
        assertArrayEquals(x.toDoubles(), Reference.predict(model, Mode.INFERENCE, x).toDoubles());
    }

    @Test
    void preluLearnsItsSlope() {
        Model model = Model.of(PRelu.of(), 3);
        NDArray x = NDArray.of(Shape.of(1, 3), -2, 0.5f, -1);
        assertArrayEquals(
                new double[] {-0.5, 0.5, -0.25}, Reference.predict(model, Mode.INFERENCE, x).toDoubles());
        assertTrue(model.variables().get("weight").trainable());
        // d Σ y / d slope = the sum of the negative inputs.
        Model.Traced traced = model.trace(Mode.TRAINING, 1);
        var weight = traced.trace().params().get("weight");
        var graph = traced.trace().graph();
        graph.output(
                "slope",
                Gradients.of(traced.outputs().getFirst().sum(), List.of(weight))
                        .getFirst());
        assertEquals(
                -3,
                new Interpreter()
                        .run(graph, Map.of("input.0", x, "weight", NDArray.of(Shape.of(1), 0.25f)))
                        .get("slope")
                        .item());
    }

    /** 2.3: of four units two have a bias that no input of the data overcomes. */
    @Test
    void deadUnitsAreCounted() {
        Model model = Model.of(
                Sequential.of(
                        Dense.of(4)
                                .withWeights(Initializers.constant(1))
                                .withBias(Initializers.of(NDArray.of(Shape.of(4), 0, -10, 1, -2.1f))),
                        Activation.relu(),
                        Dense.of(2).withWeights(Initializers.constant(1)),
                        Activation.relu()),
                2);
        ArrayDataset data = ArrayDataset.of(NDArray.of(Shape.of(3, 2), 1, 1, 0, -1, 0.5f, 0));
        try (Device device = Device.of("cpu"); State state = State.of(model, device, 1)) {
            DeadUnits dead = DeadUnits.measure(model, state, data, 2);
            assertEquals(2, dead.layers().size());
            assertEquals(new DeadUnits.Layer("1", 4, 2), dead.layers().getFirst());
            assertEquals(0.5, dead.layers().getFirst().share());
            assertEquals(new DeadUnits.Layer("3", 2, 0), dead.layers().getLast());
            assertEquals(2 / 6.0, dead.share(), 1e-15);
            assertEquals("1: 2 of 4 units dead (50.0 %)\n3: 0 of 2 units dead (0.0 %)", dead.toString());
            Model smooth = Model.of(Sequential.of(Dense.of(3), Activation.tanh()), 2);
            try (State other = State.of(smooth, device, 1)) {
                assertEquals(
                        "the model has no ReLU, so it has no dead units",
                        assertThrows(
                                IllegalArgumentException.class,
                                () -> DeadUnits.measure(smooth, other, data, 2))
                                .getMessage());
            }
        }
    }
}
