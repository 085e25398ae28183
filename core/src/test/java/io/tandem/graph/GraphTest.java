package io.tandem.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class GraphTest {
    private final Graph graph = new Graph();

    private Tensor input(String name, int... dims) {
        return graph.input(name, TensorType.f32(dims));
    }

    @Test
    void errorsNameOperationShapesRuleLayerAndLine() {
        Tensor a = input("a", 3, 4);
        Tensor b = input("b", 5, 2);
        GraphException e = assertThrows(
                GraphException.class, () -> graph.inScope("encoder.query", () -> a.matmul(b)));
        assertTrue(
                e.getMessage().startsWith("matmul: [3, 4] x [5, 2]: inner sizes 4 and 5 differ (in encoder.query, "));
        assertTrue(e.getMessage().contains("GraphTest.java:"), e.getMessage());
    }

    @Test
    void wrongShapesAndTypesAreRefused() {
        Tensor a = input("a", 2, 3);
        Tensor b = input("b", 2, 4);
        Tensor i = graph.input("i", TensorType.of(DType.I32, 2, 3));
        assertThrows(GraphException.class, () -> a.add(b));
        assertThrows(GraphException.class, () -> a.add(i));
        assertThrows(GraphException.class, () -> a.reshape(5));
        assertThrows(GraphException.class, () -> a.reshape(-1, -1));
        assertThrows(GraphException.class, () -> a.sum(2));
        assertThrows(GraphException.class, () -> a.sum(0, 0));
        assertThrows(GraphException.class, () -> a.permute(0, 0));
        assertThrows(GraphException.class, () -> a.slice(1, 2, 5));
        assertThrows(GraphException.class, () -> a.split(1, 2));
        assertThrows(GraphException.class, () -> i.exp());
        assertThrows(GraphException.class, () -> a.select(a, a));
        assertThrows(GraphException.class, () -> a.gather(0, a));
        assertThrows(GraphException.class, () -> a.broadcastTo(Shape.of(2, 4)));
        assertThrows(GraphException.class, () -> Tensor.concat(0, a, b));
        assertThrows(GraphException.class, () -> input("a", 1));
    }

    @Test
    void placesThatDoNotExistAreNamed() {
        Tensor a = input("a", 2, 3);
        for (Executable wrong : List.<Executable>of(
                () -> a.at(1, 3), () -> a.at(1, -4), () -> a.expandDims(3), () -> a.expandDims(-4),
                () -> Tensor.concat(0))) {
            assertThrows(GraphException.class, wrong);
        }
        assertEquals(Shape.of(2, 3, 1), a.expandDims(-1).shape());
        assertEquals(Shape.of(1, 2, 3), a.expandDims(-3).shape());
        assertEquals(Shape.of(2), a.at(1, -3).shape());
    }

    @Test
    void integersTakeNoFractions() {
        Tensor i = graph.input("whole", TensorType.of(DType.I32, 4));
        for (Executable wrong : List.<Executable>of(
                () -> i.mul(0.5), () -> i.add(0.5), () -> i.lt(0.5), () -> i.maximum(Double.POSITIVE_INFINITY),
                () -> i.mean(), () -> i.variance(0), () -> i.standardDeviation(0), () -> i.add(3e9))) {
            String message = assertThrows(GraphException.class, wrong).getMessage();
            assertTrue(message.contains("i32[4]") && message.contains("cast"), message);
        }
        assertEquals(DType.I32, i.mul(2).add(-1).clamp(0, 3).dtype());
    }

    @Test
    void operandsOfOtherGraphsAreRefused() {
        Tensor a = input("a", 2);
        Tensor other = new Graph().input("b", TensorType.f32(2));
        GraphException e = assertThrows(GraphException.class, () -> a.add(other));
        assertTrue(e.getMessage().contains("another graph"), e.getMessage());
    }

    @Test
    void frozenGraphsGrowNoMore() {
        Tensor a = input("a", 2);
        graph.output("y", a.neg());
        graph.freeze();
        assertThrows(GraphException.class, a::neg);
        assertThrows(GraphException.class, () -> graph.output("z", a));
    }

    @Test
    void broadcastingFollowsNumPy() {
        assertEquals(Shape.of(4, 3, 5), input("a", 3, 1).add(input("b", 4, 1, 5)).shape());
        assertEquals(Shape.of(2, 5, 3, 2), input("c", 2, 1, 3, 4).matmul(input("d", 5, 4, 2)).shape());
        assertEquals(Shape.of(7, 2, 6), input("e", 7, 2, 4).matmul(input("f", 4, 6)).shape());
    }

    @Test
    void printIsStable() {
        Tensor x = input("x", 2, 3);
        graph.output("y", graph.inScope("out", () -> x.mul(2).sum(1)));
        assertEquals(
                """
                        %0 = input[x]() : f32[2, 3]
                        %1 = constant[f32[] {2.0}]() : f32[]  # out
                        %2 = broadcast(%1) : f32[2, 3]  # out
                        %3 = mul(%0, %2) : f32[2, 3]  # out
                        %4 = sum[axes=[1]](%3) : f32[2]  # out
                        output y = %4 : f32[2]
                        """,
                graph.toString());
        assertTrue(Diagram.of(graph).dot().contains("subgraph cluster_0"));
    }

    @Test
    void equalBodiesAreEqual() {
        assertEquals(body(2), body(2));
        assertEquals(body(2).hashCode(), body(2).hashCode());
        assertNotEquals(body(2), body(3));
    }

    private static Graph body(double factor) {
        Graph body = new Graph();
        Tensor x = body.input("x", TensorType.f32(4));
        return body.body(List.of(x.mul(factor)));
    }

    @Test
    void deepChainsNeedNoStack() {
        Tensor x = input("x", 2);
        Tensor y = x;
        for (int i = 0; i < 20_000; i++) {
            y = y.add(1);
        }
        graph.output("y", y);
        Verifier.verify(graph.freeze(), "test");
        Graph copy = new Graph();
        Tensor z = copy.input("x", TensorType.f32(2));
        assertEquals(Shape.of(2), copy.inline(graph, List.of(z)).getFirst().shape());
    }

    @Test
    void constantsKeepTheirValues() {
        NDArray value = NDArray.ofLongs(Shape.of(2), Long.MAX_VALUE, Long.MIN_VALUE);
        Tensor c = graph.constant(value);
        assertTrue(c.node().op() instanceof Op.Constant(NDArray kept) && kept.equals(value));
    }
}
