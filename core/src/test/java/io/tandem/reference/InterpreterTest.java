package io.tandem.reference;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.graph.Composites;
import io.tandem.graph.Graph;
import io.tandem.graph.GraphException;
import io.tandem.graph.Op;
import io.tandem.graph.ScanStep;
import io.tandem.graph.Tensor;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class InterpreterTest {
    @Test
    void inputsAndOutputsGoByName() {
        Graph graph = new Graph();
        Tensor a = graph.input("a", TensorType.f32(2));
        Tensor b = graph.input("b", TensorType.f32(2));
        graph.output("difference", a.sub(b));
        graph.output("a", a);
        Map<String, NDArray> results = new Interpreter()
                .run(graph, Map.of("a", NDArray.of(Shape.of(2), 3, 4), "b", NDArray.of(Shape.of(2), 1, 1)));
        assertEquals(List.of("difference", "a"), List.copyOf(results.keySet()));
        assertEquals(NDArray.of(Shape.of(2), 2, 3), results.get("difference"));
        assertEquals(NDArray.of(Shape.of(2), 3, 4), results.get("a"));
    }

    @Test
    void badInputsAreNamed() {
        Graph graph = new Graph();
        graph.output("y", graph.input("a", TensorType.f32(2)).exp());
        graph.input("unused", TensorType.f32(7));
        NDArray good = NDArray.of(Shape.of(2), 1, 2);
        Interpreter interpreter = new Interpreter();
        assertEquals(1, interpreter.run(graph, Map.of("a", good)).size());
        GraphException missing = assertThrows(GraphException.class, () -> interpreter.run(graph, Map.of()));
        assertEquals("no value for input 'a' of type f32[2]", missing.getMessage());
        GraphException wrong = assertThrows(
                GraphException.class, () -> interpreter.run(graph, Map.of("a", NDArray.of(Shape.of(1), 1))));
        assertEquals("input 'a' is f32[2], got a value of type f32[1]", wrong.getMessage());
        GraphException unknown =
                assertThrows(GraphException.class, () -> interpreter.run(graph, Map.of("a", good, "c", good)));
        assertEquals("the graph has no input 'c'; it has [a, unused]", unknown.getMessage());
        assertThrows(GraphException.class, () -> interpreter.evaluate(graph, List.of(good)));
    }

    @Test
    void unneededNodesAreNotComputed() {
        Graph graph = new Graph();
        Tensor x = graph.input("x", TensorType.f32(2));
        Tensor index = graph.input("index", TensorType.of(DType.I32));
        x.gather(0, index);
        graph.output("y", x);
        Interpreter interpreter = new Interpreter();
        interpreter.run(graph, Map.of("x", NDArray.of(Shape.of(2), 1, 2), "index", NDArray.ofInts(Shape.of(), 99)));
        assertEquals(Optional.empty(), interpreter.indexError());
    }

    @Test
    void chainsOfAnyLength() {
        Graph graph = new Graph();
        Tensor x = graph.input("x", TensorType.f32(2));
        for (int i = 0; i < 20_000; i++) {
            x = x.add(1);
        }
        graph.output("y", x);
        NDArray y = new Interpreter().run(graph, Map.of("x", NDArray.of(Shape.of(2), 0, 5))).get("y");
        assertEquals(NDArray.of(Shape.of(2), 20_000, 20_005), y);
    }

    @Test
    void oneOperationAlone() {
        Interpreter interpreter = new Interpreter();
        NDArray x = NDArray.of(Shape.of(2, 2), 1, 2, 3, 4);
        List<NDArray> product = interpreter.apply(
                new Op.MatMul(false, true, DType.F32), List.of(x, x), List.of(TensorType.f32(2, 2)));
        assertEquals(List.of(NDArray.of(Shape.of(2, 2), 5, 11, 11, 25)), product);
        assertThrows(
                GraphException.class,
                () -> interpreter.apply(new Op.Input("x", x.type()), List.of(), List.of(x.type())));
    }

    @Test
    void operandsKeepTheirValues() {
        NDArray x = NDArray.ofDoubles(Shape.of(3), 1, 2, 3);
        List<NDArray> results = Evaluation.all(
                in -> List.of(in.get(0).neg(), in.get(0).reshape(1, 3).add(1), in.get(0).cast(DType.F32), in.get(0)),
                x);
        assertEquals(NDArray.ofDoubles(Shape.of(3), 1, 2, 3), x);
        assertEquals(x, results.get(3));
    }

    @Test
    void gatherAndScatter() {
        NDArray x = NDArray.of(Shape.of(3, 2), 1, 2, 3, 4, 5, 6);
        NDArray rows = NDArray.ofInts(Shape.of(2, 2), 2, 0, 2, 1);
        assertEquals(
                NDArray.of(Shape.of(2, 2, 2), 5, 6, 1, 2, 5, 6, 3, 4), Evaluation.of(new Op.Gather(0), x, rows));
        NDArray column = NDArray.ofLongs(Shape.of(), 1);
        assertEquals(NDArray.of(Shape.of(3), 2, 4, 6), Evaluation.of(new Op.Gather(1), x, column));
        NDArray updates = NDArray.of(Shape.of(2, 2, 1), 1, 10, 100, 1000);
        assertEquals(
                NDArray.of(Shape.of(4, 1), 10, 1000, 101, 0), Evaluation.of(new Op.ScatterAdd(0, 4), rows, updates));
        NDArray inner = NDArray.of(Shape.of(2, 3), 1, 2, 3, 4, 5, 6);
        NDArray to = NDArray.ofInts(Shape.of(3), 1, 0, 1);
        assertEquals(NDArray.of(Shape.of(2, 2), 2, 4, 5, 10), Evaluation.of(new Op.ScatterAdd(1, 2), to, inner));
    }

    @Test
    void indicesOutsideAreClampedAndReported() {
        NDArray x = NDArray.of(Shape.of(3), 1, 2, 3);
        NDArray indices = NDArray.ofLongs(Shape.of(3), 1, -7, 1L << 40);
        Graph graph = Evaluation.graph(in -> List.of(in.get(0).gather(0, in.get(1))), x, indices);
        Interpreter interpreter = new Interpreter();
        assertEquals(List.of(NDArray.of(Shape.of(3), 2, 1, 3)), interpreter.evaluate(graph, List.of(x, indices)));
        assertEquals(
                Optional.of(
                        "gather: index -7 (number 1 of 3) is outside of axis 0, whose size is 3; 0 was used instead"),
                interpreter.indexError());
        interpreter.clearIndexError();
        assertEquals(Optional.empty(), interpreter.indexError());
        interpreter.apply(new Op.ScatterAdd(0, 2), List.of(indices, x), List.of(TensorType.f32(2)));
        assertTrue(interpreter.indexError().orElseThrow().startsWith("scatter-add: index -7"));
    }

    @Test
    void scanCarriesStacksAndRemembers() {
        NDArray start = NDArray.of(Shape.of(), 100);
        NDArray values = NDArray.of(Shape.of(3), 1, 2, 3);
        NDArray factor = NDArray.of(Shape.of(), 10);
        List<NDArray> forward = scan(false, start, values, factor);
        assertArrayEquals(new float[] {160}, forward.get(0).toFloats());
        assertArrayEquals(new float[] {110, 131, 162}, forward.get(1).toFloats());
        assertArrayEquals(new float[] {100, 110, 130}, forward.get(2).toFloats());
        List<NDArray> backward = scan(true, start, values, factor);
        assertArrayEquals(new float[] {160}, backward.get(0).toFloats());
        assertArrayEquals(new float[] {160, 151, 132}, backward.get(1).toFloats());
        assertArrayEquals(new float[] {150, 130, 100}, backward.get(2).toFloats());
    }

    /** The carry grows by value times factor; what is stacked is the new carry plus the index. */
    private static List<NDArray> scan(boolean reverse, NDArray... inputs) {
        return Evaluation.all(
                in -> Composites.scan(
                        3, reverse, in.subList(0, 1), in.subList(1, 2), in.subList(2, 3), s -> {
                            Tensor next = s.carry(0).add(s.scanned(0).mul(s.fixed(0)));
                            Tensor index = s.index().cast(DType.F32);
                            return new ScanStep.Next(List.of(next), List.of(next.add(index)));
                        })
                        .getFirst()
                        .node()
                        .results(),
                inputs);
    }

    @Test
    void scanOfNoIterations() {
        List<NDArray> results = Evaluation.all(
                in -> Composites.scan(0, false, in.subList(0, 1), in.subList(1, 2), List.of(), s -> {
                    Tensor next = s.carry(0).add(s.scanned(0));
                    return new ScanStep.Next(List.of(next), List.of(next));
                }),
                NDArray.of(Shape.of(2), 1, 2),
                NDArray.zeros(TensorType.f32(0, 2)));
        assertEquals(NDArray.of(Shape.of(2), 1, 2), results.get(0));
        assertEquals(NDArray.zeros(TensorType.f32(0, 2)), results.get(1));
    }

    @Test
    void compositesMeanTheirBodies() {
        NDArray x = NDArray.ofDoubles(Shape.of(2, 2), 0, Math.log(3), 1000, 1000);
        assertArrayEquals(
                new double[] {0.25, 0.75, 0.5, 0.5}, Evaluation.of(in -> in.get(0).softmax(1), x).toDoubles(), 1e-15);
        NDArray labels = NDArray.ofInts(Shape.of(2), 1, 5);
        List<NDArray> loss = Evaluation.all(
                in -> List.of(Composites.crossEntropy(in.get(0), in.get(1))), x, labels);
        assertEquals(-Math.log(0.75), loss.get(0).getDouble(0), 1e-15);
        assertEquals(Double.POSITIVE_INFINITY, loss.get(0).getDouble(1));
    }

    /** A sequence step by step, from the formulas of the LSTM and of the GRU with the reset after the product. */
    @Test
    void recurrentComposites() {
        double[] x = {0.5, -1};
        NDArray xs = NDArray.ofDoubles(Shape.of(2, 1, 1), x);
        NDArray h0 = NDArray.ofDoubles(Shape.of(1, 1), 0.25);
        NDArray c0 = NDArray.ofDoubles(Shape.of(1, 1), -0.5);
        double[] w = {0.1, 0.2, 0.3, 0.4};
        double[] u = {-0.5, 0.6, 0.7, -0.8};
        double[] b = {0.01, 0.02, 0.03, 0.04};
        List<NDArray> lstm = Evaluation.all(
                in -> Composites.lstm(in.get(0), in.get(1), in.get(2), in.get(3), in.get(4), in.get(5), false),
                xs, h0, c0,
                NDArray.ofDoubles(Shape.of(4, 1), w),
                NDArray.ofDoubles(Shape.of(4, 1), u),
                NDArray.ofDoubles(Shape.of(4), b));
        double h = 0.25;
        double c = -0.5;
        List<Double> all = new ArrayList<>();
        for (double v : x) {
            double i = sigmoid(w[0] * v + u[0] * h + b[0]);
            double f = sigmoid(w[1] * v + u[1] * h + b[1]);
            double g = Math.tanh(w[2] * v + u[2] * h + b[2]);
            double o = sigmoid(w[3] * v + u[3] * h + b[3]);
            c = f * c + i * g;
            h = o * Math.tanh(c);
            all.add(h);
        }
        assertEquals(all.get(0), lstm.get(0).getDouble(0), 1e-15);
        assertEquals(all.get(1), lstm.get(0).getDouble(1), 1e-15);
        assertEquals(h, lstm.get(1).item(), 1e-15);
        assertEquals(c, lstm.get(2).item(), 1e-15);

        double[] d = {0.5, -0.25, 0.125};
        List<NDArray> gru = Evaluation.all(
                in -> Composites.gru(in.get(0), in.get(1), in.get(2), in.get(3), in.get(4), in.get(5), true),
                xs, h0,
                NDArray.ofDoubles(Shape.of(3, 1), w[0], w[1], w[2]),
                NDArray.ofDoubles(Shape.of(3, 1), u[0], u[1], u[2]),
                NDArray.ofDoubles(Shape.of(3), b[0], b[1], b[2]),
                NDArray.ofDoubles(Shape.of(3), d));
        h = 0.25;
        for (int t = 1; t >= 0; t--) {
            double r = sigmoid(w[0] * x[t] + b[0] + u[0] * h + d[0]);
            double z = sigmoid(w[1] * x[t] + b[1] + u[1] * h + d[1]);
            double n = Math.tanh(w[2] * x[t] + b[2] + r * (u[2] * h + d[2]));
            h = (1 - z) * n + z * h;
            assertEquals(h, gru.get(0).getDouble(t), 1e-15);
        }
        assertEquals(h, gru.get(1).item(), 1e-15);
    }

    private static double sigmoid(double x) {
        return 1 / (1 + Math.exp(-x));
    }
}
