package io.tandem.compile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.tandem.autodiff.Gradients;
import io.tandem.conformance.OpCase;
import io.tandem.conformance.OpCatalog;
import io.tandem.graph.Composites;
import io.tandem.graph.Distribution;
import io.tandem.graph.Graph;
import io.tandem.graph.Op;
import io.tandem.graph.Tensor;
import io.tandem.reference.Interpreter;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class RecomputeTest {
    private static final Lowering KEEPING = new Lowering() {};
    private static final Lowering RECOMPUTING = from(1);

    private static Lowering from(long bytes) {
        return new Lowering() {
            @Override
            public OptionalLong recomputedFrom() {
                return OptionalLong.of(bytes);
            }
        };
    }

    private static long arena(Graph graph, Lowering lowering) {
        return MemoryPlan.of(new Compiler(lowering, true).compile(graph, Map.of()), 1)
                .bytes();
    }

    private static long count(Graph graph, Class<? extends Op> op) {
        return graph.nodes().stream().filter(n -> op.isInstance(n.op())).count();
    }

    /** What the pass meets in the compiler. */
    private static Graph prepared(Graph graph) {
        return Simplify.apply(Decompose.apply(Simplify.apply(graph), KEEPING));
    }

    /** Several layers, their mean square and its gradients. */
    private static Graph stacked(TensorType type, int layers, UnaryOperator<Tensor> layer) {
        Graph graph = new Graph();
        Tensor x = graph.input("x", type);
        int width = x.dim(-1);
        List<Tensor> weights = new ArrayList<>();
        Tensor h = x;
        for (int i = 0; i < layers; i++) {
            weights.add(graph.input("w" + i, type.with(Shape.of(width, width))));
            Tensor rows = h.reshape(Shape.of(Math.toIntExact(type.shape().size() / width), width));
            h = layer.apply(rows.matmul(weights.getLast()).reshape(type.shape()));
        }
        Tensor loss = h.mul(h).flatten(0).mean(0);
        graph.output("loss", loss);
        List<Tensor> gradients = Gradients.of(loss, weights);
        for (int i = 0; i < layers; i++) {
            graph.output("dw" + i, gradients.get(i));
        }
        return graph.freeze();
    }

    private static Map<String, NDArray> drawn(Graph graph) {
        Random random = new Random(5);
        Map<String, NDArray> values = new HashMap<>();
        for (Tensor input : graph.inputs()) {
            values.put(
                    ((Op.Input) input.node().op()).name(),
                    NDArray.generate(input.type(), i -> random.nextGaussian() / 4));
        }
        return values;
    }

    private static void assertSameResults(Graph expected, Graph actual) {
        Map<String, NDArray> values = drawn(expected);
        assertEquals(new Interpreter().run(expected, values), new Interpreter().run(actual, values));
    }

    @Test
    void whatGeluComputesInsideIsNotKept() {
        Graph graph = prepared(stacked(TensorType.f32(64, 32), 6, x -> Composites.gelu(x, false)));
        Graph again = Recompute.apply(graph, RECOMPUTING).graph();
        assertSameResults(graph, again);
        // Of each layer the input of the activation stays; the error function and the result go.
        long values = 6 * 64 * 32 * 4;
        assertTrue(
                arena(graph, RECOMPUTING) <= arena(graph, KEEPING) - values * 3 / 2,
                arena(graph, KEEPING) + " before, " + arena(graph, RECOMPUTING) + " after");
        assertEquals(count(graph, Op.MatMul.class), count(again, Op.MatMul.class));
    }

    @Test
    void weightsOfAttentionAreNotKept() {
        Graph graph = prepared(stacked(
                TensorType.f32(2, 48, 8), 4, x -> Composites.attention(x, x, x, Optional.empty(), true, 0.3)));
        Graph again = Recompute.apply(graph, RECOMPUTING).graph();
        assertSameResults(graph, again);
        long scores = 2 * 48 * 48 * 4;
        assertTrue(
                arena(graph, RECOMPUTING) <= arena(graph, KEEPING) - 2 * scores,
                arena(graph, KEEPING) + " before, " + arena(graph, RECOMPUTING) + " after");
        long products = count(again, Op.MatMul.class) - count(graph, Op.MatMul.class);
        assertTrue(products >= 3 && products <= 4, products + " products more");
    }

    /** The result of attention is smaller than the weights that it follows from. */
    @Test
    void resultsOfAttentionAreKept() {
        Graph graph = prepared(stacked(
                TensorType.f32(2, 48, 8), 4, x -> Composites.attention(x, x, x, Optional.empty(), true, 0.3)));
        Graph again = Recompute.apply(graph, RECOMPUTING).graph();
        assertEquals(
                products(graph, Shape.of(2, 48, 8)), products(again, Shape.of(2, 48, 8)), () -> again.toString());
    }

    private static long products(Graph graph, Shape shape) {
        return graph.nodes().stream()
                .filter(n -> n.op() instanceof Op.MatMul && n.result(0).shape().equals(shape))
                .count();
    }

    @Test
    void layersAreNotRepeated() {
        // Rows are longer than wide, but a dense layer's product is no batched one.
        Graph graph = prepared(stacked(TensorType.f32(512, 16), 4, x -> x.relu()));
        Graph again = Recompute.apply(graph, RECOMPUTING).graph();
        assertEquals(count(graph, Op.MatMul.class), count(again, Op.MatMul.class));
    }

    @Test
    void productsOfManyTermsAreNotRepeated() {
        Graph graph = prepared(stacked(
                TensorType.f32(2, 200, 132), 3, x -> Composites.attention(x, x, x, Optional.empty(), false, 0.1)));
        Graph again = Recompute.apply(graph, RECOMPUTING).graph();
        assertEquals(count(graph, Op.MatMul.class), count(again, Op.MatMul.class));
    }

    @Test
    void randomNumbersAreDrawnAgain() {
        Graph graph = new Graph();
        Tensor x = graph.input("x", TensorType.f32(64, 32));
        Tensor seed = graph.input("seed", TensorType.of(DType.I64));
        Tensor w = graph.input("w", TensorType.f32(32, 32));
        Tensor h = x;
        for (int i = 0; i < 4; i++) {
            Op.Random numbers = new Op.Random(Distribution.UNIFORM, h.shape(), i);
            Tensor mask = graph.add(numbers, seed, seed).gt(0.5);
            h = Composites.gelu(mask.select(h.matmul(w), h.like(0)), false);
        }
        Tensor loss = h.mul(h).flatten(0).mean(0);
        graph.output("dw", Gradients.of(loss, List.of(w)).getFirst());
        Graph before = prepared(graph.freeze());
        Graph again = Recompute.apply(before, RECOMPUTING).graph();
        assertTrue(count(again, Op.Random.class) > count(before, Op.Random.class));
        Map<String, NDArray> values = Map.of(
                "x", NDArray.generate(x.type(), i -> Math.sin(i)),
                "w", NDArray.generate(w.type(), i -> Math.cos(i) / 8),
                "seed", NDArray.scalar(7));
        assertEquals(new Interpreter().run(before, values), new Interpreter().run(again, values));
        assertTrue(arena(before, RECOMPUTING) < arena(before, KEEPING) * 2 / 3);
    }

    @Test
    void smallValuesAreKept() {
        Graph graph = prepared(stacked(TensorType.f32(64, 32), 6, x -> Composites.gelu(x, false)));
        assertSame(graph, Recompute.apply(graph, from(64 * 32 * 4 + 1)).graph());
        assertSame(graph, Recompute.apply(graph, KEEPING).graph());
    }

    /** Whatever is repeated, and wherever the peak lies: results have the same bits, and memory does not grow. */
    @TestFactory
    Stream<DynamicTest> resultsOfTheCatalogStay() {
        AtomicInteger changed = new AtomicInteger();
        Stream<DynamicTest> rows = OpCatalog.cases().stream()
                .filter(OpCase::differentiable)
                .map(row -> dynamicTest(row.name(), () -> {
                    Graph graph = prepared(row.gradient());
                    Graph again = Recompute.apply(graph, RECOMPUTING).graph();
                    if (again != graph) {
                        changed.incrementAndGet();
                        Map<String, NDArray> values = row.bindings();
                        assertEquals(new Interpreter().run(graph, values), new Interpreter().run(again, values));
                    }
                }));
        return Stream.concat(
                rows, Stream.of(dynamicTest("some change", () -> assertTrue(changed.get() > 5, changed + " changed"))));
    }
}
