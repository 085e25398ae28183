package io.tandem.optim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.autodiff.Gradients;
import io.tandem.graph.Graph;
import io.tandem.graph.Tensor;
import io.tandem.reference.Interpreter;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Each optimizer against its equations, written out for one number, on the way down a quartic. */
@Tag("contract")
class OptimizerTest {
    private static final int STEPS = 12;
    private static final double START = 1.7;

    /** The equations of one optimizer: from (parameter, gradient, step from 1) to the next parameter. */
    private interface Equations {
        double next(double p, double g, int step);
    }

    private record Case(String name, Optimizer optimizer, Equations equations) {}

    private static double gradient(double x) {
        return 4 * x * x * x - x + 0.3;
    }

    private static List<Double> trajectory(Optimizer optimizer) {
        Graph graph = new Graph();
        Tensor p = graph.constant(NDArray.ofDoubles(Shape.of(1), START));
        List<Tensor> slots =
                optimizer.slots().stream().map(s -> graph.full(TensorType.of(DType.F64, 1), s.initial())).toList();
        for (int i = 0; i < STEPS; i++) {
            Tensor loss = p.pow(4).sub(p.square().mul(0.5)).add(p.mul(0.3)).sum();
            Tensor done = graph.constant(DType.F64, i);
            Optimizer.Context context =
                    new Optimizer.Context(done.add(1), optimizer.rate().at(done));
            Optimizer.Update update =
                    optimizer.update(context, p, Gradients.of(loss, List.of(p)).getFirst(), slots);
            assertEquals(optimizer.slots().size(), update.slots().size());
            p = update.param();
            slots = update.slots();
            graph.output("p" + i, p);
        }
        List<Double> values = new ArrayList<>();
        Map<String, NDArray> results = new Interpreter().run(graph, Map.of());
        results.values().forEach(v -> values.add(v.item()));
        return values;
    }

    @TestFactory
    Stream<DynamicTest> followTheirEquations() {
        return cases().stream().map(c -> DynamicTest.dynamicTest(c.name(), () -> {
            double p = START;
            List<Double> values = trajectory(c.optimizer());
            for (int i = 0; i < STEPS; i++) {
                p = c.equations().next(p, gradient(p), i + 1);
                assertEquals(p, values.get(i), 1e-12, "after step " + (i + 1));
            }
        }));
    }

    private static List<Case> cases() {
        double[] s = new double[64];
        return List.of(
                new Case("SGD", Sgd.of(0.02), (p, g, t) -> p - 0.02 * g),
                new Case("momentum", Sgd.of(0.01).withMomentum(0.9).withWeightDecay(0.1), (p, g, t) -> {
                    s[0] = t == 1 ? g + 0.1 * p : 0.9 * s[0] + g + 0.1 * p;
                    return p - 0.01 * s[0];
                }),
                new Case("Nesterov", Sgd.of(0.01).withNesterov(0.8), (p, g, t) -> {
                    s[1] = 0.8 * s[1] + g;
                    return p - 0.01 * (g + 0.8 * s[1]);
                }),
                new Case("AdaGrad", AdaGrad.of(0.1).withRateDecay(0.05).withWeightDecay(0.2).withInitialSum(0.5),
                        (p, g, t) -> {
                            double d = g + 0.2 * p;
                            s[2] = (t == 1 ? 0.5 : s[2]) + d * d;
                            return p - 0.1 / (1 + (t - 1) * 0.05) * d / (Math.sqrt(s[2]) + 1e-10);
                        }),
                new Case("RMSProp", RmsProp.of(0.01), (p, g, t) -> {
                    s[3] = 0.99 * s[3] + 0.01 * g * g;
                    return p - 0.01 * g / (Math.sqrt(s[3]) + 1e-8);
                }),
                new Case(
                        "RMSProp, centered, momentum",
                        RmsProp.of(0.01).withDecay(0.9).withCentering().withMomentum(0.7).withWeightDecay(0.1)
                                .withEpsilon(1e-3),
                        (p, g, t) -> {
                            double d = g + 0.1 * p;
                            s[4] = 0.9 * s[4] + 0.1 * d * d;
                            s[5] = 0.9 * s[5] + 0.1 * d;
                            s[6] = 0.7 * s[6] + d / (Math.sqrt(s[4] - s[5] * s[5]) + 1e-3);
                            return p - 0.01 * s[6];
                        }),
                new Case("AdaDelta", AdaDelta.of(1).withWeightDecay(0.1), (p, g, t) -> {
                    double d = g + 0.1 * p;
                    s[7] = 0.9 * s[7] + 0.1 * d * d;
                    double step = Math.sqrt(s[8] + 1e-6) / Math.sqrt(s[7] + 1e-6) * d;
                    s[8] = 0.9 * s[8] + 0.1 * step * step;
                    return p - step;
                }),
                new Case("Adam", Adam.of(0.05).withWeightDecay(0.1), (p, g, t) -> {
                    double d = g + 0.1 * p;
                    s[9] = 0.9 * s[9] + 0.1 * d;
                    s[10] = 0.999 * s[10] + 0.001 * d * d;
                    double first = s[9] / (1 - Math.pow(0.9, t));
                    double second = s[10] / (1 - Math.pow(0.999, t));
                    return p - 0.05 * first / (Math.sqrt(second) + 1e-8);
                }),
                new Case("AdamW", Adam.adamW(0.05, 0.1), (p, g, t) -> {
                    s[11] = 0.9 * s[11] + 0.1 * g;
                    s[12] = 0.999 * s[12] + 0.001 * g * g;
                    double first = s[11] / (1 - Math.pow(0.9, t));
                    double second = s[12] / (1 - Math.pow(0.999, t));
                    return p * (1 - 0.05 * 0.1) - 0.05 * first / (Math.sqrt(second) + 1e-8);
                }),
                new Case("Adam, largest second moment", Adam.of(0.05).withBetas(0.8, 0.5).withAmsgrad(), (p, g, t) -> {
                    s[13] = 0.8 * s[13] + 0.2 * g;
                    s[14] = 0.5 * s[14] + 0.5 * g * g;
                    s[15] = Math.max(s[15], s[14]);
                    double first = s[13] / (1 - Math.pow(0.8, t));
                    double second = s[15] / (1 - Math.pow(0.5, t));
                    return p - 0.05 * first / (Math.sqrt(second) + 1e-8);
                }),
                new Case("LAMB", Lamb.of(0.05).withWeightDecay(0.02), (p, g, t) -> {
                    s[16] = 0.9 * s[16] + 0.1 * g;
                    s[17] = 0.999 * s[17] + 0.001 * g * g;
                    double first = s[16] / (1 - Math.pow(0.9, t));
                    double second = s[17] / (1 - Math.pow(0.999, t));
                    double direction = first / (Math.sqrt(second) + 1e-6) + 0.02 * p;
                    return p - 0.05 * Math.abs(p) / Math.abs(direction) * direction;
                }));
    }

