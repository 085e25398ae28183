package io.tandem.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.tandem.autodiff.Gradients;
import io.tandem.graph.Composites;
import io.tandem.graph.Graph;
import io.tandem.graph.Tensor;
import io.tandem.reference.Interpreter;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntPredicate;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Attention, masks, positional encodings and blocks of the Transformer, against values computed by hand. */
@Tag("contract")
class Contract6_7AttentionTest {
    private static final double[] QUERIES = {1, 0, 0, 1};
    private static final double[] VALUES = {1, 2, 3, 4};

    private static double[] attention(Optional<NDArray> mask, boolean causal) {
        Graph graph = new Graph();
        Tensor q = graph.constant(NDArray.ofDoubles(Shape.of(2, 2), QUERIES));
        Tensor v = graph.constant(NDArray.ofDoubles(Shape.of(2, 2), VALUES));
        graph.output("y", Composites.attention(q, q, v, mask.map(graph::constant), causal, 1 / Math.sqrt(2)));
        return new Interpreter().run(graph, Map.of()).get("y").toDoubles();
    }

    @Test
    void scaledDotProductAttention() {
        // softmax(1 / √2, 0) = 0.6697615, 0.3302385.
        double near = 0.6697615493266569;
        assertEquals(Math.exp(Math.sqrt(.5)) / (1 + Math.exp(Math.sqrt(.5))), near, 1e-15);
        double far = 1 - near;
        double[] expected = {near + 3 * far, 2 * near + 4 * far, far + 3 * near, 2 * far + 4 * near};
        assertArrayEquals(new double[] {1.6604769, 2.6604769, 2.3395231, 3.3395231}, expected, 5e-8);
        assertArrayEquals(expected, attention(Optional.empty(), false), 1e-15);
        assertArrayEquals(
                new double[] {1, 2, expected[2], expected[3]}, attention(Optional.empty(), true), 1e-15);
        NDArray padding = NDArray.generate(TensorType.of(DType.BOOL, 2, 2), i -> i % 2 == 0 ? 1 : 0);
        assertArrayEquals(new double[] {1, 2, 1, 2}, attention(Optional.of(padding), false), 1e-15);
    }

    // What follows is the Transformer on one sample, written out on arrays of rows.

    private static double[][] dense(double[][] x, Map<String, NDArray> values, String path) {
        NDArray w = values.get(path + ".weight");
        NDArray b = values.get(path + ".bias");
        int units = w.shape().dim(0);
        double[][] y = new double[x.length][units];
        for (int t = 0; t < x.length; t++) {
            for (int k = 0; k < units; k++) {
                y[t][k] = b.getDouble(k);
                for (int j = 0; j < x[t].length; j++) {
                    y[t][k] += w.getDouble((long) k * x[t].length + j) * x[t][j];
                }
            }
        }
        return y;
    }

    private static double[][] norm(double[][] x, Map<String, NDArray> values, String path) {
        double[][] y = new double[x.length][x[0].length];
        for (int t = 0; t < x.length; t++) {
            double mean = java.util.Arrays.stream(x[t]).average().orElseThrow();
            double variance = java.util.Arrays.stream(x[t]).map(v -> (v - mean) * (v - mean)).average().orElseThrow();
            for (int k = 0; k < x[t].length; k++) {
                y[t][k] = (x[t][k] - mean) / Math.sqrt(variance + 1e-5) * values.get(path + ".weight").getDouble(k)
                        + values.get(path + ".bias").getDouble(k);
            }
        }
        return y;
    }

    private static double[][] sum(double[][] a, double[][] b) {
        double[][] y = new double[a.length][a[0].length];
        for (int t = 0; t < a.length; t++) {
            for (int k = 0; k < a[t].length; k++) {
                y[t][k] = a[t][k] + b[t][k];
            }
        }
        return y;
    }

    private static double[][] multiHead(
            double[][] x, double[][] memory, int heads, boolean causal, IntPredicate allowed,
            Map<String, NDArray> values, String path) {
        double[][] q = dense(x, values, path + ".query");
        double[][] k = dense(memory, values, path + ".key");
        double[][] v = dense(memory, values, path + ".value");
        int size = q[0].length / heads;
        double[][] joined = new double[x.length][q[0].length];
        for (int head = 0; head < heads; head++) {
            for (int t = 0; t < x.length; t++) {
                double total = 0;
                double[] mixed = new double[size];
                for (int s = 0; s < memory.length; s++) {
                    if (causal && s > t || !allowed.test(s)) {
                        continue;
                    }
                    double score = 0;
                    for (int i = 0; i < size; i++) {
                        score += q[t][head * size + i] * k[s][head * size + i];
                    }
                    double weight = Math.exp(score / Math.sqrt(size));
                    total += weight;
                    for (int i = 0; i < size; i++) {
                        mixed[i] += weight * v[s][head * size + i];
                    }
                }
                for (int i = 0; i < size; i++) {
                    joined[t][head * size + i] = mixed[i] / total;
                }
            }
        }
        return dense(joined, values, path + ".output");
    }

