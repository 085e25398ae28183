package io.tandem.autodiff;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import io.tandem.graph.Graph;
import io.tandem.graph.Op;
import io.tandem.graph.PoolGeometry;
import io.tandem.graph.Pooling;
import io.tandem.graph.Tensor;
import io.tandem.nn.Activation;
import io.tandem.reference.Interpreter;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The table of {@link Vjp}: derivatives where there is none. */
@Tag("contract")
class KinkTest {
    @Test
    void ofOneOperand() {
        assertArrayEquals(new double[] {0, 0, 1}, gradient(x -> x.relu(), 0, -0.0, 0.5));
        assertArrayEquals(new double[] {0, -1, 1}, gradient(x -> x.abs(), 0, -2, 2));
        assertArrayEquals(new double[] {0, 0, 0}, gradient(x -> x.sign(), 0, 3, -3));
        assertArrayEquals(new double[] {0, 0, 0}, gradient(x -> x.floor().add(x.ceil()).add(x.round()), 0, 1, 1.5));
        assertArrayEquals(new double[] {0, 0}, gradient(x -> x.stopGradient().square(), 1, 2));
        assertArrayEquals(new double[] {1, 4}, gradient(x -> x.mul(x.stopGradient()), 1, 4));
    }

    @Test
    void tiesOfTwoShareAlike() {
        assertArrayEquals(new double[] {0.5, 1, 0}, gradient(x -> x.maximum(2), 2, 3, 1));
        assertArrayEquals(new double[] {0.5, 0, 1}, gradient(x -> x.minimum(2), 2, 3, 1));
        assertArrayEquals(new double[] {1, 1}, gradient(x -> x.maximum(2), Double.NaN, 3));
        assertArrayEquals(new double[] {1, 0}, gradient(x -> x.minimum(2), Double.NaN, 3));
        assertArrayEquals(new double[] {1, 1}, gradient(x -> x.maximum(x), 5, 6));
    }

    @Test
    void aClampedElementIsItselfAtTheBorder() {
        assertArrayEquals(new double[] {0, 1, 1, 1, 0}, gradient(x -> x.clamp(-1, 1), -2, -1, 0, 1, 2));
        assertArrayEquals(
                new double[] {0, -0.5, 0.5, 1.5, 1},
                gradient(x -> Activation.hardSwish().forward(x), -4, -3, 0, 3, 4),
                1e-15);
    }

    @Test
    void rootsAtZero() {
        assertArrayEquals(new double[] {0, 0}, gradient(x -> x.norm(), 0, 0));
        assertArrayEquals(new double[] {0.6, -0.8}, gradient(x -> x.norm(), 3, -4), 1e-15);
        assertArrayEquals(new double[] {0, 0, 0}, gradient(x -> x.standardDeviation(1), 7, 7, 7));
        assertArrayEquals(new double[] {-0.5, 0.5}, gradient(x -> x.standardDeviation(0), 1, 3), 1e-15);
    }

    @Test
    void infinitiesInALogSumExp() {
        double minus = Double.NEGATIVE_INFINITY;
        assertArrayEquals(new double[] {0, 0}, gradient(x -> x.logSumExp(), minus, minus));
        assertArrayEquals(new double[] {0, 1}, gradient(x -> x.logSumExp(), minus, 5));
        assertArrayEquals(new double[] {0, Double.NaN}, gradient(x -> x.logSumExp(), 5, -minus));
        assertArrayEquals(new double[] {0.5, 0.5}, gradient(x -> x.logSumExp(), 1e4, 1e4));
    }

    @Test
    void tiesOfAReductionShareAlike() {
        assertArrayEquals(new double[] {0, 0.5, 0.5, 0}, gradient(x -> x.max(), 1, 3, 3, 2));
        assertArrayEquals(new double[] {1, 0, 0, 0}, gradient(x -> x.min(), 1, 3, 3, 2));
        assertArrayEquals(new double[] {0.25, 0.25, 0.25, 0.25}, gradient(x -> x.min(), 7, 7, 7, 7));
    }

    @Test
    void tiesOfAMaxPoolGoToTheFirst() {
        PoolGeometry geometry =
                new PoolGeometry(List.of(3), List.of(1), List.of(0), List.of(0), List.of(1), false);
        Op pool = new Op.Pool(Pooling.MAX, geometry);
        assertArrayEquals(
                new double[] {1, 1, 0, 0, 1},
                gradient(x -> x.graph().add(pool, x.reshape(1, 1, 5)), 4, 4, 4, 1, 9));
    }

    @Test
    void powers() {
        // d(x^0)/dx = 0 also at 0; d(x^y)/dx at 0 for y = 1, 2.
        assertArrayEquals(new double[] {0, 0}, gradient(x -> x.pow(0), 0, 2));
        assertArrayEquals(new double[] {1, 1}, gradient(x -> x.pow(1), 0, -2));
        assertArrayEquals(new double[] {0, -4}, gradient(x -> x.pow(2), 0, -2));
        // A large cotangent does not meet a power of zero before the other factor has.
        assertArrayEquals(new double[] {0}, gradient(x -> x.pow(1e300).mul(1e300), 0));
        // d(0^y)/dy = 0 for y >= 0, where the formula has ln 0.
        assertArrayEquals(new double[] {0, 0}, gradient(y -> y.like(0).broadcastTo(y.shape()).pow(y), 0, 3));
    }

    @Test
    void whatIsNotChosenGetsNothing() {
        // ln 0 and 1/0 on the side that is not chosen.
        assertArrayEquals(
                new double[] {1, 0.5},
                gradient(x -> x.gt(0).select(x.gt(0).select(x, x.like(1)).log(), x), 0, 2));
    }

    /** The gradient of the sum of a function's values. */
    private static double[] gradient(Function<Tensor, Tensor> f, double... at) {
        Graph graph = new Graph();
        NDArray value = NDArray.ofDoubles(Shape.of(at.length), at);
        Tensor x = graph.input("x", value.type());
        List<Tensor> wrt = new ArrayList<>(List.of(x));
        graph.output("g", Gradients.of(f.apply(x).sum(), wrt).getFirst());
        return new Interpreter().run(graph, Map.of("x", value)).get("g").toDoubles();
    }
}