    @Test
    void momentumTendsToTheGradientOverOneMinusItsShare() {
        Optimizer optimizer = Sgd.of(0.1).withMomentum(0.9);
        Graph graph = new Graph();
        Tensor p = graph.constant(DType.F64, 0);
        Tensor one = graph.constant(DType.F64, 1);
        List<Tensor> slots = List.of(graph.constant(DType.F64, 0));
        Tensor before = p;
        for (int i = 0; i < 200; i++) {
            Optimizer.Update update = optimizer.update(
                    new Optimizer.Context(one, optimizer.rate().at(one)), p, one, slots);
            before = p;
            p = update.param();
            slots = update.slots();
        }
        graph.output("step", before.sub(p));
        assertEquals(
                0.1 / (1 - 0.9), new Interpreter().run(graph, Map.of()).get("step").item(), 1e-8);
    }

    @Test
    void float32ParametersStayFloat32() {
        for (Optimizer optimizer : List.of(Sgd.of(0.1), AdaGrad.of(0.1), RmsProp.of(0.1), AdaDelta.of(), Adam.of(0.1),
                Lamb.of(0.1))) {
            Graph graph = new Graph();
            Tensor p = graph.full(TensorType.f32(2, 3), 1);
            Tensor step = graph.constant(DType.F64, 1);
            List<Tensor> slots = optimizer.slots().stream().map(s -> graph.full(p.type(), s.initial())).toList();
            Optimizer.Update update =
                    optimizer.update(new Optimizer.Context(step, optimizer.rate().at(step)), p, p.mul(2), slots);
            assertEquals(p.type(), update.param().type());
            update.slots().forEach(s -> assertEquals(p.type(), s.type()));
            graph.output("p", update.param());
            assertTrue(new Interpreter().run(graph, Map.of()).get("p").getDouble(0) < 1, optimizer.toString());
        }
    }

    @Test
    void badNumbersAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> AdaGrad.of(0.1).withEpsilon(-1));
        assertThrows(IllegalArgumentException.class, () -> RmsProp.of(0.1).withDecay(1));
        assertThrows(IllegalArgumentException.class, () -> AdaDelta.of().withDecay(-0.1));
        assertThrows(IllegalArgumentException.class, () -> new Lamb(Schedule.constant(1), 1, 0.9, 0, 0));
    }

    @Test
    void numbersThatMakeNoSenseAreRefused() {
        for (double rate : new double[] {-1, Double.NaN, Double.POSITIVE_INFINITY}) {
            assertThrows(IllegalArgumentException.class, () -> Adam.of(rate));
        }
        for (double limit : new double[] {-1, 0, Double.NaN}) {
            assertThrows(IllegalArgumentException.class, () -> Clipping.byValue(limit));
            assertThrows(IllegalArgumentException.class, () -> Clipping.byNorm(limit));
            assertThrows(IllegalArgumentException.class, () -> Clipping.byGlobalNorm(limit));
        }
        for (double decay : new double[] {-1, Double.NaN}) {
            assertThrows(IllegalArgumentException.class, () -> Sgd.of(0.1).withWeightDecay(decay));
            assertThrows(IllegalArgumentException.class, () -> Adam.adamW(0.1, decay));
            assertThrows(IllegalArgumentException.class, () -> AdaGrad.of(0.1).withWeightDecay(decay));
            assertThrows(IllegalArgumentException.class, () -> RmsProp.of(0.1).withWeightDecay(decay));
            assertThrows(IllegalArgumentException.class, () -> AdaDelta.of().withWeightDecay(decay));
            assertThrows(IllegalArgumentException.class, () -> Lamb.of(0.1).withWeightDecay(decay));
        }
    }
}