    private static double[][] feedForward(double[][] x, Map<String, NDArray> values, String path) {
        double[][] inner = dense(x, values, path + ".expand");
        for (double[] row : inner) {
            for (int i = 0; i < row.length; i++) {
                row[i] = Math.max(0, row[i]);
            }
        }
        return dense(inner, values, path + ".contract");
    }

    private static double[][] rows(NDArray x) {
        int width = x.shape().dim(2);
        double[][] rows = new double[x.shape().dim(1)][width];
        for (int i = 0; i < rows.length * width; i++) {
            rows[i / width][i % width] = x.getDouble(i);
        }
        return rows;
    }

    private static double[] flat(double[][] rows) {
        return java.util.Arrays.stream(rows).flatMapToDouble(java.util.Arrays::stream).toArray();
    }

    private static Map<String, NDArray> values(Model model) {
        Map<String, NDArray> values = new LinkedHashMap<>();
        model.variables().forEach((path, v) -> values.put(
                path, LayerRun.random(DType.F64, path.hashCode(), v.type().shape().toArray())));
        return values;
    }

    private static final NDArray X = LayerRun.random(DType.F64, 1, 1, 5, 4);
    private static final NDArray MEMORY = LayerRun.random(DType.F64, 2, 1, 6, 4);
    private static final IntPredicate ALL = s -> true;

    private static double[] output(Layer layer, NDArray x) {
        Model model = LayerRun.model(layer, x);
        return LayerRun.outputs(model, Mode.INFERENCE, values(model), x).getFirst().toDoubles();
    }

    @Test
    void multiHeadSelfAttention() {
        MultiHeadAttention open = MultiHeadAttention.of(4, 2);
        Map<String, NDArray> values = values(LayerRun.model(open, X));
        // The root's path is empty, so that of its parts has no dot in front.
        Map<String, NDArray> below = new LinkedHashMap<>();
        values.forEach((path, value) -> below.put("attention." + path, value));
        assertArrayEquals(
                flat(multiHead(rows(X), rows(X), 2, false, ALL, below, "attention")), output(open, X), 1e-13);
        assertArrayEquals(
                flat(multiHead(rows(X), rows(X), 2, true, ALL, below, "attention")),
                output(open.withCausalMask(), X),
                1e-13);
    }

    private static FeedForward rectified() {
        return FeedForward.of(4, 8).withActivation(Activation.relu());
    }

    @Test
    void encoderBlocks() {
        TransformerBlock block = TransformerBlock.of(4, 2).withFeedForward(rectified());
        Map<String, NDArray> values = values(LayerRun.model(block, X));
        double[][] x = rows(X);
        double[][] normed = norm(x, values, "attentionNorm");
        double[][] attended = sum(x, multiHead(normed, normed, 2, false, ALL, values, "attention"));
        double[][] pre =
                sum(attended, feedForward(norm(attended, values, "feedForwardNorm"), values, "feedForward"));
        assertArrayEquals(flat(pre), output(block, X), 1e-12);

        double[][] first = norm(sum(x, multiHead(x, x, 2, false, ALL, values, "attention")), values, "attentionNorm");
        double[][] post = norm(sum(first, feedForward(first, values, "feedForward")), values, "feedForwardNorm");
        assertArrayEquals(flat(post), output(block.withPostNorm(), X), 1e-12);
    }

    /** A decoder block that sees the positions of the encoder's result that a mask allows. */
    private record Decoder(TransformerDecoderBlock block) implements Network {
        @Override
        public List<Tensor> forward(List<Tensor> in) {
            return List.of(block.apply(in.get(0), in.get(1), in.get(2)));
        }
    }

    @Test
    void decoderBlocks() {
        TransformerDecoderBlock made = TransformerDecoderBlock.of(4, 2);
        Decoder decoder = new Decoder(new TransformerDecoderBlock(
                made.selfAttention(),
                made.selfNorm(),
                made.crossAttention(),
                made.crossNorm(),
                rectified(),
                made.feedForwardNorm(),
                made.dropout(),
                made.preNorm()));
        Model model = Model.of(
                decoder,
                List.of(
                        TensorType.of(DType.F64, 5, 4),
                        TensorType.of(DType.F64, 6, 4),
                        TensorType.of(DType.BOOL, 6)));
        Map<String, NDArray> values = values(model);
        IntPredicate allowed = s -> s < 4;
        NDArray mask = NDArray.generate(TensorType.of(DType.BOOL, 1, 6), s -> allowed.test(s) ? 1 : 0);
        double[][] x = rows(X);
        double[][] normed = norm(x, values, "block.selfNorm");
        double[][] first = sum(x, multiHead(normed, normed, 2, true, ALL, values, "block.selfAttention"));
        double[][] second = sum(
                first,
                multiHead(
                        norm(first, values, "block.crossNorm"), rows(MEMORY), 2, false, allowed, values,
                        "block.crossAttention"));
        double[][] third = sum(
                second, feedForward(norm(second, values, "block.feedForwardNorm"), values, "block.feedForward"));
        assertArrayEquals(
                flat(third),
                LayerRun.outputs(model, Mode.INFERENCE, values, X, MEMORY, mask).getFirst().toDoubles(),
                1e-12);
    }

    @Test
    void laterTokensNeverInfluenceEarlierOutputs() {
        Layer gpt = Sequential.of(
                Embedding.of(7, 8),
                PositionalEncoding.learned(6),
                TransformerBlock.of(8, 2).withCausalMask(),
                TransformerBlock.of(8, 4).withCausalMask().withPostNorm(),
                Dense.of(7));
        Model model = Model.of(gpt, TensorType.of(DType.I32, 6));
        int[] tokens = {1, 2, 3, 4, 5, 6};
        double[] whole = logits(model, tokens);
        for (int t = 0; t < 5; t++) {
            int[] changed = tokens.clone();
            java.util.Arrays.fill(changed, t + 1, 6, 0);
            double[] other = logits(model, changed);
            int known = (t + 1) * 7;
            assertArrayEquals(
                    java.util.Arrays.copyOf(whole, known), java.util.Arrays.copyOf(other, known), 0, "after " + t);
            assertNotEquals(whole[known], other[known]);
        }
    }

    private static double[] logits(Model model, int... tokens) {
        return LayerRun.outputs(model, Mode.INFERENCE, Map.of(), NDArray.ofInts(Shape.of(1, tokens.length), tokens))
                .getFirst()
                .toDoubles();
    }

    @Test
    void noGradientFlowsBackFromTheFuture() {
        Model model = LayerRun.model(TransformerBlock.of(4, 2).withCausalMask(), X);
        Model.Traced traced = model.trace(Mode.TRAINING, 1);
        Graph graph = traced.trace().graph();
        Tensor third = traced.outputs().getFirst().at(1, 2).square().sum();
        graph.output("dx", Gradients.of(third, traced.inputs()).getFirst());
        NDArray dx = new Interpreter()
                .run(graph, LayerRun.bindings(model, graph, values(model), X))
                .get("dx");
        for (int i = 0; i < 5 * 4; i++) {
            assertEquals(i / 4 <= 2, dx.getDouble(i) != 0, "position " + i / 4);
        }
    }

    @Test
    void positionalEncodings() {
        NDArray zeros = NDArray.zeros(TensorType.of(DType.F64, 1, 50, 6));
        NDArray y = LayerRun.output(PositionalEncoding.sinusoidal(), Mode.INFERENCE, zeros);
        for (int t : new int[] {0, 1, 49}) {
            for (int i = 0; i < 3; i++) {
                double angle = t / Math.pow(10_000, 2 * i / 6.0);
                assertEquals(Math.sin(angle), y.getDouble(t * 6L + 2 * i), 1e-13);
                assertEquals(Math.cos(angle), y.getDouble(t * 6L + 2 * i + 1), 1e-13);
            }
        }
        NDArray table = LayerRun.random(DType.F64, 3, 8, 4);
        NDArray learned = LayerRun.outputs(
                LayerRun.model(PositionalEncoding.learned(8), X), Mode.INFERENCE, Map.of("weight", table), X)
                .getFirst();
        for (int i = 0; i < 20; i++) {
            assertEquals(X.getDouble(i) + table.getDouble(i), learned.getDouble(i), 1e-15);
        }
    }
}
